//! Who waits for a lock gets it, however greedy the one is who holds it: after 1 ms it is handed over, to a fiber sooner.
//!
//! Method: a hog unlocks only to lock again at once, and the one who waits is so slow to wake up that it always comes too
//! late. How often it had to park says how often it was called in vain.

use sisal_park::cancel::CancelScopes;
use sisal_park::thread::ThreadAgent;
use sisal_park::{Agent, AgentId, Cancellable, Parking, Reason, Waker, Word, agent};
use sisal_sync::{Mutex, MutexGuard, RwLock};
use std::ptr::NonNull;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How late it comes, each time that it is woken.
const LATE: Duration = Duration::from_micros(300);
/// Sections after which the hog gives in, so that a failure is one, and no hang.
const TURNS_MAX: u32 = 2_000;

/// A bare thread that wakes up late, or what looks like a fiber that does.
struct Late {
    own: ThreadAgent,
    is_fiber: bool,
    parks: AtomicU32,
}

impl Agent for Late {
    fn begin_park(&self, deadline: Option<Instant>, reason: Reason, cancellable: Cancellable) -> Parking<'_> {
        self.parks.fetch_add(1, Ordering::Relaxed);
        let parking = self.own.begin_park(deadline, reason, cancellable);
        std::thread::sleep(LATE);
        parking
    }
    fn spins(&self) -> u32 {
        u32::from(!self.is_fiber)
    }
    fn id(&self) -> AgentId {
        self.own.id()
    }
    fn waker(&self) -> Waker {
        self.own.waker()
    }
    fn word(&self) -> &Word {
        self.own.word()
    }
    fn yield_now(&self) {
        self.own.yield_now();
    }
    fn spend(&self) {}
    fn blocking(&self, job: &mut (dyn FnMut() + Send)) {
        self.own.blocking(job);
    }
    fn now(&self) -> Instant {
        self.own.now()
    }
    fn choose(&self, bound: usize) -> usize {
        self.own.choose(bound)
    }
    fn cancel_scopes(&self) -> &CancelScopes {
        self.own.cancel_scopes()
    }
}

/// Calls `wait` on a thread that is late, while this one runs `section` over and over; gives how often it parked.
fn parks_beside_a_hog(is_fiber: bool, section: impl Fn(), wait: impl Fn() + Sync) -> u32 {
    let (runs, over) = (AtomicBool::new(false), AtomicBool::new(false));
    std::thread::scope(|scope| {
        let late = scope.spawn(|| {
            let late: &'static Late =
                Box::leak(Box::new(Late { own: ThreadAgent::new(), is_fiber, parks: AtomicU32::new(0) }));
            let late_agent: &'static dyn Agent = late;
            // SAFETY: it lives for ever, and this thread alone calls it.
            unsafe { agent::install(Some(NonNull::from(late_agent))) };
            while !runs.load(Ordering::Relaxed) {
                std::thread::yield_now();
            }
            wait();
            over.store(true, Ordering::Relaxed);
            // SAFETY: as above.
            unsafe { agent::install(None) };
            late.parks.load(Ordering::Relaxed)
        });
        for _ in 0..TURNS_MAX {
            section();
            runs.store(true, Ordering::Relaxed);
            if over.load(Ordering::Relaxed) {
                break;
            }
        }
        late.join().unwrap()
    })
}

fn work() {
    let end = Instant::now() + Duration::from_micros(20);
    while Instant::now() < end {
        std::hint::spin_loop();
    }
}

/// Parks of `LATE` that begin within 1 ms, and the one at whose end it is in.
const PARKS_OF_A_THREAD: u32 = 5;
/// One that ends too late, and the one at whose end it is in.
const PARKS_OF_A_FIBER: u32 = 2;

#[test]
fn a_mutex_is_handed_over() {
    let mutex = Mutex::new(());
    for (is_fiber, parks_max) in [(false, PARKS_OF_A_THREAD), (true, PARKS_OF_A_FIBER)] {
        let section = || {
            let _guard = mutex.lock();
            work();
        };
        let parks = parks_beside_a_hog(is_fiber, section, || drop(mutex.lock()));
        assert!(parks <= parks_max, "{parks} parks");
    }
}

#[test]
fn a_writer_gets_in_between_writers() {
    let lock = RwLock::new(());
    for (is_fiber, parks_max) in [(false, PARKS_OF_A_THREAD), (true, PARKS_OF_A_FIBER)] {
        let section = || {
            let _guard = lock.write();
            work();
        };
        let parks = parks_beside_a_hog(is_fiber, section, || drop(lock.write()));
        assert!(parks <= parks_max, "{parks} parks");
    }
}

#[test]
fn a_reader_gets_in_between_writers_at_once() {
    let lock = RwLock::new(());
    let section = || {
        let _guard = lock.write();
        work();
    };
    let parks = parks_beside_a_hog(false, section, || drop(lock.read()));
    assert!(parks <= 1, "{parks} parks");
}

#[test]
fn a_fair_unlock_hands_over_at_once() {
    let mutex = Mutex::new(());
    let section = || {
        let guard = mutex.lock();
        work();
        MutexGuard::unlock_fair(guard);
    };
    let parks = parks_beside_a_hog(false, section, || drop(mutex.lock()));
    assert!(parks <= 1, "{parks} parks");
}
