//! A select over a list of operations that a program builds as it runs.
//!
//! Knows nothing of how one waits; that is `wait.rs`. The arms are boxed when their operations are added, since neither their
//! number nor their messages' types are known before; so a wait itself allocates nothing.

use super::super::core::Until;
use super::super::{ReadyTimeoutError, Receiver, SelectTimeoutError, Sender, TryReadyError, TrySelectError};
use super::arms::{RecvArm, SendArm};
use super::case::Hint;
use super::selected::SelectedOperation;
use super::wait::{HasArm, Order, ready, select};
use crate::line::deadline_after;
use sisal_park::Selectable;
use std::fmt;
use std::time::{Duration, Instant};

/// A handle that can make an arm.
trait Operand {
    fn new_arm(&self) -> Box<dyn Selectable + '_>;

    /// Where its prospects are seen.
    fn hint_of_arm(&self) -> Hint<'_>;
}

impl<T> Operand for Receiver<T> {
    fn new_arm(&self) -> Box<dyn Selectable + '_> {
        Box::new(RecvArm::leaking(self))
    }

    fn hint_of_arm(&self) -> Hint<'_> {
        self.hint()
    }
}

impl<T> Operand for Sender<T> {
    fn new_arm(&self) -> Box<dyn Selectable + '_> {
        Box::new(SendArm::new(self))
    }

    fn hint_of_arm(&self) -> Hint<'_> {
        self.hint()
    }
}

struct Operation<'a> {
    index: usize,
    operand: &'a dyn Operand,
    arm: Box<dyn Selectable + 'a>,
    hint: Hint<'a>,
}

impl<'a> Operation<'a> {
    fn new(index: usize, operand: &'a dyn Operand) -> Self {
        Self { index, operand, arm: operand.new_arm(), hint: operand.hint_of_arm() }
    }
}

impl HasArm for Operation<'_> {
    fn arm(&self) -> &dyn Selectable {
        &*self.arm
    }

    fn may_happen(&self) -> bool {
        self.hint.may_happen()
    }
}

/// Waits for one of a list of operations. [`select!`](crate::select) is easier where the list is known beforehand.
///
/// Each operation that is added gets an index. A select gives the index of the operation that could be done, and an object that
/// must complete it. If several can be done, each has the same chance; [`new_biased`](Self::new_biased) prefers the first one.
/// What was added stays in the list, so the same `Select` may be used again and again.
///
/// If its fiber is cancelled, a wait without a timeout ends with an operation that completes with its error for a disconnect.
///
/// ```
/// # use sisal_sync::channel::{Select, unbounded};
/// let channels: Vec<_> = (0..10).map(|_| unbounded()).collect();
/// channels[7].0.send("seven").unwrap();
///
/// let mut select = Select::new();
/// for (_, receiver) in &channels {
///     select.recv(receiver);
/// }
/// let operation = select.select();
/// let index = operation.index();
/// assert_eq!((index, operation.recv(&channels[index].1)), (7, Ok("seven")));
/// ```
pub struct Select<'a> {
    operations: Vec<Operation<'a>>,
    next_index: usize,
    order: Order,
}

// SAFETY: its handles are borrowed, and what it does with them happens under the lock of their channel, which any thread may
// take. A message moves through its arms, but is given out only to who has the receiver, and dropped nowhere else.
unsafe impl Send for Select<'_> {}
// SAFETY: as above; and `&Select` is good for making new arms only.
unsafe impl Sync for Select<'_> {}

impl<'a> Select<'a> {
    /// A select without operations.
    ///
    /// ```
    /// # use sisal_sync::channel::Select;
    /// assert!(Select::new().try_select().is_err());
    /// ```
    pub fn new() -> Self {
        Self { operations: Vec::new(), next_index: 0, order: Order::Fair }
    }

    /// A select without operations, which prefers those that were added first.
    ///
    /// ```
    /// # use sisal_sync::channel::{Select, unbounded};
    /// let (first, second) = (unbounded(), unbounded());
    /// first.0.send(1).unwrap();
    /// second.0.send(2).unwrap();
    /// let mut select = Select::new_biased();
    /// select.recv(&first.1);
    /// select.recv(&second.1);
    /// assert_eq!(select.select().recv(&first.1), Ok(1));
    /// ```
    pub fn new_biased() -> Self {
        Self { order: Order::Biased, ..Self::new() }
    }

