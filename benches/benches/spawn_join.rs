//! What does it cost to spawn a fiber that does nothing and to join it, one at a time and a thousand at once?

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use sisal::fiber;
use sisal::runtime::Runtime;

fn spawn_join(c: &mut Criterion) {
    for workers in [1, 2] {
        let runtime = Runtime::builder().workers(workers).build().unwrap();
        let mut group = c.benchmark_group(format!("spawn+join, {workers} workers"));
        group.bench_function("one by one", |b| {
            runtime.run(|| b.iter(|| fiber::spawn(|| ()).join().unwrap()));
        });
        group.throughput(Throughput::Elements(1_000));
        group.bench_function("1,000 at once", |b| {
            runtime.run(|| {
                b.iter(|| {
                    let handles: Vec<_> = (0..1_000).map(|_| fiber::spawn(|| ())).collect();
                    handles.into_iter().for_each(|handle| handle.join().unwrap());
                });
            });
        });
        group.finish();
    }
}

criterion_group!(benches, spawn_join);
criterion_main!(benches);
