//! The monitor: one thread a runtime, which ticks every 10 ms while something runs.
//!
//! Knows nothing of fibers. Its tick is what time slices are counted in; it pays wake-ups that were owed, turns the
//! reactor of a worker that has not come back to its loop since the last tick, and gives the memory of cold stacks back.
//!
//! When there was nothing to do and all workers have slept for [`QUIET_TICKS`] ticks it sleeps too, without a deadline, and
//! the first worker to leave its sleep wakes it: once in 5 s at most, since a wake-up costs the worker some 7,000 ns.
//!
//! Race: the monitor finds all asleep. A worker wakes, looks, finds the monitor awake. The monitor sleeps; nobody ticks.
//! So: monitor: set `asleep`, `fence(SeqCst)`, look at the workers again; worker: leave `ASLEEP`, `fence(SeqCst)`, look at
//! `asleep`. One of the two sees the other.

use sisal_base::CachePadded;
use sisal_base::sync::atomic::{AtomicBool, AtomicU32, Ordering, fence};
use sisal_base::sync::{Condvar, Mutex, wait, wait_until};
use std::time::{Duration, Instant};

/// The length of a tick, and of a fiber's time slice (which ends at the second tick that it sees).
pub(crate) const TICK: Duration = Duration::from_millis(10);
/// Ticks without an awake worker before the monitor sleeps.
const QUIET_TICKS: u32 = 500;

/// The tick that workers read, and the monitor's own bed.
pub(crate) struct Monitor {
    tick: CachePadded<AtomicU32>,
    /// When tick 0 began.
    start: Instant,
    asleep: AtomicBool,
    stop: Mutex<bool>,
    wake: Condvar,
}

/// What the monitor asks of the runtime once a tick.
pub(crate) trait Watched {
    /// Does what is due each tick; whether there is more to do: a worker is awake, or stacks are being given back.
    fn on_tick(&self) -> bool;
    /// Whether any worker is awake.
    fn any_awake(&self) -> bool;
}

impl Monitor {
    pub(crate) fn new() -> Self {
        Self {
            tick: CachePadded::new(AtomicU32::new(0)),
            start: Instant::now(),
            asleep: AtomicBool::new(false),
            stop: Mutex::new(false),
            wake: Condvar::new(),
        }
    }

    /// The number of the current tick; wraps.
    #[inline(always)]
    pub(crate) fn tick(&self) -> u32 {
        self.tick.load(Ordering::Relaxed)
    }

    /// Moves the tick on to what the clock says. Ticks while the monitor sleeps are counted when somebody asks, or it wakes.
    pub(crate) fn advance(&self) -> u32 {
        let due = (self.start.elapsed().as_nanos() / TICK.as_nanos()) as u32;
        let moved = |tick: u32| (due.wrapping_sub(tick) as i32 > 0).then_some(due);
        match self.tick.fetch_update(Ordering::Relaxed, Ordering::Relaxed, moved) {
            Ok(_) => due,
            Err(tick) => tick,
        }
    }

    /// Called by a worker that has left its sleep.
    #[inline]
    pub(crate) fn worker_is_awake(&self) {
        // Pairs with the fence in `run`.
        fence(Ordering::SeqCst);
        if self.asleep.load(Ordering::Relaxed) {
            self.rouse();
        }
    }

    #[cold]
    fn rouse(&self) {
        self.advance();
        let _stop = self.stop.lock();
        self.asleep.swap(false, Ordering::Relaxed);
        self.wake.notify_one();
    }

    /// Ends [`run`](Self::run).
    pub(crate) fn stop(&self) {
        *self.stop.lock() = true;
        self.wake.notify_one();
    }

    /// The monitor's thread.
    pub(crate) fn run(&self, watched: &impl Watched) {
        let mut quiet = 0;
        let mut stop = self.stop.lock();
        while !*stop {
            let next = Instant::now() + TICK;
            while !*stop && !wait_until(&self.wake, &mut stop, next) {}
            drop(stop);
            self.advance();
            quiet = if watched.on_tick() { 0 } else { quiet + 1 };
            stop = self.stop.lock();
            if quiet >= QUIET_TICKS && !*stop {
                quiet = 0;
                self.asleep.swap(true, Ordering::Relaxed);
                // Pairs with the fence in `worker_is_awake`.
                fence(Ordering::SeqCst);
                if watched.any_awake() {
                    self.asleep.swap(false, Ordering::Relaxed);
                }
                while self.asleep.load(Ordering::Relaxed) && !*stop {
                    wait(&self.wake, &mut stop);
                }
            }
        }
    }
}
