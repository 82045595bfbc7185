//! Goal: a dump that is taken inside a simulation shows all its fibers, by the simulation's clock, the same for the same seed; and reports name
//! the places of the program, not of the library.
//!
//! Method: a program with a fiber of each kind, whose dump is read, twice and after others have run; reports of runs that fail.

use sisal::net::UnixDatagram;
use sisal::sync::Mutex;
use sisal::{channel, dump, fiber, sim, spawn, time};
use std::sync::Arc;
use std::time::Duration;

/// Fibers in each state, seen after a while.
fn text(workers: usize, seed: u64) -> String {
    let program = || {
        let (keep, rx) = channel::bounded::<()>(3);
        let (lock, socket) = (Arc::new(Mutex::new(())), UnixDatagram::pair().unwrap());
        let guard = lock.lock();
        let sleeper =
            fiber::Builder::new().name("sleeper".to_owned()).spawn(|| time::sleep(Duration::from_secs(90)));
        let receivers = [(); 3].map(|()| {
            let rx = rx.clone();
            spawn(move || rx.recv().is_err())
        });
        let locker = spawn({
            let lock = Arc::clone(&lock);
            move || drop(lock.lock())
        });
        let reader = spawn(move || socket.0.recv(&mut [0]).map_err(|error| error.to_string()));
        sim::settle();
        sim::advance(Duration::from_secs(60));
        let fresh = spawn(|| ());
        let seen = dump();
        assert!(seen.fiber(locker.fiber().id()).is_some_and(|seen| seen.to_string().contains("held by #1")));
        drop((guard, keep));
        reader.cancel();
        assert!(reader.join().unwrap().is_err());
        fresh.join().unwrap();
        locker.join().unwrap();
        receivers.into_iter().for_each(|receiver| assert!(receiver.join().unwrap()));
        sleeper.unwrap().join().unwrap();
        seen.to_string()
    };
    sim::Builder::new().workers(workers).run(seed, program).0
}

#[test]
fn a_dump_shows_every_fiber_by_the_simulations_clock() {
    for seed in 0..50 {
        let text = text(2, seed);
        let lines = [
            "7 fibers live on 2 workers; ",
            "3 fibers, parked: recv on channel A (0 of 3), for 60.00 s",
            "fiber #1 'root', runs on worker ",
            "fiber #2 'sleeper', parked: sleep, until +30.00 s, for 60.00 s",
            "fiber #6, parked: mutex B, held by #1, for 60.00 s",
            "fiber #7, parked: read fd 3, for 60.00 s",
            "; #3, #4, #5\n",
        ];
        for line in lines {
            assert!(text.contains(line), "seed {seed}: no {line:?} in\n{text}");
        }
        assert!(!text.contains("0x"), "an address: {text}");
        assert_eq!(text.matches("spawned at crates/sisal/tests/sim_dump.rs:").count(), 5, "{text}");
    }
}

#[test]
fn the_same_seed_gives_the_same_text() {
    for workers in [1, 2, 4] {
        let first: Vec<_> = (0..30).map(|seed| text(workers, seed)).collect();
        // Other ids, other addresses.
        let _others = vec![[0_u8; 100]; 100];
        let again: Vec<_> = (0..30).rev().map(|seed| text(workers, seed)).collect();
        assert!(first.iter().eq(again.iter().rev()));
    }
}

#[test]
fn a_dump_changes_nothing() {
    let run = |dumps: bool| {
        let program = || {
            let fibers = [(); 5].map(|()| spawn(|| time::sleep(Duration::from_millis(1))));
            for fiber in fibers {
                if dumps {
                    assert!(!dump().fibers.is_empty());
                }
                fiber.join().unwrap();
            }
        };
        sim::Builder::new().run(7, program).1
    };
    assert_eq!(run(false), run(true));
}

#[test]
fn a_circle_is_named_although_others_run() {
    let text = sim::Builder::new().allow_leaks(true).run(3, || {
        let locks = Arc::new((Mutex::new(()), Mutex::new(())));
        let other = Arc::clone(&locks);
        drop(spawn(move || {
            let _first = locks.0.lock();
            time::sleep(Duration::from_secs(1));
            drop(locks.1.try_lock_for(Duration::from_secs(3600)));
        }));
        drop(spawn(move || {
            let _second = other.1.lock();
            time::sleep(Duration::from_secs(1));
            drop(other.0.lock());
        }));
        sim::settle();
        sim::advance(Duration::from_secs(2));
        let waits = dump();
        assert_eq!(waits.deadlocks.len(), 0, "one of them gives up: {waits}");
        let (a, b) = (Arc::new(Mutex::new(())), Arc::new(Mutex::new(())));
        for (first, second) in [(&a, &b), (&b, &a)] {
            let (first, second) = (Arc::clone(first), Arc::clone(second));
            drop(spawn(move || {
                let _guard = first.lock();
                time::sleep(Duration::from_secs(1));
                drop(second.lock());
            }));
        }
        sim::settle();
        sim::advance(Duration::from_secs(2));
        dump().to_string()
    });
    assert!(text.0.contains("deadlock of 2 fibers"), "{}", text.0);
    assert!(text.0.contains("    #4 waits for mutex A, held by #5;"), "{}", text.0);
}

#[test]
fn a_report_names_the_places_of_the_program() {
    let here = line!() + 1;
    let report = sim::Builder::new().search(0..1, fiber::park).unwrap();
    let place = format!("spawned at crates/sisal/tests/sim_dump.rs:{here}:");
    assert!(report.contains(&place) && !report.contains("explore.rs"), "{report}");
    assert!(report.contains("1 fiber lives on 2 workers; 0 more have not started"), "{report}");
    assert!(report.contains(&format!("fiber #1 'root' (crates/sisal/tests/sim_dump.rs:{here}:")), "{report}");
}
