//! The reader-writer lock: many readers, or one writer; and one reader that may become the writer.
//!
//! Knows nothing of waiting: `gate.rs` has the word, the line and their proof. Here is what the word's other bits mean.
//!
//! | bits of the word | mean | who may be in beside it |
//! |---|---|---|
//! | 0–2 | the gate's flags | |
//! | 3, `WRITER` | a writer is in | nobody |
//! | 4, `UPGRADABLE` | an upgradable reader is in | readers |
//! | 5, `UPGRADING` | that one waits for the readers to leave; only with `UPGRADABLE` | readers that were in before, and recursive ones |
//! | 6.. | how many readers are in | readers, an upgradable one |
//!
//! Invariants (besides the gate's):
//! 1. Readers do not pass a writer that waits, so it waits for the readers that are in, and for no newcomer. Recursive
//!    readers do: they may hold the lock already, and the writer waits for them.
//! 2. `UPGRADING` is set and its owner stands in the upgrader's line in one section of that line's lock. The last reader to leave
//!    takes that lock after its CAS, so it finds the owner, or the owner has seen that no reader is left.
//! 3. Whoever clears `WRITER` or `UPGRADING` looks at the gate's line, where readers may stand because of it.

use crate::gate::{Gate, RULE_SHIFT, Rule};
use crate::line::{Crowd, deadline_after};
use crate::rwlock_guard::{RwLockReadGuard, RwLockWriteGuard};
use crate::rwlock_upgradable::RwLockUpgradableReadGuard;
use sisal_base::{const_new, fault};
use sisal_park::{Cancellable, Outcome, Reason, with_current};
use std::cell::UnsafeCell;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

const WRITER: u64 = 1 << RULE_SHIFT;
const UPGRADABLE: u64 = 1 << (RULE_SHIFT + 1);
const UPGRADING: u64 = 1 << (RULE_SHIFT + 2);
const READER: u64 = 1 << (RULE_SHIFT + 3);
/// Everybody who is in.
const ANYBODY: u64 = !(WRITER - 1);

/// What one may want of the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    /// Of one who may be a reader already.
    ReadAgain,
    ReadUpgradable,
    Write,
}

/// What a reader-writer lock's word means.
enum ReadersOrWriter {}

impl Rule for ReadersOrWriter {
    type Want = Access;

    #[inline]
    fn enter(word: u64, want: Access) -> Option<u64> {
        let (held_out_by, part) = match want {
            Access::Read => (WRITER | UPGRADING, READER),
            Access::ReadAgain => (WRITER, READER),
            Access::ReadUpgradable => (WRITER | UPGRADABLE, UPGRADABLE),
            Access::Write if fault!("rwlock.write.ignores_readers") => (WRITER | UPGRADABLE, WRITER),
            Access::Write => (ANYBODY, WRITER),
        };
        (word & held_out_by == 0).then(|| word + part)
    }

    #[inline]
    fn leave(word: u64, want: Access) -> u64 {
        match want {
            Access::Read | Access::ReadAgain => word - READER,
            Access::ReadUpgradable => word & !(UPGRADABLE | UPGRADING),
            Access::Write => word & !WRITER,
        }
    }

    #[inline]
    fn may_pass(want: Access) -> bool {
        // Invariant 1.
        matches!(want, Access::Write | Access::ReadAgain) || fault!("rwlock.read.passes_writers")
    }

    #[inline]
    fn holds_back(want: Access) -> bool {
        // Not an upgradable reader, which may wait for long and harms no reader meanwhile.
        want == Access::Write
    }

    #[inline]
    fn tries_itself(want: Access) -> bool {
        want == Access::Write
    }
}

/// The lock without its value.
pub(crate) struct RawRwLock {
    gate: Gate<ReadersOrWriter>,
    upgrader: Crowd<()>,
    /// The number of who writes; 0 while there is none, or one to whom the lock was just handed does not run yet. For reports alone, so it is
    /// outside loom's view: set once the writer is in, cleared before it leaves. (Readers may be many: nobody knows them.)
    writer: AtomicU64,
}

impl RawRwLock {
    const_new! {
        const fn new() -> RawRwLock {
            RawRwLock { gate: Gate::new(0), upgrader: Crowd::new(()), writer: AtomicU64::new(0) }
        }
    }

    #[inline]
    pub(crate) fn lock(&self, access: Access) {
        sisal_park::spend();
        let entered = match access {
            // Whoever would pass one that was called asks for that first.
            Access::Write => self.gate.enter_empty(WRITER),
            _ => self.enter(access),
        };
        if !entered {
            self.wait(access, None);
        }
        self.has_entered(access);
    }

    #[inline]
    fn has_entered(&self, access: Access) {
        if access == Access::Write {
            self.writer.store(with_current(|agent| agent.id()).as_u64(), Ordering::Relaxed);
        }
    }

    /// Where the writer's number is, for reports that read it while somebody waits.
    fn writer_address(&self) -> usize {
        (&raw const self.writer).expose_provenance()
    }

