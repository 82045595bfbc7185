//! Goal: a parked fiber shows the functions that it is in, and is as parked as before.
//! Method: known calls are looked for in the names; and fibers that are woken all the time are photographed all the time.

use sisal::fiber;
use sisal::runtime::{Backtrace, Dump, FiberDump, FiberState, Runtime};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(60);

fn runtime(workers: usize) -> Runtime {
    Runtime::builder().workers(workers).build().unwrap()
}

/// A dump in which so many fibers are parked.
fn all_parked(runtime: &Runtime, count: usize) -> Dump {
    let end = Instant::now() + PATIENCE;
    loop {
        let dump = runtime.dump();
        if dump.fibers.iter().filter(|fiber| fiber.state == FiberState::Parked).count() == count {
            return dump;
        }
        assert!(Instant::now() < end, "it does not settle:\n{dump}");
        std::thread::yield_now();
    }
}

/// Waits on a bigger stack than its own.
#[inline(never)]
fn grow_and_wait(inner: fn(usize)) {
    fiber::grow(1 << 20, || inner(2));
    std::hint::black_box(());
}

fn named<'a>(dump: &'a Dump, name: &str) -> Option<&'a FiberDump> {
    dump.fibers.iter().find(|fiber| fiber.name.as_deref() == Some(name))
}

/// Spawns a fiber of that name.
fn go(runtime: &Runtime, name: &str, f: impl FnOnce() + Send + 'static) -> fiber::JoinHandle<()> {
    fiber::Builder::new().name(name.to_owned()).spawn_on(runtime.handle(), f).unwrap()
}

#[test]
fn a_parked_fiber_shows_the_functions_that_it_is_in() {
    #[inline(never)]
    fn inner(depth: usize) {
        if depth == 0 {
            fiber::park();
        } else {
            inner(depth - 1);
        }
        std::hint::black_box(depth);
    }

    for workers in [1, 2] {
        let runtime = runtime(workers);
        let plain = go(&runtime, "plain", || inner(5));
        let inside = go(&runtime, "inside", || {
            sisal::coroutine::iter(|_: &sisal::coroutine::Yielder<(), ()>| inner(2)).for_each(drop);
        });
        let grown = go(&runtime, "grown", || grow_and_wait(inner));
        let dump = all_parked(&runtime, 3);
        let frames = |name: &str| match &named(&dump, name).unwrap().backtrace {
            Backtrace::Frames(frames) => frames.to_vec(),
            other => panic!("{name}: {other:?}"),
        };
        let calls = |name: &str| frames(name).iter().filter(|frame| frame.contains("inner at ")).count();
        // Where it is optimised, some of these are one.
        let expected = if cfg!(debug_assertions) { (6, 3) } else { (1, 1) };
        assert!(calls("plain") >= expected.0 && calls("inside") >= expected.1, "{dump}");
        // Those on the bigger stack, and those on its own.
        let around = frames("grown").iter().filter(|frame| frame.contains("grow_and_wait at ")).count();
        assert!(calls("grown") >= expected.1 && around >= 1, "{dump}");
        let outermost = frames("plain").last().unwrap().clone();
        assert!(outermost.contains("closure") && outermost.contains("dump_frames.rs:"), "{dump}");
        let used = named(&dump, "plain").unwrap().stack_used.unwrap();
        assert!((500..32 * 1024).contains(&used), "{used}");
        for fiber in [plain, inside, grown] {
            fiber.fiber().unpark();
            fiber.join().unwrap();
        }
    }
}

/// A wake that comes while the frames are walked is one that counts.
#[test]
fn those_who_are_woken_while_they_are_photographed_wake() {
    const DUMPS: usize = if cfg!(debug_assertions) { 300 } else { 3_000 };
    for workers in [1, 2, 4] {
        let runtime = runtime(workers);
        let ends = Arc::new(AtomicBool::new(false));
        let pairs: Vec<_> = (0..8).map(|_| parks_and_unparks(&runtime, &ends)).collect();
        // A worker to which the machine gives no processor for 100 ms has not answered.
        let mut answers = 0;
        for _ in 0..DUMPS {
            answers += runtime.dump().workers.iter().filter(|worker| worker.has_answered).count();
        }
        assert!(answers > 0);
        ends.store(true, Ordering::Relaxed);
        let rounds: Vec<u64> = pairs.into_iter().map(|thread| thread.join().unwrap()).collect();
        assert!(rounds.iter().all(|rounds| *rounds > 0), "{rounds:?}");
        runtime.shutdown_timeout(PATIENCE).unwrap();
    }
}

/// A thread that unparks a fiber, and waits each time until the fiber has counted it; how often.
fn parks_and_unparks(runtime: &Runtime, ends: &Arc<AtomicBool>) -> std::thread::JoinHandle<u64> {
    let counted = Arc::new(AtomicU64::new(0));
    let fiber = runtime.spawn({
        let (counted, ends) = (Arc::clone(&counted), Arc::clone(ends));
        move || {
            while !ends.load(Ordering::Relaxed) {
                fiber::park();
                counted.fetch_add(1, Ordering::Relaxed);
            }
        }
    });
    let ends = Arc::clone(ends);
    std::thread::spawn(move || {
        let mut rounds = 0;
        while !ends.load(Ordering::Relaxed) {
            let before = counted.load(Ordering::Relaxed);
            fiber.fiber().unpark();
            let start = Instant::now();
            while counted.load(Ordering::Relaxed) == before && !fiber.is_finished() {
                assert!(start.elapsed() < PATIENCE, "a wake is lost");
                std::thread::yield_now();
            }
            rounds += 1;
        }
        fiber.fiber().unpark();
        fiber.join().unwrap();
        rounds
    })
}
