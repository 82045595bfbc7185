//! The mutex: one at a time.
//!
//! Knows nothing of waiting: `gate.rs` has the word, the line and their proof.
//!
//! | bits of the word | mean |
//! |---|---|
//! | 0–2 | the gate's flags |
//! | 3, `LOCKED` | somebody is in |
//! | 4.. | the number of the agent that is in; 0 if nobody is |
//!
//! The holder's number rides in the word, so it can neither be stale nor cost a second write. What it is for: reports of who
//! waits for whom, and the message for a fiber that waits for itself.
//!
//! The road not taken: spinning for a holder that runs right now. A fiber's holder may be a fiber of the same worker, which
//! then never runs; so fibers park at once, and only bare threads look a bounded number of times first.

use crate::gate::{FLAGS, Gate, RULE_SHIFT, Rule};
use crate::mutex_guard::MutexGuard;
use sisal_base::const_new;
use sisal_park::{Agent, AgentId, HOLDER_SHIFT, Reason, current, with_current};
use std::cell::UnsafeCell;
use std::fmt;
use std::time::{Duration, Instant};

const LOCKED: u64 = 1 << RULE_SHIFT;
const _: () = assert!(HOLDER_SHIFT == RULE_SHIFT + 1);

/// What a mutex's word means.
enum OneAtATime {}

impl Rule for OneAtATime {
    type Want = AgentId;

    #[inline]
    fn enter(word: u64, want: AgentId) -> Option<u64> {
        (word & LOCKED == 0).then(|| word | held_by(want))
    }

    #[inline]
    fn leave(word: u64, _want: AgentId) -> u64 {
        word & FLAGS
    }

    #[inline]
    fn may_pass(_want: AgentId) -> bool {
        true
    }

    #[inline]
    fn holds_back(_want: AgentId) -> bool {
        false
    }

    #[inline]
    fn tries_itself(_want: AgentId) -> bool {
        true
    }
}

#[inline]
const fn held_by(agent: AgentId) -> u64 {
    LOCKED | (agent.as_u64() << HOLDER_SHIFT)
}

/// The mutex without its value.
pub(crate) struct RawMutex {
    gate: Gate<OneAtATime>,
}

impl RawMutex {
    const_new! {
        const fn new() -> RawMutex {
            RawMutex { gate: Gate::new(0) }
        }
    }

    #[inline]
    pub(crate) fn lock(&self) {
        // Whoever polls under a lock gives way once its time slice is used up; before it holds anything.
        sisal_park::spend();
        let id = with_current(|agent| agent.id());
        if !self.gate.enter_empty(held_by(id)) {
            self.lock_slow();
        }
    }

    /// One frame up to the park: see [`park`](sisal_park::Agent).
    #[cold]
    #[inline(never)]
    fn lock_slow(&self) {
        // SAFETY: not kept beyond this function.
        let agent = unsafe { current() };
        debug_assert!(
            self.holder() != Some(agent.id()),
            "deadlock: {} locks a mutex that it holds already",
            agent.id()
        );
        self.wait(agent, None);
    }

    #[inline(always)]
    fn wait(&self, agent: &dyn Agent, deadline: Option<Instant>) -> bool {
        self.gate.enter_slow(agent, agent.id(), deadline, Reason::Mutex(self.gate.word_address()))
    }

    #[inline]
    fn try_lock(&self) -> bool {
        let id = with_current(|agent| agent.id());
        let entered = self.gate.enter_empty(held_by(id)) || self.gate.try_enter(id);
        if !entered {
            // A loop that polls must give way, too.
            sisal_park::spend();
        }
        entered
    }

    fn lock_until(&self, deadline: Option<Instant>) -> bool {
        self.try_lock() || with_current(|agent| self.wait(agent, deadline))
    }

    #[inline]
    pub(crate) fn unlock(&self) {
        self.gate.leave(false, |word| word & FLAGS);
    }

    pub(crate) fn unlock_fair(&self) {
        self.gate.leave(true, |word| word & FLAGS);
    }

    /// Lets the one in front go first, if there is one.
    pub(crate) fn bump(&self) {
        if self.gate.has_waiters() {
            self.unlock_fair();
            self.lock();
        }
    }

    fn holder(&self) -> Option<AgentId> {
        let word = self.gate.word();
        (word & LOCKED != 0).then(|| AgentId::from_u64(word >> HOLDER_SHIFT))
    }
}