    /// Adds a send, whose message comes when it is selected. Gives the operation's index.
    ///
    /// ```
    /// # use sisal_sync::channel::{Select, bounded};
    /// let (sender, _receiver) = bounded::<u8>(1);
    /// let mut select = Select::new();
    /// assert_eq!((select.send(&sender), select.send(&sender)), (0, 1));
    /// ```
    pub fn send<T>(&mut self, sender: &'a Sender<T>) -> usize {
        self.add(sender)
    }

    /// Adds a receive. Gives the operation's index.
    ///
    /// ```
    /// # use sisal_sync::channel::{Select, bounded};
    /// let (_sender, receiver) = bounded::<u8>(1);
    /// let mut select = Select::new();
    /// assert_eq!((select.recv(&receiver), select.recv(&receiver)), (0, 1));
    /// ```
    pub fn recv<T>(&mut self, receiver: &'a Receiver<T>) -> usize {
        self.add(receiver)
    }

    fn add(&mut self, operand: &'a dyn Operand) -> usize {
        let index = self.next_index;
        self.next_index += 1;
        self.operations.push(Operation::new(index, operand));
        index
    }

    /// Takes an operation out of the list again: one on a channel that is disconnected, say, and would always be ready.
    ///
    /// # Panics
    /// If the list has no operation with that index.
    ///
    /// ```
    /// # use sisal_sync::channel::{Select, unbounded};
    /// let (sender, receiver) = unbounded::<u8>();
    /// drop(sender);
    /// let mut select = Select::new();
    /// let index = select.recv(&receiver);
    /// assert_eq!(select.try_ready(), Ok(index));
    /// select.remove(index);
    /// assert!(select.try_ready().is_err());
    /// ```
    pub fn remove(&mut self, index: usize) {
        let position = self.operations.iter().position(|operation| operation.index == index);
        let Some(position) = position else { panic!("the select has no operation with index {index}") };
        // The order of the others is that of a biased select.
        self.operations.remove(position);
    }

