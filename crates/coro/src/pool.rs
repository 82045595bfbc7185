//! Where all stacks come from and go back to: one pool a process, shared by its workers.
//!
//! Knows nothing of fibers or of who runs: whoever takes a stack owns it.

use std::io;
use std::mem::ManuallyDrop;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Instant;

use crate::class::Class;
use crate::guard::{GuardKind, Guards};
use crate::os::{self, Span};
use crate::refusal::Refusal;
use crate::shelf::{HEADROOM_BYTES, Shelf};
use crate::slabs::{self, Slab};
use crate::stack::Stack;

/// How many stacks of a class one [`Pool::trim`] gives back: about 0.5 ms of work.
const TRIM_STACKS_MAX: usize = 1_024;

/// How many ranges one system call advises on.
const ADVICE_SPANS: usize = 128;

/// From so many stacks of a class on, those that come with no pages get the one in which their frames begin at once, as many as are taken.
/// A fault takes 1.5 µs each, and 1.05 in batches of 32; but who needs few would pay for 31 pages in vain.
const POPULATE_FROM: usize = 256;

/// Stacks, shared by all threads.
///
/// Each class has its own lock, held for a few list operations, and now and then for a batch of guards (0.4 ms for
/// 1,024 of them). Workers go through a [`Cache`](crate::Cache), which comes here every 32nd stack at most.
///
/// ```
/// use sisal_coro::{Class, Pool};
///
/// let pool = Pool::global();
/// let stack = pool.take(Class::for_size(1 << 20)?)?;
/// assert_eq!(stack.class().to_string(), "1 MiB");
/// pool.give(stack);
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Debug)]
pub struct Pool {
    guards: Guards,
    shelves: [Mutex<Shelf>; Class::KEPT.len()],
    /// Stacks that are mapped alone, and their bytes.
    alone: AtomicUsize,
    alone_bytes: AtomicUsize,
    leaked: AtomicUsize,
    gauges: Mutex<Vec<Weak<Gauge>>>,
}

/// What a pool has handed out and what it has left. Taken while others work, the figures may be a little apart.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStats {
    /// Address space reserved for stacks, in bytes. It is not memory: that comes at first touch.
    pub mapped_bytes: usize,
    /// Stacks that exist: in use, cached, or leaked.
    pub carved: usize,
    /// Stacks that somebody has.
    pub in_use: usize,
    /// Stacks that wait for the next to take them, in the pool and in all caches.
    pub cached: usize,
    /// Those of the cached that have no pages.
    pub trimmed: usize,
    /// Stacks whose computation was dropped half-way, and that are never used again.
    pub leaked: usize,
}

/// How many stacks a cache holds; written by its owner alone, on a line of its own.
#[repr(align(128))]
#[derive(Debug, Default)]
pub(crate) struct Gauge {
    held: AtomicUsize,
}

impl Gauge {
    #[inline]
    pub(crate) fn set(&self, held: usize) {
        // Relaxed: a figure for reports, nothing hangs on it.
        self.held.store(held, Ordering::Relaxed);
    }
}

