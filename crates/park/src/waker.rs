//! A right to wake one agent, whatever kind it is.
//!
//! Knows nothing of agents but the functions in its table. It owns a reference (a task's count, a thread's `Arc`),
//! so the agent's record outlives every waker, also when the agent itself has long finished.
//!
//! Two kinds own none, since a reference costs two read-modify-writes of each hand-over's six. A *lent* one stands in a place
//! that the agent does not leave before somebody has claimed it. Who claims it makes it a *won* one, if the agent is parked: the
//! agent runs no more until that is called, so it cannot end. Else it becomes one that owns a reference.
//!
//! Who waits may also be a future: then the waker is std's, two words like ours, which we hold as they are. So a future waits in
//! the same lines as an agent, and nothing is allocated for it.
//!
//! ```text
//!   data ─▶ record      table ─▶ WakerVTable                 ours
//!   data ─▶ anything    table ─▶ RawWakerVTable, plus 1      std's
//!   data ─▶ record      table ─▶ WakerVTable, plus 2         lent
//!   data ─▶ record      table ─▶ WakerVTable, plus 4         won
//! ```

use std::fmt;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::Arc;
use std::task::{self, RawWaker, RawWakerVTable};

/// How to wake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WakeKind {
    /// Behind those that are ready already.
    Back,
    /// Next, if that place is free: for a hand-over, whose data is still in the cache.
    Next,
    /// [`Back`](Self::Back), and leave the permit of `fiber::park`.
    Unpark,
}

/// What an agent's kind can do with a pointer to its record.
#[derive(Debug)]
pub struct WakerVTable {
    /// Takes one more reference.
    pub clone: unsafe fn(*const ()),
    /// Wakes. Does not use up the reference.
    pub wake: unsafe fn(*const (), WakeKind),
    /// Gives a reference back.
    pub drop: unsafe fn(*const ()),
    /// The first half of a wake, if the agent is parked: then it stays where it is, and lives, until `submit`.
    pub win: unsafe fn(*const ()) -> bool,
    /// The second half.
    pub submit: unsafe fn(*const (), WakeKind),
}

/// A right to wake one agent. Never kept across a user's code by sisal's own primitives.
pub struct Waker {
    data: *const (),
    table: Table,
}

/// A pointer to a table of either kind; the lowest bits say which. Never null, so that no waker is a value of its two words.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Table(NonNull<()>);

/// Set in the pointer to a table of std's.
const STD: usize = 1;
/// Set in the pointer to a table of ours, if the waker is lent.
const LENT: usize = 2;
/// Set in the pointer to a table of ours, if the wake is won.
const WON: usize = 4;

const _: () = assert!(align_of::<WakerVTable>() > WON && align_of::<RawWakerVTable>() > STD);

