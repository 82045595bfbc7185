//! An operation that a [`Select`](super::Select) has selected, and that is now to be completed.
//!
//! Knows nothing of how it was selected. It owns the arm, with the message that was received or what makes a send certain; so it
//! may outlive the `Select`, and whatever it holds is given back if it is dropped.

use super::super::{Receiver, RecvError, SendError, Sender};
use super::arms::{RecvArm, SendArm};
use sisal_park::Selectable;
use std::fmt;

/// An operation that was selected. It must be completed by its [`send`](Self::send) or [`recv`](Self::recv).
///
/// # Panics
/// When it is dropped without that. A message that was received is leaked then; room that was kept for one is given back.
///
/// ```
/// # use sisal_sync::channel::{Select, unbounded};
/// let (sender, receiver) = unbounded();
/// sender.send(7).unwrap();
/// let mut select = Select::new();
/// let index = select.recv(&receiver);
/// let operation = select.select();
/// assert_eq!(operation.index(), index);
/// assert_eq!(operation.recv(&receiver), Ok(7));
/// ```
#[must_use = "a selected operation must be completed"]
pub struct SelectedOperation<'a> {
    index: usize,
    /// Of the handle that was selected.
    address: *const (),
    arm: Option<Box<dyn Selectable + 'a>>,
}

impl<'a> SelectedOperation<'a> {
    /// # Safety
    /// The arm was made by the handle at `address`: a `RecvArm<'a, T>` if that is a `Receiver<T>`, a `SendArm<'a, T>` if it is a
    /// `Sender<T>`; and the handle lives, in its place, for `'a`.
    pub(super) unsafe fn new(index: usize, address: *const (), arm: Box<dyn Selectable + 'a>) -> Self {
        Self { index, address, arm: Some(arm) }
    }

    /// The index of the operation, as the select gave it when it was added.
    ///
    /// ```
    /// # use sisal_sync::channel::{Select, bounded};
    /// let (sender, _receiver) = bounded(1);
    /// let mut select = Select::new();
    /// let index = select.send(&sender);
    /// let operation = select.select();
    /// assert_eq!(operation.index(), index);
    /// operation.send(&sender, 1).unwrap();
    /// ```
    pub fn index(&self) -> usize {
        self.index
    }

    fn arm_of<T, A>(mut self, handle: *const T) -> Box<A> {
        let arm = self.arm.take().filter(|_| std::ptr::eq(self.address, handle.cast()));
        let Some(arm) = arm else { panic!("this operation of the select is on another handle") };
        // SAFETY: by the promise of `new`: the handle that lives at this address is the caller's, so `A` is the type of the arm
        // that it has made, but for the length of a borrow.
        unsafe { Box::from_raw(Box::into_raw(arm).cast::<A>()) }
    }

    /// Sends `message`, without waiting.
    ///
    /// # Errors
    /// With the message, if there is no receiver any more.
    ///
    /// # Panics
    /// If `sender` is not the one that was added to the select for this operation.
    ///
    /// ```
    /// # use sisal_sync::channel::{Select, bounded};
    /// let (sender, receiver) = bounded(1);
    /// let mut select = Select::new();
    /// select.send(&sender);
    /// assert_eq!(select.select().send(&sender, 10), Ok(()));
    /// assert_eq!(receiver.recv(), Ok(10));
    /// ```
    pub fn send<T>(self, sender: &Sender<T>, message: T) -> Result<(), SendError<T>> {
        self.arm_of::<Sender<T>, SendArm<'_, T>>(sender).complete(message)
    }

    /// Receives the message, without waiting.
    ///
    /// # Errors
    /// If there is none and no sender any more.
    ///
    /// # Panics
    /// If `receiver` is not the one that was added to the select for this operation.
    ///
    /// ```
    /// # use sisal_sync::channel::{RecvError, Select, bounded};
    /// let (sender, receiver) = bounded::<u8>(1);
    /// drop(sender);
    /// let mut select = Select::new();
    /// select.recv(&receiver);
    /// assert_eq!(select.select().recv(&receiver), Err(RecvError));
    /// ```
    pub fn recv<T>(self, receiver: &Receiver<T>) -> Result<T, RecvError> {
        self.arm_of::<Receiver<T>, RecvArm<'_, T>>(receiver).complete()
    }
}

impl fmt::Debug for SelectedOperation<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SelectedOperation { .. }")
    }
}

impl Drop for SelectedOperation<'_> {
    fn drop(&mut self) {
        if self.arm.take().is_some() && !std::thread::panicking() {
            panic!("a `SelectedOperation` was dropped without being completed");
        }
    }
}