impl Pool {
    /// The pool of this process, with the better kind of guards that the system has.
    pub fn global() -> &'static Pool {
        static GLOBAL: OnceLock<Pool> = OnceLock::new();
        GLOBAL.get_or_init(|| Pool::new(GuardKind::detect()))
    }

    /// A pool of its own with guards of this kind, for tests of the other kind. It lives as long as the process.
    ///
    /// If markers are asked for and the system has none, the first stack turns the pool to [`GuardKind::Protect`].
    pub fn with_guards(kind: GuardKind) -> &'static Pool {
        Box::leak(Box::new(Pool::new(kind)))
    }

    fn new(kind: GuardKind) -> Pool {
        Pool {
            guards: Guards::new(kind),
            shelves: Class::KEPT.map(|class| Mutex::new(Shelf::new(class))),
            alone: AtomicUsize::new(0),
            alone_bytes: AtomicUsize::new(0),
            leaked: AtomicUsize::new(0),
            gauges: Mutex::new(Vec::new()),
        }
    }

    /// How the next guards are made.
    pub fn guard_kind(&self) -> GuardKind {
        self.guards.kind()
    }

    /// A stack of this class.
    ///
    /// # Errors
    ///
    /// [`OutOfMemory`](io::ErrorKind::OutOfMemory), whose text says what was missing (address space, mappings, memory),
    /// how many stacks there are, and what to raise. Stacks that are given back afterwards can be taken again.
    pub fn take(&'static self, class: Class) -> io::Result<Stack> {
        let Some(shelf) = class.shelf() else { return self.take_alone(class) };
        let mut one = Vec::with_capacity(1);
        self.take_many(shelf, class, &mut one, 1)?;
        // `take_many` gives at least one, or an error.
        one.pop().ok_or_else(|| io::ErrorKind::OutOfMemory.into())
    }

    /// Takes a stack back.
    pub fn give(&'static self, stack: Stack) {
        match stack.class().shelf() {
            Some(shelf) => self.shelf(shelf).give(stack),
            None => self.unmap_alone(stack),
        }
    }

    /// Gives the pages of free stacks back to the system, the coldest first: 1,024 of a class at most, and never the 16 MiB
    /// of each class that were given back last. Returns how many it were; 0 when it is done.
    pub fn trim(&'static self) -> usize {
        (0..Class::KEPT.len()).map(|shelf| self.trim_shelf(shelf, TRIM_STACKS_MAX)).sum()
    }

    /// [`trim`](Self::trim) for a caller who comes round many times a second: `count_max` of a class at most, and only those
    /// that nobody has needed for a second.
    pub fn trim_cold(&'static self, count_max: usize) -> usize {
        let now = Instant::now();
        let trim = |shelf| {
            let cold = self.shelf(shelf).cold(now);
            if cold == 0 { 0 } else { self.trim_shelf(shelf, cold.min(count_max)) }
        };
        (0..Class::KEPT.len()).map(trim).sum()
    }

    /// What there is.
    pub fn stats(&'static self) -> PoolStats {
        let alone = self.alone.load(Ordering::Relaxed);
        let mut stats = PoolStats {
            mapped_bytes: self.alone_bytes.load(Ordering::Relaxed),
            carved: alone,
            leaked: self.leaked.load(Ordering::Relaxed),
            ..PoolStats::default()
        };
        for shelf in 0..Class::KEPT.len() {
            let holding = self.shelf(shelf).holding();
            stats.mapped_bytes += holding.mapped_bytes;
            stats.carved += holding.carved;
            stats.cached += holding.warm + holding.trimmed;
            stats.trimmed += holding.trimmed;
        }
        let gauges = self.gauges.lock().unwrap_or_else(PoisonError::into_inner);
        let live = gauges.iter().filter_map(Weak::upgrade);
        stats.cached += live.map(|gauge| gauge.held.load(Ordering::Relaxed)).sum::<usize>();
        stats.in_use = stats.carved.saturating_sub(stats.cached + stats.leaked);
        stats
    }

    /// The pool that made the stack around `addr`.
    pub(crate) fn owner_of(addr: usize) -> Option<&'static Pool> {
        let slab = slabs::find(addr)?;
        // SAFETY: every row's owner is a pool, which lives as long as the process (or null, in tests of other modules).
        unsafe { slab.owner.cast::<Pool>().as_ref() }
    }

    /// A stack of this pool is never used again.
    pub(crate) fn note_leak(&self) {
        self.leaked.fetch_add(1, Ordering::Relaxed);
    }

    /// Moves up to `count` stacks to `into`, at least one.
    pub(crate) fn take_many(
        &'static self,
        shelf: usize,
        class: Class,
        into: &mut Vec<Stack>,
        count: usize,
    ) -> io::Result<()> {
        let first = into.len();
        let (taken, carved) = {
            let mut shelf = self.shelf(shelf);
            (shelf.take(into, count, &self.guards, self.as_owner()), shelf.holding().carved)
        };
        let bare = taken.map_err(|refusal| self.error(refusal, class))?;
        if bare > 1 && carved >= POPULATE_FROM {
            // Outside of the lock: these stacks are ours.
            populate_tops(&into[first..first + bare]);
        }
        Ok(())
    }

    pub(crate) fn give_many(&'static self, shelf: usize, stacks: impl Iterator<Item = Stack>) {
        let mut shelf = self.shelf(shelf);
        stacks.for_each(|stack| shelf.give(stack));
    }

    /// A gauge for a new cache.
    pub(crate) fn add_gauge(&self) -> Arc<Gauge> {
        let gauge = Arc::new(Gauge::default());
        let mut gauges = self.gauges.lock().unwrap_or_else(PoisonError::into_inner);
        gauges.retain(|gauge| gauge.strong_count() > 0);
        gauges.push(Arc::downgrade(&gauge));
        gauge
    }

    fn shelf(&self, index: usize) -> MutexGuard<'_, Shelf> {
        self.shelves[index].lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn as_owner(&'static self) -> *mut () {
        ptr::from_ref(self).cast_mut().cast()
    }

    #[cold]
    fn error(&'static self, refusal: Refusal, class: Class) -> io::Error {
        let stats = self.stats();
        refusal.into_error(class, stats.carved, stats.mapped_bytes)
    }

    fn take_alone(&'static self, class: Class) -> io::Result<Stack> {
        let bytes = class.slot_bytes();
        let start = os::reserve(bytes, HEADROOM_BYTES)
            .map_err(|source| self.error(Refusal::Space { bytes, source }, class))?;
        let address = start.as_ptr().addr();
        let laid = self.guards.lay(address, bytes, 1);
        if let Some(refusal) = laid.refusal {
            // SAFETY: mapped just above, known to nobody.
            unsafe { os::release(address, bytes) };
            return Err(self.error(refusal, class));
        }
        slabs::enter(Slab { start: address, stride: bytes, slots: 1, owner: self.as_owner() });
        self.alone.fetch_add(1, Ordering::Relaxed);
        self.alone_bytes.fetch_add(bytes, Ordering::Relaxed);
        // SAFETY: the mapping is `bytes` long and guarded, and this is its only stack.
        Ok(unsafe { Stack::in_slot(start, class, 0) })
    }

    fn unmap_alone(&'static self, stack: Stack) {
        // The slot goes, so there is nothing to send home.
        let stack = ManuallyDrop::new(stack);
        let (start, bytes) = (stack.limit(), stack.class().slot_bytes());
        slabs::leave(start);
        // SAFETY: the stack owned the whole mapping, and is never used again.
        unsafe { os::release(start, bytes) };
        self.guards.forget_one();
        self.alone.fetch_sub(1, Ordering::Relaxed);
        self.alone_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    fn trim_shelf(&'static self, shelf: usize, count_max: usize) -> usize {
        let mut cold = self.shelf(shelf).take_cold(count_max);
        if cold.is_empty() {
            return 0;
        }
        // Outside of the lock: these stacks are ours for the moment.
        cold.sort_unstable_by_key(Stack::limit);
        discard_all(&cold);
        let count = cold.len();
        self.shelf(shelf).give_trimmed(cold);
        count
    }
}

