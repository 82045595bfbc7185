//! What does a push and a pop of the local queue cost, beside crossbeam-deque's workers?
//!
//! Three neighbours: none; a thief that only polls the length, as sisal's searchers do until their patience ends; and a
//! thief that steals whatever it sees. One operation is one push and one pop on the owner's side.

use criterion::{BenchmarkGroup, Criterion, criterion_group, criterion_main, measurement::WallTime};
use crossbeam_deque::{Steal as CrossbeamSteal, Worker};
use sisal_queue::{Steal, deque};
use std::hint::{black_box, spin_loop};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

const CAP: usize = 256;
const PAUSES_A_LOOK: usize = 16;

/// Runs `bench` while another thread repeats `thief`.
fn beside(mut thief: impl FnMut() + Send, bench: impl FnOnce()) {
    let end = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !end.load(Ordering::Relaxed) {
                thief();
                (0..PAUSES_A_LOOK).for_each(|_| spin_loop());
            }
        });
        bench();
        end.store(true, Ordering::Relaxed);
    });
}

fn push_pop<T>(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    push: impl Fn(usize) -> T,
    pop: impl Fn() -> Option<usize>,
) {
    group.bench_function(name, |bencher| {
        bencher.iter(|| {
            black_box(push(black_box(1)));
            black_box(pop())
        });
    });
}

fn group<'a>(criterion: &'a mut Criterion, name: &str) -> BenchmarkGroup<'a, WallTime> {
    let mut group = criterion.benchmark_group(name);
    group.sample_size(40).warm_up_time(Duration::from_millis(300)).measurement_time(Duration::from_secs(1));
    group
}

fn alone(criterion: &mut Criterion) {
    let mut group = group(criterion, "alone");
    let (local, _stealer) = deque::<usize, CAP>();
    push_pop(&mut group, "sisal, youngest first", |item| local.push(item), || local.pop_young());
    push_pop(&mut group, "sisal, oldest first", |item| local.push(item), || local.pop_old());
    for (name, worker) in [("crossbeam, LIFO", Worker::new_lifo()), ("crossbeam, FIFO", Worker::new_fifo())] {
        push_pop(&mut group, name, |item| worker.push(item), || worker.pop());
    }
}

fn polled(criterion: &mut Criterion) {
    let mut group = group(criterion, "beside a thief that polls");
    let (local, stealer) = deque::<usize, CAP>();
    beside(
        || _ = black_box(stealer.len()),
        || push_pop(&mut group, "sisal, youngest first", |item| local.push(item), || local.pop_young()),
    );
    for (name, worker) in [("crossbeam, LIFO", Worker::new_lifo()), ("crossbeam, FIFO", Worker::new_fifo())] {
        let stealer = worker.stealer();
        beside(
            || _ = black_box(stealer.is_empty()),
            || push_pop(&mut group, name, |item| worker.push(item), || worker.pop()),
        );
    }
}

fn robbed(criterion: &mut Criterion) {
    let mut group = group(criterion, "beside a thief that steals");
    let (local, stealer) = deque::<usize, CAP>();
    let (loot, _) = deque::<usize, CAP>();
    let thief = move || {
        if !stealer.is_empty() && matches!(stealer.steal_half_into(&loot), Steal::Taken { .. }) {
            while loot.pop_young().is_some() {}
        }
    };
    beside(thief, || {
        push_pop(&mut group, "sisal, youngest first", |item| local.push(item), || local.pop_young());
    });
    for (name, worker) in [("crossbeam, LIFO", Worker::new_lifo()), ("crossbeam, FIFO", Worker::new_fifo())] {
        let stealer = worker.stealer();
        let loot = Worker::new_lifo();
        let thief = move || {
            if !stealer.is_empty() && matches!(stealer.steal_batch_and_pop(&loot), CrossbeamSteal::Success(_))
            {
                while loot.pop().is_some() {}
            }
        };
        beside(thief, || push_pop(&mut group, name, |item| worker.push(item), || worker.pop()));
    }
}

criterion_group!(benches, alone, polled, robbed);
criterion_main!(benches);