/// One at a time may reach the value: on a fiber, waiting suspends the fiber; on a thread, it blocks the thread.
///
/// No poisoning: a panic of who holds the lock unlocks it. An uncontended lock is one atomic operation, an unlock another.
/// Newcomers may be faster than those who wait, but not for long: who has waited 1 ms is handed the lock by who unlocks it (a
/// fiber already at its second turn). Waiting for a lock is never cancelled.
///
/// A fiber or thread that locks a mutex which it holds already waits for ever; a debug build panics and names it.
///
/// ```
/// use sisal_sync::Mutex;
/// static TOTAL: Mutex<u32> = Mutex::new(0);
/// std::thread::scope(|scope| {
///     for _ in 0..4 {
///         scope.spawn(|| *TOTAL.lock() += 1);
///     }
/// });
/// assert_eq!(*TOTAL.lock(), 4);
/// ```
pub struct Mutex<T: ?Sized> {
    pub(crate) raw: RawMutex,
    // std's cell, since sisal-base's holds no unsized value. A model puts a watched cell inside.
    pub(crate) value: UnsafeCell<T>,
}

// SAFETY: the lock hands out one `&mut T` at a time, so sharing it moves the value between threads at most.
unsafe impl<T: ?Sized + Send> Sync for Mutex<T> {}
// SAFETY: as for any owned value.
unsafe impl<T: ?Sized + Send> Send for Mutex<T> {}

impl<T> Mutex<T> {
    const_new! {
        /// An unlocked mutex around `value`.
        ///
        /// ```
        /// static NAMES: sisal_sync::Mutex<Vec<String>> = sisal_sync::Mutex::new(Vec::new());
        /// assert!(NAMES.lock().is_empty());
        /// ```
        pub const fn new(value: T) -> Mutex<T> {
            Mutex { raw: RawMutex::new(), value: UnsafeCell::new(value) }
        }
    }

    /// The value, out of its mutex.
    ///
    /// ```
    /// assert_eq!(sisal_sync::Mutex::new(7).into_inner(), 7);
    /// ```
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

impl<T: ?Sized> Mutex<T> {
    /// Waits until the lock is free and takes it.
    ///
    /// # Panics
    /// In debug builds, if the caller holds this lock already.
    ///
    /// ```
    /// let mutex = sisal_sync::Mutex::new(1);
    /// *mutex.lock() += 1;
    /// assert_eq!(*mutex.lock(), 2);
    /// ```
    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        self.raw.lock();
        MutexGuard::of(self)
    }

    /// Takes the lock if it is free.
    ///
    /// ```
    /// let mutex = sisal_sync::Mutex::new(());
    /// let guard = mutex.try_lock();
    /// assert!(guard.is_some() && mutex.try_lock().is_none());
    /// ```
    #[inline]
    pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
        self.raw.try_lock().then(|| MutexGuard::of(self))
    }

    /// Takes the lock, or gives up after `timeout`.
    ///
    /// ```
    /// # use std::time::Duration;
    /// let mutex = sisal_sync::Mutex::new(());
    /// let _guard = mutex.lock();
    /// assert!(mutex.try_lock_for(Duration::from_millis(1)).is_none());
    /// ```
    pub fn try_lock_for(&self, timeout: Duration) -> Option<MutexGuard<'_, T>> {
        self.raw.lock_until(crate::line::deadline_after(timeout)).then(|| MutexGuard::of(self))
    }

    /// Takes the lock, or gives up at `deadline`.
    ///
    /// ```
    /// # use std::time::Instant;
    /// let mutex = sisal_sync::Mutex::new(());
    /// let _guard = mutex.lock();
    /// assert!(mutex.try_lock_until(Instant::now()).is_none());
    /// ```
    pub fn try_lock_until(&self, deadline: Instant) -> Option<MutexGuard<'_, T>> {
        self.raw.lock_until(Some(deadline)).then(|| MutexGuard::of(self))
    }

    /// The value, which nobody else can reach.
    ///
    /// ```
    /// let mut mutex = sisal_sync::Mutex::new(1);
    /// *mutex.get_mut() = 2;
    /// assert_eq!(mutex.into_inner(), 2);
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    /// Whether somebody holds the lock right now.
    ///
    /// ```
    /// let mutex = sisal_sync::Mutex::new(());
    /// let guard = mutex.lock();
    /// assert!(mutex.is_locked());
    /// drop(guard);
    /// assert!(!mutex.is_locked());
    /// ```
    pub fn is_locked(&self) -> bool {
        self.holder().is_some()
    }

    /// The number of the fiber or thread that holds the lock right now.
    ///
    /// ```
    /// let mutex = sisal_sync::Mutex::new(());
    /// let _guard = mutex.lock();
    /// assert_eq!(mutex.holder(), Some(sisal_park::with_current(|agent| agent.id())));
    /// ```
    pub fn holder(&self) -> Option<AgentId> {
        self.raw.holder()
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for Mutex<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("Mutex");
        match self.try_lock() {
            Some(guard) => out.field("data", &&*guard),
            None => out.field("data", &format_args!("<locked>")),
        };
        out.finish()
    }
}

impl<T: Default> Default for Mutex<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for Mutex<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}
