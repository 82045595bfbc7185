//! Goal: never more fibers than places, whoever spawns; a place comes back however its fiber ends; who is refused is told why.
//! Method: counters around every closure; fibers that end well, by panic, by cancel, and unrun.

mod common;

use common::{eventually, on_each_size};
use sisal::fiber::Limit;
use sisal::runtime::Runtime;
use sisal::{channel, fiber};
use std::io::ErrorKind;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[test]
fn never_more_than_there_are_places() {
    on_each_size(|| {
        let limit = Limit::new(3);
        let (running, most, done) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicUsize::new(0));
        let counts = Arc::new((running, most, done));
        // Spawned by fibers and by bare threads at once.
        let spawn_many = {
            let (limit, counts) = (limit.clone(), Arc::clone(&counts));
            move || {
                for _ in 0..50 {
                    let counts = Arc::clone(&counts);
                    drop(limit.spawn(move || {
                        let now = counts.0.fetch_add(1, SeqCst) + 1;
                        counts.1.fetch_max(now, SeqCst);
                        fiber::yield_now();
                        counts.0.fetch_sub(1, SeqCst);
                        counts.2.fetch_add(1, SeqCst);
                    }));
                }
            }
        };
        let bare = thread::spawn(spawn_many.clone()); // on the default runtime
        let fibers = [fiber::spawn(spawn_many.clone()), fiber::spawn(spawn_many)];
        fibers.into_iter().for_each(|fiber| fiber.join().unwrap());
        sisal::blocking(|| bare.join().unwrap());
        eventually("all have run", || counts.2.load(SeqCst) == 150);
        eventually("all places are free", || limit.free() == 3);
        assert!((1..=3).contains(&counts.1.load(SeqCst)), "{} at once", counts.1.load(SeqCst));
    });
}

#[test]
fn a_place_comes_back_however_its_fiber_ends() {
    on_each_size(|| {
        let limit = Limit::new(1);
        assert_eq!(limit.spawn(|| 7).join().unwrap(), 7);
        assert!(limit.spawn(|| panic!("on purpose")).join().is_err());
        let (_sender, receiver) = channel::bounded::<()>(0);
        let waits = limit.spawn(move || receiver.recv());
        waits.cancel();
        assert!(waits.join().unwrap().is_err());
        // One place, and it was there each time.
        eventually("the place is free", || limit.free() == 1);
        drop(limit.take());
        assert_eq!((limit.free(), limit.max()), (1, 1));
    });
}

#[test]
fn a_place_comes_back_from_a_fiber_that_never_ran() {
    let limit = Limit::new(4);
    let runtime = Runtime::builder().workers(1).build().unwrap();
    let ended = runtime.run(|| {
        // On the one worker none of them runs before this fiber gives way, which it never does.
        let unrun: Vec<_> = (0..4).map(|_| limit.spawn(|| ())).collect();
        assert_eq!(limit.free(), 0);
        let runtime = &runtime;
        thread::scope(|s| {
            s.spawn(|| runtime.shutdown_timeout(Duration::from_millis(1)).unwrap_err());
        });
        unrun
    });
    eventually("all places are free", || limit.free() == 4);
    assert!(ended.into_iter().all(|handle| handle.join().is_err()));
}

#[test]
fn who_is_refused_is_told_why() {
    on_each_size(|| {
        let limit = Limit::new(2);
        let (go_on, wait) = channel::unbounded::<()>();
        let taken: Vec<_> = (0..2)
            .map(|_| {
                let wait = wait.clone();
                limit.try_spawn(move || wait.recv().unwrap()).unwrap()
            })
            .collect();
        let refused = limit.try_spawn(|| unreachable!("refused")).map(drop).unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::ResourceBusy);
        let text = refused.to_string();
        assert!(text.contains("all 2 places") && text.contains("Limit::new"), "{text}");
        assert!(limit.try_take().is_none());
        (0..2).for_each(|_| go_on.send(()).unwrap());
        taken.into_iter().for_each(|handle| handle.join().unwrap());
        eventually("both places are free", || limit.free() == 2);
        limit.try_spawn(|| ()).unwrap().join().unwrap();
    });
}

#[test]
fn a_spawn_that_fails_gives_its_place_back() {
    let limit = Limit::new(2);
    let runtime = Runtime::builder().workers(1).max_fibers(2).build().unwrap();
    runtime.run(|| {
        let (go_on, wait) = channel::bounded::<()>(0);
        let other = fiber::spawn(move || wait.recv().unwrap());
        fiber::yield_now();
        let error = limit.try_spawn(|| ()).map(drop).unwrap_err();
        assert!(error.to_string().contains("max_fibers"), "{error}");
        assert_eq!(limit.free(), 2);
        go_on.send(()).unwrap();
        other.join().unwrap();
    });
}
