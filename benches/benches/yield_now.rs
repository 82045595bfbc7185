//! What does a `yield_now` cost, alone, between two fibers, and among a thousand on one worker?

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sisal::fiber;
use sisal::runtime::Runtime;

/// `fibers` fibers that yield `rounds` times each.
fn all_yield(fibers: u64, rounds: u64) {
    fiber::scope(|s| {
        for _ in 1..fibers {
            s.spawn(move || (0..rounds).for_each(|_| fiber::yield_now()));
        }
        (0..rounds).for_each(|_| fiber::yield_now());
    });
}

fn yields(c: &mut Criterion) {
    let runtime = Runtime::builder().workers(1).build().unwrap();
    let mut group = c.benchmark_group("yield");
    for (fibers, rounds) in [(1, 100_000), (2, 50_000), (1_000, 100)] {
        group.throughput(Throughput::Elements(fibers * rounds));
        group.bench_function(format!("{fibers} fibers"), |b| {
            runtime.run(|| b.iter(|| all_yield(fibers, rounds)));
        });
    }
    group.finish();
}

criterion_group!(benches, yields);
criterion_main!(benches);
