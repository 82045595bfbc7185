//! Goal: a dump names every fiber, what it does and waits for; identical ones are one entry, and circles are deadlocks.
//! Method: programs whose fibers are known to stand in a certain place; dumps are taken until they all do.

use sisal::runtime::{Dump, FiberDump, FiberState, Reason, Runtime};
use sisal::sync::{Barrier, Condvar, Mutex, Notify, RwLock, Semaphore};
use sisal::{channel, fiber, net};
use std::io::Read;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

fn runtime(workers: usize) -> Runtime {
    Runtime::builder().workers(workers).hog_threshold(Duration::MAX).build().unwrap()
}

/// A dump that satisfies `settled`.
fn settled(runtime: &Runtime, settled: impl Fn(&Dump) -> bool) -> Dump {
    let end = Instant::now() + PATIENCE;
    loop {
        let dump = runtime.dump();
        if settled(&dump) {
            return dump;
        }
        assert!(Instant::now() < end, "it does not settle:\n{dump}");
        std::thread::yield_now();
    }
}

fn named<'a>(dump: &'a Dump, name: &str) -> Option<&'a FiberDump> {
    dump.fibers.iter().find(|fiber| fiber.name.as_deref() == Some(name))
}

/// Spawns a fiber of that name.
#[track_caller]
fn go(runtime: &Runtime, name: &str, f: impl FnOnce() + Send + 'static) -> fiber::JoinHandle<()> {
    fiber::Builder::new().name(name.to_owned()).spawn_on(runtime.handle(), f).unwrap()
}

/// What the waits below wait for.
struct Things {
    mutex: Mutex<()>,
    rwlock: RwLock<()>,
    semaphore: Semaphore,
    barrier: Barrier,
    notify: Notify,
    done: Mutex<bool>,
    condvar: Condvar,
    goes_on: AtomicBool,
}

impl Things {
    fn new() -> Self {
        Self {
            mutex: Mutex::new(()),
            rwlock: RwLock::new(()),
            semaphore: Semaphore::new(0),
            barrier: Barrier::new(2),
            notify: Notify::new(),
            done: Mutex::new(false),
            condvar: Condvar::new(),
            goes_on: AtomicBool::new(false),
        }
    }

    /// Ends the waits for them.
    fn release(&self) {
        self.goes_on.store(true, Ordering::Relaxed);
        self.semaphore.add_permits(1);
        self.barrier.wait();
        self.notify.notify_one();
        *self.done.lock() = true;
        self.condvar.notify_all();
    }
}