/// Brings the page in which the frames of each of `stacks` begin.
fn populate_tops(stacks: &[Stack]) {
    let page = os::page_size();
    for stacks in stacks.chunks(ADVICE_SPANS) {
        let mut spans = [Span::new(0, 0); ADVICE_SPANS];
        for (span, stack) in spans.iter_mut().zip(stacks) {
            *span = Span::new((stack.base() - 1) & !(page - 1), page);
        }
        os::populate(&spans[..stacks.len()]);
    }
}

/// Gives the pages of `stacks` back, neighbours at once; guards survive it. They are sorted by address.
fn discard_all(stacks: &[Stack]) {
    let mut spans = [Span::new(0, 0); ADVICE_SPANS];
    let mut count = 0;
    for run in stacks.chunk_by(|low, high| low.limit() + low.class().slot_bytes() == high.limit()) {
        spans[count] = Span::new(run[0].limit(), run.len() * run[0].class().slot_bytes());
        count += 1;
        if count == ADVICE_SPANS {
            os::discard(&spans);
            count = 0;
        }
    }
    os::discard(&spans[..count]);
}

impl Drop for Stack {
    /// Sends the stack home.
    fn drop(&mut self) {
        let Some(pool) = Pool::owner_of(self.limit()) else { return };
        // SAFETY: `self` is gone after this, and its fields have nothing to drop.
        pool.give(unsafe { self.duplicate() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether this kernel brings pages when it is told to.
    fn can_populate() -> bool {
        let page = os::page_size();
        let start = os::reserve(2 * page, 0).expect("two pages").as_ptr().addr();
        let span = Span::new(start, 2 * page);
        assert_eq!(os::resident(span), None);
        os::populate(&[Span::new(start + page, page)]);
        let populated = os::resident(span);
        // SAFETY: mapped just above, for this test alone.
        unsafe { os::release(start, 2 * page) };
        populated == Some(page)
    }

    #[test]
    fn many_stacks_come_with_their_first_page_and_few_do_not() {
        let pool = Pool::with_guards(GuardKind::detect());
        let mut stacks = Vec::new();
        while stacks.len() < 3 * POPULATE_FROM {
            pool.take_many(0, Class::KEPT[0], &mut stacks, 32).unwrap();
        }
        let page = os::page_size();
        let populated: Vec<_> = stacks.iter().map(Stack::high_water).collect();
        let (few, many) = populated.split_at(POPULATE_FROM / 2);
        assert_eq!(few, [0; POPULATE_FROM / 2]);
        let expected = if can_populate() { 1..=page } else { 0..=0 };
        assert!(many[POPULATE_FROM..].iter().all(|depth| expected.contains(depth)), "{many:?}");
    }
}
