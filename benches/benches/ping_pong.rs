//! What does a round trip between two fibers over rendezvous channels cost, for one pair and for a hundred?

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sisal::runtime::Runtime;
use sisal::{channel, fiber};

/// `pairs` pairs that exchange `rounds` messages each way.
fn play(pairs: u64, rounds: u64) {
    fiber::scope(|s| {
        for _ in 0..pairs {
            let (ping, pinged) = channel::bounded::<u64>(0);
            let (pong, ponged) = channel::bounded::<u64>(0);
            s.spawn(move || pinged.iter().for_each(|n| pong.send(n).unwrap()));
            s.spawn(move || {
                for round in 0..rounds {
                    ping.send(round).unwrap();
                    assert_eq!(ponged.recv(), Ok(round));
                }
            });
        }
    });
}

fn ping_pong(c: &mut Criterion) {
    for workers in [1, 2] {
        let runtime = Runtime::builder().workers(workers).build().unwrap();
        let mut group = c.benchmark_group(format!("ping-pong, {workers} workers"));
        for (pairs, rounds) in [(1, 10_000), (100, 100)] {
            group.throughput(Throughput::Elements(pairs * rounds));
            group.bench_function(format!("{pairs} pairs"), |b| {
                runtime.run(|| b.iter(|| play(pairs, rounds)));
            });
        }
        group.finish();
    }
}

criterion_group!(benches, ping_pong);
criterion_main!(benches);
