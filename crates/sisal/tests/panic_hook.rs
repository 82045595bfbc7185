//! Goal: a panic hook that waits blocks its OS thread until what it waits for has come; nobody else runs there meanwhile, so nobody can
//! be in its way, and nobody sees the panic. What waits later, in a `Drop` that unwinds, is suspended.
//!
//! Method: hooks that receive, sleep, lock and read, set before and after their runtime; what they wait for comes from a bare
//! thread. A neighbour on the same worker counts its turns.

use sisal::net::UnixStream;
use sisal::runtime::Runtime;
use sisal::sync::Mutex;
use sisal::{channel, fiber, time};
use std::io::{Read, Write};
use std::panic::{self, panic_any};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, MutexGuard, PoisonError, mpsc};
use std::time::Duration;
use std::{hint, thread};

type Hook = Box<dyn Fn(&panic::PanicHookInfo<'_>) + Send + Sync>;

/// A process has one hook: the tests take turns. Dropped, it puts the hook back that was there.
struct OwnHook {
    before: Option<Hook>,
    _turn: MutexGuard<'static, ()>,
}

impl OwnHook {
    fn set(hook: impl Fn() + Send + Sync + 'static) -> Self {
        static TURN: std::sync::Mutex<()> = std::sync::Mutex::new(());
        let turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |_| hook()));
        Self { before: Some(before), _turn: turn }
    }
}

impl Drop for OwnHook {
    fn drop(&mut self) {
        if !thread::panicking() {
            panic::set_hook(self.before.take().unwrap());
        }
    }
}

/// A bare thread that answers: what a hook waits for.
struct Partner {
    questions: channel::Sender<()>,
    answers: channel::Receiver<()>,
    lock: Arc<Mutex<()>>,
    socket: UnixStream,
}

impl Partner {
    /// It ends with the partner.
    fn new() -> Self {
        let (questions, asked) = channel::bounded(0);
        let (answer, answers) = channel::bounded(0);
        let lock = Arc::new(Mutex::new(()));
        let (socket, theirs) = UnixStream::pair().unwrap();
        let their_lock = Arc::clone(&lock);
        thread::spawn(move || {
            for () in asked {
                let held = their_lock.lock();
                answer.send(()).unwrap();
                // It waits for the lock by now, or will in a moment; both are to be tried.
                thread::sleep(Duration::from_micros(500));
                drop(held);
                (&theirs).write_all(b"x").unwrap();
            }
        });
        Self { questions, answers, lock, socket }
    }

    /// In each way there is.
    fn wait(&self) {
        self.questions.send(()).unwrap();
        self.answers.recv().unwrap();
        assert!(self.answers.recv_timeout(Duration::from_millis(2)).is_err());
        time::sleep(Duration::from_millis(2));
        drop(self.lock.lock());
        (&self.socket).read_exact(&mut [0]).unwrap();
        fiber::yield_now();
        let cut = time::timeout(Duration::from_millis(2), || self.answers.recv());
        assert!(cut.is_err());
    }
}

/// Panics of all kinds.
fn panics(kind: usize) {
    match hint::black_box(kind) % 5 {
        0 => panic!("wanted"),
        1 => panic!("wanted: {kind}"),
        2 => panic_any(kind),
        3 => drop(hint::black_box(None::<u8>).unwrap()),
        _ => assert_eq!(hint::black_box([1, 2])[hint::black_box(kind)], 3),
    }
}

/// One worker, and a fiber on it that counts its turns.
fn neighbour(turns: &Arc<AtomicUsize>, mut in_turn: impl FnMut() + Send + 'static) -> Runtime {
    let runtime = Runtime::builder().workers(1).build().unwrap();
    let turns = Arc::clone(turns);
    runtime.spawn(move || {
        while !fiber::is_cancelled() {
            assert!(!thread::panicking());
            turns.fetch_add(1, SeqCst);
            in_turn();
            fiber::yield_now();
        }
    });
    runtime
}