    #[inline]
    fn enter(&self, access: Access) -> bool {
        (access == Access::Write && self.gate.enter_empty(WRITER)) || self.gate.try_enter(access)
    }

    #[cold]
    fn wait(&self, access: Access, deadline: Option<Instant>) -> bool {
        let reason = Reason::Lock(self.writer_address());
        with_current(|agent| self.gate.enter_slow(agent, access, deadline, reason))
    }

    #[inline]
    fn try_lock(&self, access: Access) -> bool {
        let entered = self.enter(access);
        if entered {
            self.has_entered(access);
        } else {
            // A loop that polls must give way, too.
            sisal_park::spend();
        }
        entered
    }

    fn lock_until(&self, access: Access, deadline: Option<Instant>) -> bool {
        let entered = self.try_lock(access) || self.wait(access, deadline);
        if entered {
            self.has_entered(access);
        }
        entered
    }

    #[inline]
    pub(crate) fn unlock(&self, access: Access) {
        self.unlock_as(access, false);
    }

    pub(crate) fn unlock_fair(&self, access: Access) {
        self.unlock_as(access, true);
    }

    #[inline]
    fn unlock_as(&self, access: Access, fair: bool) {
        if access == Access::Write {
            self.writer.store(0, Ordering::Relaxed);
        }
        let word = self.gate.leave(fair, |word| ReadersOrWriter::leave(word, access));
        if word & UPGRADING != 0 && word < READER && !fault!("rwlock.unlock.forgets_upgrader") {
            // Invariant 2.
            self.upgrader.call_one(self.upgrader.lock());
        }
    }

    /// Lets those in line go first, if there are any.
    pub(crate) fn bump(&self, access: Access) {
        if self.gate.has_waiters() {
            self.unlock_fair(access);
            self.lock(access);
        }
    }

    /// From one access to one that holds out fewer.
    pub(crate) fn downgrade(&self, from: Access, to: Access) {
        if from == Access::Write {
            self.writer.store(0, Ordering::Relaxed);
        }
        self.gate.leave(false, |word| {
            let part = if to == Access::ReadUpgradable { UPGRADABLE } else { READER };
            ReadersOrWriter::leave(word, from) + part
        });
    }

    /// From upgradable reader to writer, if no other reader is in.
    pub(crate) fn try_upgrade(&self) -> bool {
        let upgraded =
            self.gate.change(|word| (word < READER).then_some((word & !(UPGRADABLE | UPGRADING)) | WRITER));
        if upgraded {
            self.has_entered(Access::Write);
        }
        upgraded
    }

    /// From upgradable reader to writer, once no other reader is in; `false` if the deadline came first.
    pub(crate) fn upgrade(&self, deadline: Option<Instant>) -> bool {
        while !self.try_upgrade() {
            let line = self.upgrader.lock();
            // Invariant 2: hold out newcomers, unless the last reader has left meanwhile.
            if !self.gate.change(|word| (word >= READER).then_some(word | UPGRADING)) {
                continue;
            }
            let how = (deadline, Reason::Lock(self.writer_address()), Cancellable::Never);
            let outcome = with_current(|agent| self.upgrader.wait(agent, line, how, || ()));
            if outcome != Outcome::Woken {
                // Invariant 3.
                self.gate.leave(false, |word| word & !UPGRADING);
                return false;
            }
        }
        true
    }

    fn is_held(&self, by: u64) -> bool {
        self.gate.word() & by != 0
    }
}

/// Many may read the value at a time, or one may write it.
///
/// No poisoning: a panic of who holds the lock unlocks it. An uncontended lock is one atomic operation, an unlock another. Once a
/// writer waits, new readers wait behind it, so neither side starves. For that very reason, [`read`](Self::read) by
/// one who reads already waits for ever if a writer came between: [`read_recursive`](Self::read_recursive) is for that.
/// Waiting for a lock is never cancelled.
///
/// ```
/// use sisal_sync::RwLock;
/// static LIMITS: RwLock<(u32, u32)> = RwLock::new((1, 9));
/// *LIMITS.write() = (2, 8);
/// let (one, other) = (LIMITS.read(), LIMITS.read());
/// assert_eq!(one.0 + other.1, 10);
/// ```
pub struct RwLock<T: ?Sized> {
    pub(crate) raw: RawRwLock,
    // std's cell, since sisal-base's holds no unsized value. A model puts a watched cell inside.
    pub(crate) value: UnsafeCell<T>,
}

// SAFETY: the lock hands out one `&mut T` or any number of `&T` at a time, to any thread.
unsafe impl<T: ?Sized + Send + Sync> Sync for RwLock<T> {}
// SAFETY: as for any owned value.
unsafe impl<T: ?Sized + Send> Send for RwLock<T> {}

impl<T> RwLock<T> {
    const_new! {
        /// An unlocked lock around `value`.
        ///
        /// ```
        /// static NAMES: sisal_sync::RwLock<Vec<String>> = sisal_sync::RwLock::new(Vec::new());
        /// assert!(NAMES.read().is_empty());
        /// ```
        pub const fn new(value: T) -> RwLock<T> {
            RwLock { raw: RawRwLock::new(), value: UnsafeCell::new(value) }
        }
    }