/// What a [`Table`] points to.
enum Functions {
    Ours(&'static WakerVTable),
    Std(&'static RawWakerVTable),
    Lent(&'static WakerVTable),
    Won(&'static WakerVTable),
}

impl Table {
    #[inline]
    fn ours(table: &'static WakerVTable) -> Self {
        Self(NonNull::from(table).cast())
    }

    fn std(table: &'static RawWakerVTable) -> Self {
        Self(NonNull::from(table).cast::<()>().map_addr(|address| address | STD))
    }

    /// The same table, for a waker that owns no reference.
    #[inline]
    fn unowned(table: &'static WakerVTable, how: usize) -> Self {
        Self(Self::ours(table).0.map_addr(|address| address | how))
    }

    #[inline(always)]
    fn functions(self) -> Functions {
        let how = self.0.addr().get() & (STD | LENT | WON);
        let table = self.0.as_ptr().map_addr(|address| address & !(STD | LENT | WON));
        // SAFETY: made by `ours` or `unowned`, but for the one kind that is made by `std`.
        unsafe {
            match how {
                0 => Functions::Ours(&*table.cast()),
                STD => Functions::Std(&*table.cast()),
                LENT => Functions::Lent(&*table.cast()),
                _ => Functions::Won(&*table.cast()),
            }
        }
    }
}

// SAFETY: who calls `Waker::new` promises that the table's functions may be called from any thread, and so does std's waker.
unsafe impl Send for Waker {}
// SAFETY: as above.
unsafe impl Sync for Waker {}

/// What can be woken otherwise than by an agent's word.
pub trait Wakes: Send + Sync + 'static {
    /// Wakes it.
    fn wake(&self);
}

/// The functions of a waker that owns an `Arc<T>`.
struct ArcTable<T>(std::marker::PhantomData<T>);

impl<T: Wakes> ArcTable<T> {
    const VTABLE: WakerVTable = WakerVTable {
        clone: Self::clone,
        wake: Self::wake,
        drop: Self::drop,
        win: never_parked,
        submit: Self::wake,
    };

    /// # Safety
    /// `data` is a waker's, so it owns a count of an `Arc<T>`.
    unsafe fn clone(data: *const ()) {
        // SAFETY: the caller's promise; the new count goes to the new waker.
        unsafe { Arc::increment_strong_count(data.cast::<T>()) };
    }

    /// # Safety
    /// As `clone`.
    unsafe fn wake(data: *const (), _kind: WakeKind) {
        // SAFETY: the caller's promise: its count keeps it alive during the call.
        unsafe { &*data.cast::<T>() }.wake();
    }

    /// # Safety
    /// As `clone`, and the count is given back here.
    unsafe fn drop(data: *const ()) {
        // SAFETY: the caller's promise.
        drop(unsafe { Arc::from_raw(data.cast::<T>()) });
    }
}

impl<T: Wakes> From<Arc<T>> for Waker {
    fn from(woken: Arc<T>) -> Self {
        // SAFETY: the waker owns the count, and `T` may be woken from any thread.
        unsafe { Self::new(Arc::into_raw(woken).cast(), const { &ArcTable::<T>::VTABLE }) }
    }
}

/// Calls the future's executor.
impl From<task::Waker> for Waker {
    fn from(waker: task::Waker) -> Self {
        let waker = ManuallyDrop::new(waker);
        Self { data: waker.data(), table: Table::std(waker.vtable()) }
    }
}

impl Waker {
    /// A waker that owns one reference to the record at `data`.
    ///
    /// # Safety
    /// Until the table's `drop` is called for that reference, its functions are sound for `data`, from any thread.
    #[inline]
    pub unsafe fn new(data: *const (), vtable: &'static WakerVTable) -> Self {
        Self { data, table: Table::ours(vtable) }
    }

    /// A waker that owns no reference, for a place that the agent leaves only after it was claimed, or has taken it
    /// out again under the lock of the claimants.
    ///
    /// # Safety
    /// As [`new`](Self::new), as long as it stands in that place.
    #[inline]
    pub unsafe fn lent(data: *const (), vtable: &'static WakerVTable) -> Self {
        Self { data, table: Table::unowned(vtable, LENT) }
    }

    /// Takes a lent one out of its place: from now on the agent may leave it.
    #[inline]
    pub(crate) fn claim(self) -> Self {
        let Functions::Lent(table) = self.table.functions() else { return self };
        // SAFETY: the promise of `lent`: the agent is still in its place.
        if unsafe { (table.win)(self.data) } {
            // A lent one has no drop.
            return Self { data: self.data, table: Table::unowned(table, WON) };
        }
        self.clone()
    }

    /// std's waker of those two words, which still owns what `self` does.
    #[cold]
    fn borrow_std(&self, table: &'static RawWakerVTable) -> ManuallyDrop<task::Waker> {
        // SAFETY: `self` was made from a waker of these two words, and keeps its reference.
        ManuallyDrop::new(unsafe { task::Waker::from_raw(RawWaker::new(self.data, table)) })
    }

    /// Makes the agent's wait return, or its next one, if it does not wait now.
    #[inline]
    pub fn wake(self) {
        self.wake_once(WakeKind::Back);
    }

    #[inline(always)]
    fn wake_once(self, kind: WakeKind) {
        if let Functions::Won(table) = self.table.functions() {
            let this = ManuallyDrop::new(self);
            // SAFETY: the wake is won, so the agent lives; submitted once, since `this` has no drop.
            return unsafe { (table.submit)(this.data, kind) };
        }
        self.wake_as(kind);
    }

    /// Whether it is an executor's, whose code may do anything.
    #[inline]
    pub fn is_foreign(&self) -> bool {
        matches!(self.table.functions(), Functions::Std(_))
    }

    /// [`wake`](Self::wake) that asks for the agent to run next.
    #[inline]
    pub fn wake_next(self) {
        self.wake_once(WakeKind::Next);
    }

    /// Wakes and keeps the waker. An executor that panics, here or when its waker is dropped, is reported by the panic hook and by
    /// nobody else: the caller has others to wake. Not for a waker that was claimed.
    #[inline]
    pub fn wake_as(&self, kind: WakeKind) {
        match self.table.functions() {
            // SAFETY: the promise of `new`, or of `lent`: the reference is held.
            Functions::Ours(table) | Functions::Lent(table) => unsafe { (table.wake)(self.data, kind) },
            Functions::Std(table) => self.wake_std(table),
            Functions::Won(_) => unreachable!("a wake that is won is called once"),
        }
    }

    #[cold]
    fn wake_std(&self, table: &'static RawWakerVTable) {
        let waker = self.borrow_std(table);
        outlive(|| waker.wake_by_ref());
    }

    /// As after a wake, there may be others to wake. (The last waker of an executor's task drops that task, and its future.)
    #[cold]
    fn drop_std(&self, table: &'static RawWakerVTable) {
        let waker = self.borrow_std(table);
        outlive(|| drop(ManuallyDrop::into_inner(waker)));
    }

    /// Whether both wake the same agent.
    pub fn will_wake(&self, other: &Waker) -> bool {
        std::ptr::eq(self.data, other.data) && self.table == other.table
    }

    /// Whether this one was made from a waker that wakes what `other` does.
    pub fn will_wake_std(&self, other: &task::Waker) -> bool {
        std::ptr::eq(self.data, other.data()) && self.table == Table::std(other.vtable())
    }

    /// The record's address, without its reference.
    pub fn into_data(self) -> *const () {
        ManuallyDrop::new(self).data
    }
}

/// For agents whose wake is not made in two halves.
///
/// # Safety
/// None is needed.
pub(crate) unsafe fn never_parked(_data: *const ()) -> bool {
    false
}

/// Calls an executor's code, whose panic is its own.
fn outlive(f: impl FnOnce()) {
    if let Err(payload) = catch_unwind(AssertUnwindSafe(f)) {
        // Its drop could panic again.
        std::mem::forget(payload);
    }
}

impl Clone for Waker {
    #[inline]
    fn clone(&self) -> Self {
        match self.table.functions() {
            Functions::Ours(table) | Functions::Lent(table) | Functions::Won(table) => {
                // SAFETY: the promise of `new` or `lent`; and the agent of a won one lives.
                unsafe { (table.clone)(self.data) };
                Self { data: self.data, table: Table::ours(table) }
            }
            Functions::Std(table) => Self::from(task::Waker::clone(&self.borrow_std(table))),
        }
    }
}

impl Drop for Waker {
    #[inline]
    fn drop(&mut self) {
        match self.table.functions() {
            // SAFETY: the promise of `new`; this was its reference.
            Functions::Ours(table) => unsafe { (table.drop)(self.data) },
            Functions::Std(table) => self.drop_std(table),
            Functions::Lent(_) => {}
            // SAFETY: the wake is won, so the agent lives, and waits for this.
            Functions::Won(table) => unsafe { (table.submit)(self.data, WakeKind::Back) },
        }
    }
}

impl fmt::Debug for Waker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Waker").field(&self.data).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    struct Counts(AtomicUsize);

    impl task::Wake for Counts {
        fn wake(self: Arc<Self>) {
            assert!(self.0.fetch_add(1, Ordering::Relaxed) < 3, "wanted");
        }
    }

    #[test]
    fn stds_waker_is_held_as_it_is() {
        let counts = Arc::new(Counts(AtomicUsize::new(0)));
        let std = task::Waker::from(Arc::clone(&counts));
        let ours = Waker::from(std.clone());
        assert!(ours.will_wake_std(&std) && ours.will_wake(&ours.clone()));
        assert!(!ours.will_wake_std(task::Waker::noop()));
        ours.clone().wake();
        ours.wake_as(WakeKind::Next);
        drop(ours);
        assert_eq!((counts.0.load(Ordering::Relaxed), Arc::strong_count(&counts)), (2, 2));
    }

    struct PanicsAtItsEnd;

    impl task::Wake for PanicsAtItsEnd {
        fn wake(self: Arc<Self>) {}
    }

    impl Drop for PanicsAtItsEnd {
        fn drop(&mut self) {
            panic!("wanted");
        }
    }

    #[test]
    fn an_executor_whose_task_panics_at_its_end_stops_nobody() {
        Waker::from(task::Waker::from(Arc::new(PanicsAtItsEnd))).wake();
        drop(Waker::from(task::Waker::from(Arc::new(PanicsAtItsEnd))));
    }

    #[test]
    fn an_executor_that_panics_stops_nobody() {
        let counts = Arc::new(Counts(AtomicUsize::new(3)));
        Waker::from(task::Waker::from(Arc::clone(&counts))).wake();
        assert_eq!((counts.0.load(Ordering::Relaxed), Arc::strong_count(&counts)), (4, 1));
    }
}