    fn select_until(&mut self, until: Until) -> Option<SelectedOperation<'a>> {
        let position = select(&mut self.operations, self.order, until)?;
        let operation = &mut self.operations[position];
        let operand = operation.operand;
        let arm = std::mem::replace(&mut operation.arm, operand.new_arm());
        // SAFETY: this operand has made the arm, of the type that belongs to it, and is borrowed for `'a`.
        Some(unsafe { SelectedOperation::new(operation.index, (&raw const *operand).cast(), arm) })
    }

    fn ready_until(&mut self, until: Until) -> Option<usize> {
        let position = ready(&mut self.operations, self.order, until)?;
        Some(self.operations[position].index)
    }

    fn expect_operations(&self) {
        assert!(!self.operations.is_empty(), "a select without operations would wait for ever");
    }

    /// Selects an operation that needs no wait.
    ///
    /// # Errors
    /// If there is none.
    ///
    /// ```
    /// # use sisal_sync::channel::{Select, unbounded};
    /// let (sender, receiver) = unbounded();
    /// let mut select = Select::new();
    /// select.recv(&receiver);
    /// assert!(select.try_select().is_err());
    /// sender.send(1).unwrap();
    /// assert_eq!(select.try_select().unwrap().recv(&receiver), Ok(1));
    /// ```
    pub fn try_select(&mut self) -> Result<SelectedOperation<'a>, TrySelectError> {
        self.select_until(Until::Now).ok_or(TrySelectError)
    }

    /// Selects an operation, and waits until one can be done.
    ///
    /// # Panics
    /// If there are no operations.
    ///
    /// ```
    /// # use sisal_sync::channel::{Select, unbounded};
    /// let (sender, receiver) = unbounded();
    /// std::thread::spawn(move || sender.send(1).unwrap());
    /// let mut select = Select::new();
    /// select.recv(&receiver);
    /// assert_eq!(select.select().recv(&receiver), Ok(1));
    /// ```
    pub fn select(&mut self) -> SelectedOperation<'a> {
        self.expect_operations();
        self.select_until(Until::Forever).expect("a select without a deadline ends with an operation")
    }

    /// Selects an operation, and waits until one can be done, for `timeout` at the longest.
    ///
    /// # Errors
    /// If none could be done in that time.
    ///
    /// ```
    /// # use sisal_sync::channel::{Select, bounded};
    /// # use std::time::Duration;
    /// let (sender, _receiver) = bounded::<u8>(0);
    /// let mut select = Select::new();
    /// select.send(&sender);
    /// assert!(select.select_timeout(Duration::from_millis(1)).is_err());
    /// ```
    pub fn select_timeout(&mut self, timeout: Duration) -> Result<SelectedOperation<'a>, SelectTimeoutError> {
        match deadline_after(timeout) {
            Some(deadline) => self.select_deadline(deadline),
            None => Ok(self.select()),
        }
    }

    /// Selects an operation, and waits until one can be done, until `deadline` at the longest.
    ///
    /// # Errors
    /// If none could be done until then.
    ///
    /// ```
    /// # use sisal_sync::channel::{Select, bounded};
    /// # use std::time::Instant;
    /// let (sender, _receiver) = bounded::<u8>(0);
    /// let mut select = Select::new();
    /// select.send(&sender);
    /// assert!(select.select_deadline(Instant::now()).is_err());
    /// ```
    pub fn select_deadline(
        &mut self,
        deadline: Instant,
    ) -> Result<SelectedOperation<'a>, SelectTimeoutError> {
        self.select_until(Until::Deadline(deadline)).ok_or(SelectTimeoutError)
    }

    /// The index of an operation that needs no wait now. Nothing is done, and another agent may be faster.
    ///
    /// # Errors
    /// If there is none.
    ///
    /// ```
    /// # use sisal_sync::channel::{Select, unbounded};
    /// let (sender, receiver) = unbounded();
    /// let mut select = Select::new();
    /// let index = select.recv(&receiver);
    /// assert!(select.try_ready().is_err());
    /// sender.send(1).unwrap();
    /// assert_eq!(select.try_ready(), Ok(index));
    /// ```
    pub fn try_ready(&mut self) -> Result<usize, TryReadyError> {
        self.ready_until(Until::Now).ok_or(TryReadyError)
    }

    /// Waits until an operation needs no wait, and gives its index. Nothing is done, and another agent may be faster; also, a
    /// fiber that is cancelled gets some index at once.
    ///
    /// # Panics
    /// If there are no operations.
    ///
    /// ```
    /// # use sisal_sync::channel::{Select, unbounded};
    /// let (sender, receiver) = unbounded();
    /// std::thread::spawn(move || sender.send(1).unwrap());
    /// let mut select = Select::new();
    /// let index = select.recv(&receiver);
    /// assert_eq!(select.ready(), index);
    /// assert_eq!(receiver.try_recv(), Ok(1));
    /// ```
    pub fn ready(&mut self) -> usize {
        self.expect_operations();
        self.ready_until(Until::Forever).expect("a wait without a deadline ends with an operation")
    }

    /// Waits until an operation needs no wait, for `timeout` at the longest, and gives its index.
    ///
    /// # Errors
    /// If none was ready in that time.
    ///
    /// ```
    /// # use sisal_sync::channel::{Select, bounded};
    /// # use std::time::Duration;
    /// let (sender, _receiver) = bounded::<u8>(0);
    /// let mut select = Select::new();
    /// select.send(&sender);
    /// assert!(select.ready_timeout(Duration::from_millis(1)).is_err());
    /// ```
    pub fn ready_timeout(&mut self, timeout: Duration) -> Result<usize, ReadyTimeoutError> {
        match deadline_after(timeout) {
            Some(deadline) => self.ready_deadline(deadline),
            None => Ok(self.ready()),
        }
    }

    /// Waits until an operation needs no wait, until `deadline` at the longest, and gives its index.
    ///
    /// # Errors
    /// If none was ready until then.
    ///
    /// ```
    /// # use sisal_sync::channel::{Select, bounded};
    /// # use std::time::Instant;
    /// let (sender, _receiver) = bounded::<u8>(1);
    /// let mut select = Select::new();
    /// let index = select.send(&sender);
    /// assert_eq!(select.ready_deadline(Instant::now()), Ok(index));
    /// ```
    pub fn ready_deadline(&mut self, deadline: Instant) -> Result<usize, ReadyTimeoutError> {
        self.ready_until(Until::Deadline(deadline)).ok_or(ReadyTimeoutError)
    }
}

impl<'a> Clone for Select<'a> {
    fn clone(&self) -> Self {
        let copy = |operation: &Operation<'a>| {
            let Operation { index, operand, .. } = *operation;
            Operation::new(index, operand)
        };
        let operations = self.operations.iter().map(copy).collect();
        Self { operations, ..*self }
    }
}

impl Default for Select<'_> {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Select<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Select { .. }")
    }
}