/// A name, what waits, and whether that is its reason.
type Wait = (&'static str, fn(&Things), fn(Reason) -> bool);

const WAITS: &[Wait] = &[
    ("mutex", |things| drop(things.mutex.lock()), |reason| matches!(reason, Reason::Mutex(_))),
    ("rwlock", |things| drop(things.rwlock.read()), |reason| matches!(reason, Reason::Lock(_))),
    (
        "semaphore",
        |things| things.semaphore.acquire().forget(),
        |reason| matches!(reason, Reason::Semaphore(_)),
    ),
    (
        "barrier",
        |things| {
            things.barrier.wait();
        },
        |reason| matches!(reason, Reason::Barrier(_)),
    ),
    ("notify", |things| things.notify.wait(), |reason| matches!(reason, Reason::Notify(_))),
    (
        "condvar",
        |things| things.condvar.wait_while(&mut things.done.lock(), |done| !*done),
        |reason| matches!(reason, Reason::Condvar(_)),
    ),
    (
        "blocking",
        |things| {
            sisal::blocking(|| {
                while !things.goes_on.load(Ordering::Relaxed) {
                    std::thread::yield_now()
                }
            })
        },
        |reason| reason == Reason::Blocking,
    ),
    ("park", |_| fiber::park(), |reason| reason == Reason::Park),
    ("sleep", |_| fiber::sleep(Duration::from_secs(3600)), |reason| reason == Reason::Sleep),
];

fn all_parked(count: usize) -> impl Fn(&Dump) -> bool {
    move |dump| {
        let parked =
            dump.fibers.iter().filter(|fiber| fiber.state == FiberState::Parked && fiber.waits_for.is_some());
        dump.fibers.len() == count && parked.count() == count
    }
}

#[test]
fn each_wait_has_its_reason() {
    let runtime = runtime(2);
    let things = Arc::new(Things::new());
    let held = (things.mutex.lock(), things.rwlock.write());
    let fibers: Vec<_> = WAITS
        .iter()
        .map(|(name, wait, _)| {
            go(&runtime, name, {
                let things = Arc::clone(&things);
                move || wait(&things)
            })
        })
        .collect();
    let dump = settled(&runtime, all_parked(WAITS.len()));
    let text = dump.to_string();
    for (name, _, is_reason) in WAITS {
        let fiber = named(&dump, name).unwrap();
        assert!(is_reason(fiber.waits_for.unwrap()), "{name}: {fiber}");
        assert!(text.contains(&format!("'{name}'")), "{text}");
    }
    let owner = fiber::current().id();
    assert_eq!(named(&dump, "mutex").unwrap().awaits, Some(owner));
    assert!(text.contains(&format!("held by {owner}")) && text.contains("sleep, until +3"), "{text}");
    assert!(text.contains("tests/dump.rs:") && dump.deadlocks.is_empty(), "{text}");
    drop(held);
    things.release();
    fibers
        .iter()
        .filter(|fiber| ["sleep", "park"].contains(&fiber.fiber().name().unwrap()))
        .for_each(|f| f.cancel());
    fibers.into_iter().for_each(|fiber| fiber.join().unwrap());
}

#[test]
fn channels_sockets_and_joins_are_told_apart() {
    let runtime = runtime(2);
    let (send, receive) = channel::bounded::<()>(16);
    let (offer, accept) = channel::bounded::<()>(0);
    let listener = net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut stream = net::TcpStream::connect(address).unwrap();
    let (peer, _) = listener.accept().unwrap();
    let sends = offer.clone();
    let fibers = [
        go(&runtime, "recv", move || assert!(receive.recv().is_err())),
        go(&runtime, "send", move || sends.send(()).unwrap()),
        go(&runtime, "read", move || assert_eq!(stream.read(&mut [0]).unwrap(), 0)),
        go(&runtime, "join", || {
            fiber::Builder::new().name("joined".into()).spawn(fiber::park).unwrap().join().unwrap()
        }),
        go(&runtime, "select", move || sisal::select! { send(offer, ()) -> sent => sent.unwrap() }),
        go(&runtime, "never", || assert!(channel::never::<()>().recv().is_err())),
    ];
    let dump = settled(&runtime, all_parked(fibers.len() + 1));
    let text = dump.to_string();
    let read = format!("read tcp {} with {address}", peer.peer_addr().unwrap());
    for part in ["(0 of 16)", "(rendezvous)", &read, "join of #", "never has a message"] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    assert!(matches!(named(&dump, "recv").unwrap().waits_for, Some(Reason::Recv(..))), "{text}");
    assert!(matches!(named(&dump, "send").unwrap().waits_for, Some(Reason::Send(..))), "{text}");
    assert_eq!(named(&dump, "join").unwrap().awaits, Some(named(&dump, "joined").unwrap().id));
    drop((send, peer));
    assert_eq!((accept.recv(), accept.recv()), (Ok(()), Ok(())));
    runtime.shutdown_timeout(PATIENCE).unwrap();
    fibers.into_iter().for_each(|fiber| fiber.join().unwrap());
}

#[test]
fn identical_fibers_are_one_entry() {
    const CROWD: usize = 10_000;
    let runtime = runtime(2);
    let (send, receive) = channel::unbounded::<()>();
    let mut crowd = Vec::new();
    for _ in 0..CROWD {
        let receive = receive.clone();
        crowd.push(runtime.spawn(move || assert!(receive.recv().is_err())));
    }
    let dump = settled(&runtime, all_parked(CROWD));
    let text = dump.to_string();
    assert_eq!(dump.groups().len(), 1, "{text}");
    assert!(text.contains("10000 fibers, parked: recv on channel") && text.lines().count() < 30, "{text}");
    drop(send);
    crowd.into_iter().for_each(|fiber| fiber.join().unwrap());
}

#[test]
fn circles_of_locks_and_joins_are_deadlocks() {
    for workers in [1, 2, 4] {
        let runtime = runtime(workers);
        let (first, second) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
        let both_have_one = Arc::new(Barrier::new(2));
        let take = |a: &Arc<Mutex<()>>, b: &Arc<Mutex<()>>| {
            let (a, b, barrier) = (Arc::clone(a), Arc::clone(b), Arc::clone(&both_have_one));
            move || {
                let _a = a.lock();
                barrier.wait();
                drop(b.lock());
            }
        };
        let stuck =
            [go(&runtime, "left", take(&first, &second)), go(&runtime, "right", take(&second, &first))];
        let behind = go(&runtime, "behind", {
            let first = Arc::clone(&first);
            move || drop(first.lock())
        });
        // Joins the one that waits for it.
        let third = Arc::new(Mutex::new(()));
        let joins = go(&runtime, "joins", move || {
            let guard = third.lock();
            let third = Arc::clone(&third);
            fiber::Builder::new()
                .name("joined".into())
                .spawn(move || drop(third.lock()))
                .unwrap()
                .join()
                .unwrap();
            drop(guard);
        });
        let dump = settled(&runtime, |dump| dump.deadlocks.len() == 2);
        let id = |name: &str| named(&dump, name).unwrap().id;
        let mut circles = dump.deadlocks.clone();
        circles.iter_mut().for_each(|circle| circle.sort_unstable());
        let mut expected = vec![vec![id("left"), id("right")], vec![id("joins"), id("joined")]];
        expected.iter_mut().for_each(|circle| circle.sort_unstable());
        circles.sort_unstable();
        expected.sort_unstable();
        assert_eq!(circles, expected, "{dump}");
        let text = dump.to_string();
        assert!(
            text.contains("deadlock of 2 fibers") && text.contains("'left' waits for mutex 0x"),
            "{text}"
        );
        // They wait for ever.
        std::mem::forget((stuck, behind, joins));
        runtime.leak();
    }
}

#[test]
fn circles_through_writers_are_deadlocks_and_through_readers_unknown() {
    let runtime = runtime(2);
    let (lock, mutex) = (Arc::new(RwLock::new(())), Arc::new(Mutex::new(())));
    let both_have_one = Arc::new(Barrier::new(2));
    let writes = go(&runtime, "writes", {
        let (lock, mutex, barrier) = (Arc::clone(&lock), Arc::clone(&mutex), Arc::clone(&both_have_one));
        move || {
            let _writer = lock.write();
            barrier.wait();
            drop(mutex.lock());
        }
    });
    let reads = go(&runtime, "reads", move || {
        let _guard = mutex.lock();
        both_have_one.wait();
        drop(lock.read());
    });
    let dump = settled(&runtime, |dump| dump.deadlocks.len() == 1);
    let mut circle = dump.deadlocks[0].clone();
    circle.sort_unstable();
    let mut expected = ["writes", "reads"].map(|name| named(&dump, name).unwrap().id);
    expected.sort_unstable();
    assert_eq!(circle, expected, "{dump}");
    let text = dump.to_string();
    let writer = named(&dump, "writes").unwrap().id;
    assert!(
        text.contains("'reads' waits for lock 0x") && text.contains(&format!("held by {writer}")),
        "{text}"
    );
    // One who writes no more is waited for by nobody.
    let lock = Arc::new(RwLock::new(()));
    let reader = sisal::sync::RwLockWriteGuard::downgrade(lock.write());
    let upgrades = go(&runtime, "upgrades", {
        let lock = Arc::clone(&lock);
        move || drop(sisal::sync::RwLockUpgradableReadGuard::upgrade(lock.upgradable_read()))
    });
    let is_parked = |dump: &Dump| named(dump, "upgrades").is_some_and(|fiber| fiber.waits_for.is_some());
    let dump = settled(&runtime, is_parked);
    assert_eq!(named(&dump, "upgrades").unwrap().awaits, None, "{dump}");
    drop(reader);
    upgrades.join().unwrap();
    // They wait for ever.
    std::mem::forget((writes, reads));
    runtime.leak();
}

/// What looks like a circle at two different moments is none.
#[test]
fn fibers_that_take_locks_in_turn_are_no_deadlock() {
    for workers in [1, 2, 4] {
        let runtime = runtime(workers);
        let locks = Arc::new([const { Mutex::new(0_u64) }; 2]);
        let ends = Arc::new(AtomicBool::new(false));
        let fibers: Vec<_> = (0..8)
            .map(|n| {
                let (locks, ends) = (Arc::clone(&locks), Arc::clone(&ends));
                runtime.spawn(move || {
                    while !ends.load(Ordering::Relaxed) {
                        for place in [n % 2, (n + 1) % 2] {
                            let mut guard = locks[place].lock();
                            *guard += 1;
                            sisal::yield_now();
                        }
                    }
                })
            })
            .collect();
        settled(&runtime, |dump| dump.fibers.len() == 8);
        for _ in 0..300 {
            let dump = runtime.dump();
            assert!(dump.deadlocks.is_empty() && dump.fibers.len() == 8, "{dump}");
        }
        ends.store(true, Ordering::Relaxed);
        fibers.into_iter().for_each(|fiber| fiber.join().unwrap());
    }
}

#[test]
fn a_hog_is_named_and_does_not_hold_the_dump() {
    let runtime = runtime(2);
    let ends = Arc::new(AtomicBool::new(false));
    let hog = go(&runtime, "hog", {
        let ends = Arc::clone(&ends);
        move || while !ends.load(Ordering::Relaxed) {}
    });
    let dump =
        settled(&runtime, |dump| named(dump, "hog").is_some_and(|hog| hog.state == FiberState::Running));
    assert_eq!(named(&dump, "hog").unwrap().id, hog.fiber().id());
    let silent = dump.workers.iter().filter(|worker| !worker.has_answered).count();
    assert_eq!((silent, dump.workers.len()), (1, 2));
    assert!(
        dump.to_string().contains("fiber #") && dump.to_string().contains("'hog', runs on worker"),
        "{dump}"
    );
    ends.store(true, Ordering::Relaxed);
    hog.join().unwrap();
}

/// On Linux, where its worker is interrupted.
#[test]
fn those_behind_a_hog_are_known() {
    let runtime = runtime(1);
    let parked = go(&runtime, "behind", fiber::park);
    settled(&runtime, all_parked(1));
    let ends = Arc::new(AtomicBool::new(false));
    let hog = go(&runtime, "hog", {
        let ends = Arc::clone(&ends);
        move || while !ends.load(Ordering::Relaxed) {}
    });
    let dump = settled(&runtime, |dump| {
        named(dump, "hog").is_some_and(|hog| hog.state == FiberState::Running)
            && dump.workers[0].is_complete == cfg!(target_os = "linux")
    });
    if dump.workers[0].is_complete {
        let behind = named(&dump, "behind").unwrap();
        assert_eq!((behind.state, behind.waits_for), (FiberState::Parked, Some(Reason::Park)), "{dump}");
        assert_eq!(behind.id, parked.fiber().id());
    }
    ends.store(true, Ordering::Relaxed);
    parked.fiber().unpark();
    hog.join().unwrap();
    parked.join().unwrap();
}

#[test]
fn a_fiber_dumps_too_and_is_listed() {
    for workers in [1, 2, 4] {
        let runtime = runtime(workers);
        let (id, dump) = runtime.run(|| (fiber::current().id(), sisal::dump()));
        let own: Vec<_> = dump.fibers.iter().filter(|fiber| fiber.id == id).collect();
        assert_eq!(own.len(), 1, "{dump}");
        // Ready, if its own worker was late.
        assert!(matches!(own[0].waits_for, Some(Reason::Dump) | None), "{dump}");
        // Two that dump at the same time do not wait for one another.
        let both: Vec<_> = (0..2).map(|_| runtime.spawn(sisal::dump)).collect();
        assert!(
            both.into_iter().all(|fiber| fiber
                .join()
                .unwrap()
                .workers
                .iter()
                .all(|worker| worker.has_answered))
        );
    }
}

/// Nothing is lost while a busy program is dumped all the time: in a debug build 1,000 times, or `SISAL_TEST_DUMPS` times.
#[test]
fn a_busy_program_is_not_disturbed() {
    const DUMPS: usize = if cfg!(debug_assertions) { 1_000 } else { 10_000 };
    let dumps = std::env::var("SISAL_TEST_DUMPS").map_or(DUMPS, |count| count.parse().unwrap());
    let runtime = runtime(4);
    let ends = Arc::new(AtomicBool::new(false));
    let relays: Vec<_> = (0..16).map(|n| runtime.spawn(relay(n, Arc::clone(&ends)))).collect();
    settled(&runtime, |dump| dump.fibers.len() >= relays.len());
    for _ in 0..dumps {
        let dump = runtime.dump();
        assert!(dump.fibers.len() >= relays.len() && dump.deadlocks.is_empty(), "{dump}");
    }
    ends.store(true, Ordering::Relaxed);
    for relay in relays {
        let (sent, received) = relay.join().unwrap();
        assert!(sent == received && sent > 0, "{sent} sent, {received} received");
    }
    assert_eq!(runtime.shutdown_timeout(PATIENCE).map_err(|error| error.to_string()), Ok(()));
}

/// Sends numbers round a ring of fibers, with sleeps, locks and fresh fibers in between.
fn relay(n: u64, ends: Arc<AtomicBool>) -> impl FnOnce() -> (u64, u64) + Send {
    move || {
        let (there, far) = channel::bounded::<u64>(n as usize % 3);
        let (near, back) = channel::bounded::<u64>(n as usize % 2);
        let sum = Arc::new(Mutex::new(0));
        let other = sisal::spawn({
            let sum = Arc::clone(&sum);
            move || {
                for number in far {
                    *sum.lock() += sisal::spawn(move || number).join().unwrap();
                    near.send(number).unwrap();
                }
            }
        });
        let mut sent = 0;
        while !ends.load(Ordering::Relaxed) {
            there.send(n + 1).unwrap();
            sent += n + 1;
            assert_eq!(back.recv(), Ok(n + 1));
            if sent % 64 == 0 {
                sisal::sleep(Duration::from_micros(50));
            }
        }
        drop(there);
        other.join().unwrap();
        let received = *sum.lock();
        (sent, received)
    }
}
