//! What a coroutine costs: a resume and the yield that answers it, and a whole life on a warm stack; beside corosensei,
//! which is underneath, and generator, which may is built on.

use criterion::{Criterion, criterion_group, criterion_main};
use sisal::coroutine::{Coroutine, CoroutineState, Yielder};
use std::hint::black_box;

fn resume(c: &mut Criterion) {
    let mut group = c.benchmark_group("coroutine/resume");
    let ours = Coroutine::new(|yielder: &Yielder<u64, u64>, mut value| -> () {
        loop {
            value = yielder.yield_(value + 1);
        }
    });
    let mut value = 0;
    group.bench_function("sisal", |b| {
        b.iter(|| {
            if let CoroutineState::Yielded(next) = ours.resume(value) {
                value = next;
            }
        })
    });
    let mut theirs = corosensei::Coroutine::<u64, u64, ()>::new(|yielder, mut value| {
        loop {
            value = yielder.suspend(value + 1);
        }
    });
    group.bench_function("corosensei", |b| {
        b.iter(|| {
            if let corosensei::CoroutineResult::Yield(next) = theirs.resume(value) {
                value = next;
            }
        })
    });
    let mut gen_rs = generator::Gn::<u64>::new_scoped(|mut scope| {
        let mut value = 0_u64;
        while let Some(next) = scope.yield_(value + 1) {
            value = next;
        }
        0
    });
    group.bench_function("generator", |b| b.iter(|| value = gen_rs.send(value)));
    group.finish();
    // Its drop would unwind it, which is not what is measured.
    std::mem::forget(gen_rs);
}

fn life(c: &mut Criterion) {
    let mut group = c.benchmark_group("coroutine/life");
    group.bench_function("sisal", |b| {
        b.iter(|| {
            let coroutine = Coroutine::new(|_: &Yielder<(), ()>, ()| black_box(1));
            let _ = black_box(coroutine.resume(()));
        })
    });
    let mut stack = Some(corosensei::stack::DefaultStack::default());
    group.bench_function("corosensei on a kept stack", |b| {
        b.iter(|| {
            let kept = stack.take().expect("put back each time");
            let mut coroutine =
                corosensei::Coroutine::<(), (), i32, _>::with_stack(kept, |_, ()| black_box(1));
            let _ = black_box(matches!(coroutine.resume(()), corosensei::CoroutineResult::Return(1)));
            stack = Some(coroutine.into_stack());
        })
    });
    group.finish();
}

fn on_a_fiber(c: &mut Criterion) {
    c.bench_function("coroutine/resume/sisal on a fiber", |b| {
        sisal::run(|| {
            let counter = Coroutine::new(|yielder: &Yielder<(), u64>, ()| -> () {
                let mut count = 0;
                loop {
                    count += 1;
                    yielder.yield_(count);
                }
            });
            b.iter(|| counter.resume(()));
        });
    });
}

criterion_group!(benches, resume, life, on_a_fiber);
criterion_main!(benches);