#[test]
fn nobody_else_runs_there_until_it_has_ended() {
    for set_first in [true, false] {
        let (turns, meanwhile, calls) = <(Arc<AtomicUsize>, Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
        let (seen, ran, count) = (Arc::clone(&turns), Arc::clone(&meanwhile), Arc::clone(&calls));
        let partner = Partner::new();
        let hook = move || {
            let before = seen.load(SeqCst);
            partner.wait();
            ran.fetch_add(seen.load(SeqCst) - before, SeqCst);
            count.fetch_add(1, SeqCst);
        };
        let mut hook = Some(hook);
        let mut own = set_first.then(|| OwnHook::set(hook.take().unwrap()));
        let runtime = neighbour(&turns, || ());
        own = own.or_else(|| hook.map(OwnHook::set));
        for kind in 0..10 {
            assert!(runtime.spawn(move || panics(kind)).join().is_err());
        }
        assert_eq!((calls.load(SeqCst), meanwhile.load(SeqCst)), (10, 0));
        assert!(turns.load(SeqCst) > 0);
        runtime.shutdown_timeout(Duration::from_secs(30)).unwrap();
        drop(own);
    }
}

#[test]
fn a_drop_that_unwinds_is_suspended_and_a_second_panic_in_it_is_not() {
    struct Waits {
        turns: Arc<AtomicUsize>,
        ran_in_drop: Arc<AtomicUsize>,
        depth: usize,
    }
    impl Drop for Waits {
        fn drop(&mut self) {
            let before = self.turns.load(SeqCst);
            time::sleep(Duration::from_millis(2));
            self.ran_in_drop.fetch_add(self.turns.load(SeqCst) - before, SeqCst);
            if self.depth > 0 {
                let (turns, ran_in_drop) = (Arc::clone(&self.turns), Arc::clone(&self.ran_in_drop));
                let inner = Self { turns, ran_in_drop, depth: self.depth - 1 };
                let caught = panic::catch_unwind(panic::AssertUnwindSafe(move || {
                    let _inner = inner;
                    panic!("inside");
                }));
                assert!(caught.is_err());
            }
            assert!(thread::panicking());
        }
    }
    let (turns, in_hook, in_drop) = <(Arc<AtomicUsize>, Arc<AtomicUsize>, Arc<AtomicUsize>)>::default();
    let (seen, ran) = (Arc::clone(&turns), Arc::clone(&in_hook));
    let _own = OwnHook::set(move || {
        let before = seen.load(SeqCst);
        time::sleep(Duration::from_millis(2));
        ran.fetch_add(seen.load(SeqCst) - before, SeqCst);
    });
    let runtime = neighbour(&turns, || ());
    let waits = Waits { turns, ran_in_drop: Arc::clone(&in_drop), depth: 2 };
    let panics = runtime.spawn(move || {
        let _waits = waits;
        panic!("outside");
    });
    assert_eq!(*panics.join().unwrap_err().downcast::<&str>().unwrap(), "outside");
    assert_eq!(in_hook.load(SeqCst), 0);
    assert!(in_drop.load(SeqCst) > 0);
    runtime.shutdown_timeout(Duration::from_secs(30)).unwrap();
}

#[test]
fn who_sets_another_hook_on_the_same_worker_is_not_in_its_way() {
    let _own = OwnHook::set(|| time::sleep(Duration::from_millis(2)));
    let (end, ended) = mpsc::channel();
    thread::spawn(move || {
        // std holds a lock while the hook runs, and who sets one waits for that with the whole thread.
        let runtime = neighbour(&Arc::default(), || panic::set_hook(panic::take_hook()));
        for kind in 0..10 {
            assert!(runtime.spawn(move || panics(kind)).join().is_err());
        }
        runtime.shutdown_timeout(Duration::from_secs(30)).unwrap();
        end.send(()).unwrap();
    });
    ended.recv_timeout(Duration::from_secs(60)).expect("no deadlock");
}

#[test]
fn on_each_size_it_comes_to_its_end_and_others_stay_well() {
    // One hook after the other, each with its OS thread.
    let partner = std::sync::Mutex::new(Partner::new());
    let _own = OwnHook::set(move || partner.lock().unwrap_or_else(PoisonError::into_inner).wait());
    for workers in [1, 2, 4] {
        let runtime = Runtime::builder().workers(workers).build().unwrap();
        let shared = Arc::new(std::sync::Mutex::new(0));
        let innocent = Arc::clone(&shared);
        let innocent = runtime.spawn(move || {
            for _ in 0..100 {
                assert!(!thread::panicking());
                *innocent.lock().unwrap() += 1;
                fiber::yield_now();
            }
        });
        let panics: Vec<_> = (0..4).map(|kind| runtime.spawn(move || panics(kind))).collect();
        assert!(panics.into_iter().all(|panics| panics.join().is_err()));
        innocent.join().unwrap();
        assert_eq!(*shared.lock().unwrap(), 100);
        runtime.shutdown_timeout(Duration::from_secs(30)).unwrap();
    }
}
