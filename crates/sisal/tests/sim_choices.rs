//! Goal: every choice of the scheduler is drawn from the seed.
//!
//! Method: for each kind of choice a program in which there is one to be made; the logs of its seeds must show different answers. And the log of a
//! seed is the same text each time.

use sisal::sync::{Mutex, Notify};
use sisal::{channel, fiber, select, sim, spawn, time};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// The different answers that seeds give to choices about `what`.
fn answers(what: &str, workers: usize, program: fn()) -> BTreeSet<String> {
    let builder = sim::Builder::new().workers(workers).schedule(sim::Schedule::Random);
    let start = format!("choice: {what}, ");
    let mut answers = BTreeSet::new();
    for seed in 0..200 {
        let log = builder.log(seed, program);
        let choices = log.lines().filter_map(|line| line.split_once(&start));
        answers.extend(choices.map(|(_, answer)| answer.to_owned()));
    }
    answers
}

/// Asserts that each of the `expected` answers ("2 of 3") was drawn.
fn all_are_drawn(what: &str, workers: usize, program: fn(), expected: &[&str]) {
    let answers = answers(what, workers, program);
    for answer in expected {
        assert!(answers.contains(*answer), "{what}: no {answer:?} among {answers:?}");
    }
}

/// Some fibers with something to do.
fn busy() {
    let fibers: Vec<_> = (0..6)
        .map(|_| {
            spawn(|| {
                sisal::yield_now();
                fiber::checkpoint();
                sisal::yield_now();
            })
        })
        .collect();
    fibers.into_iter().for_each(|fiber| fiber.join().unwrap());
}

/// One fiber wakes four.
fn wakes() {
    let notify = Arc::new(Notify::new());
    let waiters: Vec<_> = (0..4)
        .map(|_| {
            let notify = Arc::clone(&notify);
            spawn(move || notify.wait())
        })
        .collect();
    sim::settle();
    notify.notify_all();
    waiters.into_iter().for_each(|waiter| waiter.join().unwrap());
}

#[test]
fn which_worker_has_its_turn() {
    all_are_drawn("worker", 3, busy, &["0 of 3", "1 of 3", "2 of 3"]);
}

#[test]
fn the_order_of_queues() {
    all_are_drawn("queue", 2, busy, &["0 of 2", "1 of 2", "1 of 3"]);
}

#[test]
fn who_is_ready_first() {
    fn hand_over() {
        let (tx, rx) = channel::bounded(0);
        let receiver = spawn(move || rx.iter().count());
        (0..4).for_each(|n| tx.send(n).unwrap());
        drop(tx);
        assert_eq!(receiver.join().unwrap(), 4);
    }
    all_are_drawn("ready-first", 1, hand_over, &["0 of 2", "1 of 2"]);
}

#[test]
fn when_a_turn_looks_around() {
    all_are_drawn("look around", 1, busy, &["0 of 4", "3 of 4"]);
}

#[test]
fn the_victim_of_a_theft() {
    all_are_drawn("victim", 3, busy, &["0 of 3", "1 of 3", "2 of 3"]);
}

#[test]
fn the_size_of_a_loot() {
    all_are_drawn("steal size", 2, busy, &["0 of 3", "1 of 3", "2 of 3"]);
}

#[test]
fn the_wake_of_a_sleeping_worker() {
    fn quiet_first() {
        sim::settle();
        busy();
    }
    all_are_drawn("late wake", 2, quiet_first, &["0 of 4", "3 of 4"]);
}

#[test]
fn the_order_of_the_woken() {
    all_are_drawn("wake order", 1, wakes, &["0 of 4", "3 of 4"]);
}

#[test]
fn timers_of_one_moment() {
    fn sleepers() {
        let end = time::now() + Duration::from_secs(1);
        let sleepers: Vec<_> = (0..4).map(|_| spawn(move || time::sleep_until(end))).collect();
        sleepers.into_iter().for_each(|sleeper| sleeper.join().unwrap());
    }
    all_are_drawn("timer tie", 1, sleepers, &["0 of 4", "1 of 4", "2 of 4", "3 of 4"]);
}

#[test]
fn parks_that_return_for_no_reason() {
    all_are_drawn("early return", 1, wakes, &["0 of 16", "15 of 16"]);
}

#[test]
fn the_length_of_a_time_slice() {
    all_are_drawn("slice", 1, busy, &["0 of 8", "1 of 8", "7 of 8"]);
}

#[test]
fn the_end_of_a_call_that_blocks() {
    fn call() {
        assert_eq!(sisal::blocking(|| 7), 7);
    }
    all_are_drawn("blocking end", 1, call, &["0 of 4", "3 of 4"]);
}

#[test]
fn the_first_arm_of_a_select() {
    fn choose() -> usize {
        let ((a, as_), (b, bs)) = (channel::bounded(1), channel::bounded(1));
        a.send(()).unwrap();
        b.send(()).unwrap();
        select! { recv(as_) -> _ => 0, recv(bs) -> _ => 1 }
    }
    let chosen: BTreeSet<_> = (0..50).map(|seed| sim::run(seed, choose)).collect();
    assert_eq!(chosen.len(), 2);
    all_are_drawn("operation", 1, || assert!(choose() < 2), &["0 of 2", "1 of 2"]);
}

#[test]
fn the_log_is_the_same_text_and_tells_all() {
    let program = || {
        let shared = Arc::new(Mutex::new(0));
        let other = fiber::Builder::new().name("other".into()).spawn({
            let shared = Arc::clone(&shared);
            move || {
                time::sleep(Duration::from_secs(1));
                *shared.lock() += 1;
            }
        });
        other.unwrap().join().unwrap();
    };
    for seed in 0..100 {
        let [log, again] = [(); 2].map(|()| sim::Builder::new().log(seed, program));
        assert_eq!(log, again);
        for line in ["#1 spawns #2", "the simulation wakes #2", "#2 wakes #1", "waits: join of", "'other'"] {
            assert!(log.contains(line), "seed {seed}: no {line:?} in\n{log}");
        }
        // And that is the only number of the kind: addresses differ from run to run.
        assert!(log.matches("0x").count() == 1 && log.contains("end, with the trace hash 0x"), "{log}");
    }
}