    /// The value, out of its lock.
    ///
    /// ```
    /// assert_eq!(sisal_sync::RwLock::new(7).into_inner(), 7);
    /// ```
    pub fn into_inner(self) -> T {
        self.value.into_inner()
    }
}

/// The four verbs of one kind of access.
macro_rules! access {
    ($access:ident, $guard:ident, $what:literal, $lock:ident, $try_lock:ident, $try_for:ident, $try_until:ident) => {
        #[doc = concat!("Waits until it may ", $what, ".")]
        ///
        /// ```
        /// let lock = sisal_sync::RwLock::new(1);
        #[doc = concat!("assert_eq!(*lock.", stringify!($lock), "(), 1);")]
        /// ```
        #[inline]
        pub fn $lock(&self) -> $guard<'_, T> {
            self.raw.lock(Access::$access);
            $guard::of(self)
        }

        #[doc = concat!("Gets leave to ", $what, ", if that needs no wait.")]
        ///
        /// ```
        /// let lock = sisal_sync::RwLock::new(1);
        #[doc = concat!("assert!(lock.", stringify!($try_lock), "().is_some());")]
        /// let _writer = lock.write();
        #[doc = concat!("assert!(lock.", stringify!($try_lock), "().is_none());")]
        /// ```
        #[inline]
        pub fn $try_lock(&self) -> Option<$guard<'_, T>> {
            self.raw.try_lock(Access::$access).then(|| $guard::of(self))
        }

        #[doc = concat!("Waits until it may ", $what, ", or gives up after `timeout`.")]
        ///
        /// ```
        /// let lock = sisal_sync::RwLock::new(1);
        /// let _writer = lock.write();
        #[doc = concat!("assert!(lock.", stringify!($try_for), "(std::time::Duration::from_millis(1)).is_none());")]
        /// ```
        pub fn $try_for(&self, timeout: Duration) -> Option<$guard<'_, T>> {
            self.raw.lock_until(Access::$access, deadline_after(timeout)).then(|| $guard::of(self))
        }

        #[doc = concat!("Waits until it may ", $what, ", or gives up at `deadline`.")]
        ///
        /// ```
        /// let lock = sisal_sync::RwLock::new(1);
        /// let _writer = lock.write();
        #[doc = concat!("assert!(lock.", stringify!($try_until), "(std::time::Instant::now()).is_none());")]
        /// ```
        pub fn $try_until(&self, deadline: Instant) -> Option<$guard<'_, T>> {
            self.raw.lock_until(Access::$access, Some(deadline)).then(|| $guard::of(self))
        }
    };
}

impl<T: ?Sized> RwLock<T> {
    access!(Read, RwLockReadGuard, "read", read, try_read, try_read_for, try_read_until);
    access!(Write, RwLockWriteGuard, "write", write, try_write, try_write_for, try_write_until);
    access!(
        ReadAgain,
        RwLockReadGuard,
        "read, passing writers that wait, since it may read already",
        read_recursive,
        try_read_recursive,
        try_read_recursive_for,
        try_read_recursive_until
    );
    access!(
        ReadUpgradable,
        RwLockUpgradableReadGuard,
        "read, and to write later, as the only one beside other readers",
        upgradable_read,
        try_upgradable_read,
        try_upgradable_read_for,
        try_upgradable_read_until
    );

    /// The value, which nobody else can reach.
    ///
    /// ```
    /// let mut lock = sisal_sync::RwLock::new(1);
    /// *lock.get_mut() = 2;
    /// assert_eq!(lock.into_inner(), 2);
    /// ```
    pub fn get_mut(&mut self) -> &mut T {
        self.value.get_mut()
    }

    /// Whether somebody reads or writes right now.
    ///
    /// ```
    /// let lock = sisal_sync::RwLock::new(());
    /// let reader = lock.read();
    /// assert!(lock.is_locked());
    /// drop(reader);
    /// assert!(!lock.is_locked());
    /// ```
    pub fn is_locked(&self) -> bool {
        self.raw.is_held(ANYBODY)
    }

    /// Whether somebody writes right now.
    ///
    /// ```
    /// let lock = sisal_sync::RwLock::new(());
    /// let _reader = lock.read();
    /// assert!(!lock.is_locked_exclusive());
    /// ```
    pub fn is_locked_exclusive(&self) -> bool {
        self.raw.is_held(WRITER)
    }
}

impl<T: ?Sized + fmt::Debug> fmt::Debug for RwLock<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = f.debug_struct("RwLock");
        match self.try_read_recursive() {
            Some(guard) => out.field("data", &&*guard),
            None => out.field("data", &format_args!("<locked>")),
        };
        out.finish()
    }
}

impl<T: Default> Default for RwLock<T> {
    fn default() -> Self {
        Self::new(T::default())
    }
}

impl<T> From<T> for RwLock<T> {
    fn from(value: T) -> Self {
        Self::new(value)
    }
}
