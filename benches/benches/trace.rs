//! What does it cost to record the schedule? A yield between two fibers, and a message to one that waits, with and without.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sisal::runtime::{Runtime, Trace};
use sisal::{channel, fiber};

fn yields(rounds: u64) {
    let other = fiber::spawn(move || (0..rounds / 2).for_each(|_| fiber::yield_now()));
    (0..rounds / 2).for_each(|_| fiber::yield_now());
    other.join().unwrap();
}

fn hops(rounds: u64) {
    let (ping, pinged) = channel::bounded::<u64>(1);
    let (pong, ponged) = channel::bounded::<u64>(1);
    let echo = fiber::spawn(move || pinged.iter().for_each(|n| pong.send(n).unwrap()));
    for n in 0..rounds / 2 {
        ping.send(n).unwrap();
        assert_eq!(ponged.recv(), Ok(n));
    }
    drop(ping);
    echo.join().unwrap();
}

fn recorded(c: &mut Criterion) {
    const ROUNDS: u64 = 100_000;
    for (name, operation) in [("yield", yields as fn(u64)), ("channel hop", hops)] {
        let mut group = c.benchmark_group(name);
        group.throughput(Throughput::Elements(ROUNDS));
        for is_recorded in [false, true] {
            let mut builder = Runtime::builder().workers(1);
            if is_recorded {
                builder = builder.trace(Trace::to("/dev/null"));
            }
            let runtime = builder.build().unwrap();
            let label = if is_recorded { "recorded" } else { "alone" };
            group.bench_function(label, |b| runtime.run(|| b.iter(|| operation(ROUNDS))));
        }
        group.finish();
    }
}

criterion_group!(benches, recorded);
criterion_main!(benches);
