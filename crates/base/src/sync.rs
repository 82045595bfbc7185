//! The one door to std or loom. No other file of sisal asks which of the two it is built on.
//!
//! Knows nothing of what is built with it. The locks are parking_lot's (no poisoning, const), and no other crate names
//! parking_lot. Where the two sides differ, this file holds the difference: cells are reached through `with`, a lock
//! gives its guard and no `Result`, and constructors that loom cannot make const are declared by
//! [`const_new!`](crate::const_new).

pub use imp::*;

/// Declares functions that are `const fn` over std and plain `fn` over loom, whose atomics have no const constructor.
#[cfg(not(sisal_loom))]
#[macro_export]
macro_rules! const_new {
    ($($(#[$attribute:meta])* $visibility:vis const fn $name:ident($($argument:ident: $type:ty),* $(,)?) -> $result:ty $body:block)*) => {
        $($(#[$attribute])* $visibility const fn $name($($argument: $type),*) -> $result $body)*
    };
}

/// Declares functions that are `const fn` over std and plain `fn` over loom, whose atomics have no const constructor.
#[cfg(sisal_loom)]
#[macro_export]
macro_rules! const_new {
    ($($(#[$attribute:meta])* $visibility:vis const fn $name:ident($($argument:ident: $type:ty),* $(,)?) -> $result:ty $body:block)*) => {
        $($(#[$attribute])* $visibility fn $name($($argument: $type),*) -> $result $body)*
    };
}

/// Declares a thread-local: `static` for one with a const initial value, `lazy static` for one made at its first use.
/// Under loom, whose threads share one OS thread, it is loom's own.
#[cfg(not(sisal_loom))]
#[macro_export]
macro_rules! thread_slot {
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty = $init:expr;) => {
        ::std::thread_local! { $(#[$attribute])* $visibility static $name: $type = const { $init }; }
    };
    ($(#[$attribute:meta])* $visibility:vis lazy static $name:ident: $type:ty = $init:expr;) => {
        ::std::thread_local! { $(#[$attribute])* $visibility static $name: $type = $init; }
    };
}

/// Declares a thread-local: `static` for one with a const initial value, `lazy static` for one made at its first use.
/// Under loom, whose threads share one OS thread, it is loom's own.
#[cfg(sisal_loom)]
#[macro_export]
macro_rules! thread_slot {
    ($(#[$attribute:meta])* $visibility:vis static $name:ident: $type:ty = $init:expr;) => {
        $crate::sync::loom_thread_local! { $(#[$attribute])* $visibility static $name: $type = $init; }
    };
    ($(#[$attribute:meta])* $visibility:vis lazy static $name:ident: $type:ty = $init:expr;) => {
        $crate::sync::loom_thread_local! { $(#[$attribute])* $visibility static $name: $type = $init; }
    };
}

#[cfg(not(sisal_loom))]
mod imp {
    pub use crate::biased::{BiasedGuard, BiasedLock};
    pub use crate::spin::{SpinGuard, SpinLock};
    pub use parking_lot::{Condvar, Mutex, MutexGuard};
    pub use std::sync::Arc;
    pub use std::{hint, thread};

    /// Wakers that are called in one go after a lock is released. Enough that the lock is not taken again for each of them,
    /// few enough for a small stack.
    pub const WAKE_BATCH: usize = 16;

    /// Atomics and fences.
    pub mod atomic {
        pub use std::sync::atomic::{
            AtomicBool, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
        };

        /// A fence right after a read-modify-write of the caller's, which must come before its next loads. On x86-64 each
        /// read-modify-write is locked, and neither loads nor stores pass a locked instruction (Intel SDM, vol. 3,
        /// "Memory ordering"): there only the compiler is held back, and 5 ns are saved. Elsewhere it is [`fence`].
        #[inline(always)]
        pub fn fence_after_rmw(order: Ordering) {
            if cfg!(target_arch = "x86_64") {
                std::sync::atomic::compiler_fence(order);
            } else {
                fence(order);
            }
        }
    }

    /// Fences of which one side is paid by the other: a light one for who is frequent, a heavy one for who is rare.
    pub mod asymmetric {
        use crate::presence::Presence;
        use parking_lot::Mutex;
        use std::cell::Cell;
        use std::sync::OnceLock;
        use std::sync::atomic::{AtomicBool, Ordering, compiler_fence};

        /// Times that a thread takes a lock in a row before it is given to that thread. What that costs, 64 times 6 ns, is about what
        /// taking it away costs.
        pub const STREAK: u32 = 64;

        static HEAVY: OnceLock<fn()> = OnceLock::new();
        static IS_SLOW: AtomicBool = AtomicBool::new(false);

        /// From now on, `heavy` orders what every thread of the process did before it before what that thread does after it.
        pub fn enable(heavy: fn()) {
            let _ = HEAVY.set(heavy);
        }

        /// Sees to it, the first time, if that is cheap.
        #[inline]
        pub fn enable_if_cheap() {
            crate::process_fence::enable_if_cheap();
        }

        /// Whether there is a heavy fence that is quick, and threads can be told apart.
        pub fn is_enabled() -> bool {
            HEAVY.get().is_some() && token() != usize::MAX && !IS_SLOW.load(Ordering::Relaxed)
        }

        /// The fence has become so slow that no more locks are to depend on it.
        pub fn note_slow() {
            IS_SLOW.store(true, Ordering::Relaxed);
        }

        /// Orders this thread's stores before it and loads behind it, for whoever calls [`heavy_fence`].
        #[inline(always)]
        pub fn light_fence() {
            compiler_fence(Ordering::SeqCst);
        }

        /// A fence of this thread, and of all others that are between two instructions.
        ///
        /// # Panics
        /// If it is not [enabled](is_enabled).
        pub fn heavy_fence() {
            HEAVY.get().expect("enabled before a lock was given to a thread")();
        }

        pub use crate::thread_pointer::thread_pointer as token;

        /// Pauses in which a lock's owner is let alone, and as many in which it may answer: 3 µs, or some 300 messages, where a turn's
        /// end costs both of them 0.5 together, 2 in bad times. (Measured, in bad times: 60 pauses 34 ns a message, 120 30, 480 21, in
        /// which a wait takes 12 µs.)
        pub const PATIENCE: u32 = 120;

        /// Pauses before who was asked for a lock, and gave it up, wants it back: the other one's way there.
        pub const HANDICAP: u32 = 32;

        static NOBODY: Presence = Presence::new(0);

        /// The record of no thread.
        #[inline(always)]
        pub fn nobody() -> &'static Presence {
            &NOBODY
        }

        /// The record of the thread with that token.
        #[inline(never)]
        pub fn presence(token: usize) -> &'static Presence {
            thread_local! {
                static OWN: Cell<&'static Presence> = const { Cell::new(&NOBODY) };
            }
            let own = OWN.get();
            if own.token() == token {
                return own;
            }
            let found = find(token);
            OWN.set(found);
            found
        }

        /// Lets the next operation that this thread counts inside of a lock of its own be number 0.
        pub fn begin_count() {
            presence(token()).begin_count();
        }

        /// Counts a wait of this thread's for a lock that another one had, in half microseconds. Not where threads cannot be told apart.
        pub fn note_lock_wait(cost: u32) {
            if token() != usize::MAX {
                presence(token()).note_lock_wait(cost);
            }
        }

        /// What this thread's waits for locks have cost it: see [`Presence::lock_waits_cost`].
        pub fn lock_waits_cost() -> u32 {
            if token() == usize::MAX { 0 } else { presence(token()).lock_waits_cost() }
        }

        /// Looks it up among all that ever were: about as many as there were threads at a time, since the addresses of ended threads are
        /// mostly used again.
        fn find(token: usize) -> &'static Presence {
            static ALL: Mutex<Vec<&'static Presence>> = Mutex::new(Vec::new());
            let mut all = ALL.lock();
            match all.iter().find(|one| one.token() == token) {
                Some(found) => found,
                None => {
                    let new: &Presence = Box::leak(Box::new(Presence::new(token)));
                    all.push(new);
                    new
                }
            }
        }
    }

    /// A cell that loom can watch: `std::cell::UnsafeCell` behind closures.
    #[derive(Debug, Default)]
    pub struct UnsafeCell<T>(std::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        /// A cell that holds `value`.
        pub const fn new(value: T) -> Self {
            Self(std::cell::UnsafeCell::new(value))
        }

        /// Calls `f` with a pointer for reading.
        #[inline(always)]
        pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
            f(self.0.get())
        }

        /// Calls `f` with a pointer for writing.
        #[inline(always)]
        pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
            f(self.0.get())
        }

        /// The value, taken out of the cell.
        pub fn into_inner(self) -> T {
            self.0.into_inner()
        }
    }

    /// Waits for a notice and gives the lock away meanwhile. May return early.
    pub fn wait<T>(condvar: &Condvar, guard: &mut MutexGuard<'_, T>) {
        condvar.wait(guard);
    }

    /// [`wait`], at the longest until `deadline`; `true` if that came first.
    pub fn wait_until<T>(
        condvar: &Condvar,
        guard: &mut MutexGuard<'_, T>,
        deadline: std::time::Instant,
    ) -> bool {
        condvar.wait_until(guard, deadline).timed_out()
    }
}

#[cfg(sisal_loom)]
mod imp {
    pub use loom::sync::{Arc, Condvar};
    #[doc(hidden)]
    pub use loom::thread_local as loom_thread_local;
    pub use loom::{hint, thread};
    use std::ops::{Deref, DerefMut};

    /// Wakers that are called in one go: so few that a model's threads need two batches.
    pub const WAKE_BATCH: usize = 2;

    /// Atomics and fences.
    pub mod atomic {
        pub use loom::sync::atomic::{
            AtomicBool, AtomicPtr, AtomicU8, AtomicU16, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
        };

        /// loom knows nothing of processors: a [`fence`].
        pub fn fence_after_rmw(order: Ordering) {
            fence(order);
        }
    }

    /// loom knows nothing of processors: both sides are fences.
    pub mod asymmetric {
        use crate::presence::Presence;
        use loom::sync::atomic::{Ordering, fence};

        /// The first time will do.
        pub const STREAK: u32 = 1;
        /// None: who has looked away runs again in loom only once the other cannot go on.
        pub const PATIENCE: u32 = 0;
        /// None.
        pub const HANDICAP: u32 = 0;

        loom::lazy_static! {
            static ref ALL: [Presence; 3] = [0, 8, 16].map(Presence::new);
        }

        /// The record of no thread.
        pub fn nobody() -> &'static Presence {
            &ALL[0]
        }

        /// The record of the thread with that token.
        pub fn presence(token: usize) -> &'static Presence {
            &ALL[token / 8]
        }

        /// Nothing is counted.
        pub fn begin_count() {}

        /// Nothing is counted.
        pub fn note_lock_wait(_cost: u32) {}

        /// Nothing is counted.
        pub fn lock_waits_cost() -> u32 {
            0
        }

        /// There is always one.
        pub fn enable_if_cheap() {}

        /// There is always one.
        pub fn is_enabled() -> bool {
            true
        }

        /// The frequent side's.
        pub fn light_fence() {
            fence(Ordering::SeqCst);
        }

        /// The rare side's.
        pub fn heavy_fence() {
            fence(Ordering::SeqCst);
        }

        /// Models name their threads.
        pub fn token() -> usize {
            unreachable!("a model calls `lock_as`")
        }
    }

    /// A cell that loom watches.
    #[derive(Debug, Default)]
    pub struct UnsafeCell<T>(loom::cell::UnsafeCell<T>);

    impl<T> UnsafeCell<T> {
        /// A cell that holds `value`.
        pub fn new(value: T) -> Self {
            Self(loom::cell::UnsafeCell::new(value))
        }

        /// Calls `f` with a pointer for reading.
        pub fn with<R>(&self, f: impl FnOnce(*const T) -> R) -> R {
            self.0.with(f)
        }

        /// Calls `f` with a pointer for writing.
        pub fn with_mut<R>(&self, f: impl FnOnce(*mut T) -> R) -> R {
            self.0.with_mut(f)
        }

        /// The value, taken out of the cell.
        pub fn into_inner(self) -> T {
            self.0.into_inner()
        }
    }

    /// As [`SpinLock`], with a value beside it.
    #[derive(Debug, Default)]
    pub struct BiasedLock<T, B> {
        value: Mutex<T>,
        beside: B,
    }

    /// The guard of a [`BiasedLock`].
    pub struct BiasedGuard<'a, T, B> {
        value: MutexGuard<'a, T>,
        beside: &'a B,
    }

    impl<T, B> BiasedLock<T, B> {
        /// A lock around `value`.
        pub fn new(value: T, beside: B) -> Self {
            Self { value: Mutex::new(value), beside }
        }

        /// What is beside the value.
        pub fn beside(&self) -> &B {
            &self.beside
        }

        /// Waits for the lock.
        pub fn lock(&self) -> BiasedGuard<'_, T, B> {
            BiasedGuard { value: self.value.lock(), beside: &self.beside }
        }

        /// It is never anybody's.
        pub fn renounce(&self) {}
    }

    impl<'a, T, B> BiasedGuard<'a, T, B> {
        /// What is beside the value.
        pub fn beside(&self) -> &'a B {
            self.beside
        }

        /// It is never anybody's.
        pub fn count_operation(&self) -> Option<u32> {
            None
        }
    }

    impl<T, B> Deref for BiasedGuard<'_, T, B> {
        type Target = T;
        fn deref(&self) -> &T {
            &self.value
        }
    }

    impl<T, B> DerefMut for BiasedGuard<'_, T, B> {
        fn deref_mut(&mut self) -> &mut T {
            &mut self.value
        }
    }

    /// A lock that spins in earnest multiplies the executions of every model; what it promises is a mutex.
    pub type SpinLock<T> = Mutex<T>;
    /// The guard of a [`SpinLock`].
    pub type SpinGuard<'a, T> = MutexGuard<'a, T>;

    /// loom's mutex without the `Result`.
    #[derive(Debug, Default)]
    pub struct Mutex<T>(loom::sync::Mutex<T>);

    /// The guard of a [`Mutex`].
    pub struct MutexGuard<'a, T>(Option<loom::sync::MutexGuard<'a, T>>);

    impl<T> Mutex<T> {
        /// A mutex that holds `value`.
        pub fn new(value: T) -> Self {
            Self(loom::sync::Mutex::new(value))
        }

        /// Waits for the lock.
        pub fn lock(&self) -> MutexGuard<'_, T> {
            MutexGuard(Some(self.0.lock().unwrap()))
        }

        /// The guard, if nobody has it.
        pub fn try_lock(&self) -> Option<MutexGuard<'_, T>> {
            self.0.try_lock().ok().map(|guard| MutexGuard(Some(guard)))
        }

        /// The value, which nobody else can reach.
        pub fn get_mut(&mut self) -> &mut T {
            self.0.get_mut().unwrap()
        }
    }

    impl<T> Deref for MutexGuard<'_, T> {
        type Target = T;
        fn deref(&self) -> &T {
            self.0.as_ref().unwrap()
        }
    }

    impl<T> DerefMut for MutexGuard<'_, T> {
        fn deref_mut(&mut self) -> &mut T {
            self.0.as_mut().unwrap()
        }
    }

    /// Waits for a notice and gives the lock away meanwhile. May return early.
    pub fn wait<T>(condvar: &Condvar, guard: &mut MutexGuard<'_, T>) {
        let inner = guard.0.take().unwrap();
        guard.0 = Some(condvar.wait(inner).unwrap());
    }

    /// [`wait`], whose deadline loom never lets pass: it has no clock.
    pub fn wait_until<T>(
        condvar: &Condvar,
        guard: &mut MutexGuard<'_, T>,
        _deadline: std::time::Instant,
    ) -> bool {
        wait(condvar, guard);
        false
    }
}
