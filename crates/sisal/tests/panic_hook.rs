//! Goal: a panic hook that waits, as one does that sends its text to a fiber, comes to its end, and nobody else sees the panic.
//!
//! Method: a hook that receives, sleeps and locks; what it waits for comes from a bare thread.

use sisal::runtime::Runtime;
use sisal::sync::Mutex;
use sisal::{channel, fiber, time};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;
use std::{panic, thread};

static LOCK: Mutex<()> = Mutex::new(());
static WAITED: AtomicUsize = AtomicUsize::new(0);
static QUESTION: LazyLock<(channel::Sender<()>, channel::Receiver<()>)> =
    LazyLock::new(|| channel::bounded(0));
static ANSWER: LazyLock<(channel::Sender<()>, channel::Receiver<()>)> = LazyLock::new(|| channel::bounded(0));

#[test]
fn a_hook_that_waits_comes_to_its_end() {
    let answers = thread::spawn(|| {
        while QUESTION.1.recv_timeout(Duration::from_secs(60)).is_ok() {
            let held = LOCK.lock();
            ANSWER.0.send(()).unwrap();
            drop(held);
            if WAITED.load(Ordering::SeqCst) == 3 * 4 - 1 {
                return;
            }
        }
    });
    let before = panic::take_hook();
    panic::set_hook(Box::new(|_| {
        QUESTION.0.send(()).unwrap();
        ANSWER.1.recv().unwrap();
        time::sleep(Duration::from_millis(1));
        drop(LOCK.lock());
        fiber::yield_now();
        WAITED.fetch_add(1, Ordering::SeqCst);
    }));
    for workers in [1, 2, 4] {
        let runtime = Runtime::builder().workers(workers).build().unwrap();
        let stays_well = Arc::new(std::sync::Mutex::new(0));
        let innocent = Arc::clone(&stays_well);
        let innocent = runtime.spawn(move || {
            for _ in 0..100 {
                assert!(!thread::panicking());
                *innocent.lock().unwrap() += 1;
                fiber::yield_now();
            }
        });
        for _ in 0..4 {
            let panics = runtime.spawn(|| -> () { panic!("wanted") });
            assert_eq!(*panics.join().unwrap_err().downcast::<&str>().unwrap(), "wanted");
        }
        innocent.join().unwrap();
        assert_eq!(*stays_well.lock().unwrap(), 100);
        runtime.shutdown_timeout(Duration::from_secs(30)).unwrap();
    }
    panic::set_hook(before);
    answers.join().unwrap();
    assert_eq!(WAITED.load(Ordering::SeqCst), 3 * 4);
}
