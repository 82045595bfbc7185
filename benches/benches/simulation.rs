//! How many choices does a simulation make in a second, and how long does a simulated day of a timer take?

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sisal::{channel, fiber, sim, time};
use std::time::Duration;

/// Four fibers that send to four others, which count.
fn messages() {
    let (tx, rx) = channel::bounded(4);
    fiber::scope(|s| {
        for n in 0..4 {
            let (tx, rx) = (tx.clone(), rx.clone());
            s.spawn(move || (0..2_000).for_each(|step| tx.send(n * step).unwrap()));
            s.spawn(move || (0..2_000).for_each(|_| assert!(rx.recv().is_ok())));
        }
    });
}

fn day() {
    let mut interval = time::interval(Duration::from_secs(1));
    assert_eq!((0..24 * 3600).map(|_| interval.tick()).count(), 24 * 3600);
}

fn simulations(c: &mut Criterion) {
    let mut group = c.benchmark_group("simulation");
    // Seeds differ in how wild they are: the same ones each time.
    let choices = (0..10).map(|seed| sim::Builder::new().run(seed, messages).1.choices).sum();
    group.throughput(Throughput::Elements(choices));
    group.bench_function("choices", |b| b.iter(|| (0..10).for_each(|seed| sim::run(seed, messages))));
    group.throughput(Throughput::Elements(24 * 3600));
    group.bench_function("ticks of a day", |b| b.iter(|| sim::run(1, day)));
    group.finish();
}

criterion_group!(benches, simulations);
criterion_main!(benches);
