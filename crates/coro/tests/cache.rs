//! A worker's cache: the last stack given is the first taken, it keeps a bounded number, and nothing is lost on the way.

use std::collections::HashSet;
use std::thread;

use sisal_coro::{Cache, Class, GuardKind, Pool, PoolStats};

fn own_pool() -> &'static Pool {
    Pool::with_guards(GuardKind::Marker)
}

#[test]
fn last_in_first_out() {
    let mut cache = Cache::new(own_pool());
    let first = cache.take(Class::DEFAULT).expect("a stack");
    let second = cache.take(Class::DEFAULT).expect("a stack");
    let (one, two) = (first.base(), second.base());
    cache.give(first);
    cache.give(second);
    let again: Vec<_> = (0..2).map(|_| cache.take(Class::DEFAULT).expect("a stack")).collect();
    assert_eq!(again.iter().map(|stack| stack.base()).collect::<Vec<_>>(), [two, one]);
}

#[test]
fn it_keeps_a_bounded_number_of_each_class() {
    for (bytes, kept_max) in [(64 << 10, 64), (256 << 10, 16), (1 << 20, 4), (8 << 20, 1)] {
        let pool = own_pool();
        let class = Class::for_size(bytes).expect("a possible size");
        let mut cache = Cache::new(pool);
        let stacks: Vec<_> = (0..100).map(|_| cache.take(class).expect("a stack")).collect();
        let slots: HashSet<_> = stacks.iter().map(|stack| stack.limit()).collect();
        assert_eq!((slots.len(), pool.stats().in_use), (100, 100));
        stacks.into_iter().for_each(|stack| cache.give(stack));
        assert_eq!(pool.stats().in_use, 0);
        // Whoever asks the pool gets all the others.
        let carved = pool.stats().carved;
        let held = carved - in_pool(pool, class);
        assert!(held <= kept_max, "{held} of {class}");
        assert!(held * 2 >= kept_max, "{held} of {class}: it gives half away at once");
        cache.flush();
        let carved = pool.stats().carved;
        assert_eq!(in_pool(pool, class), carved);
    }
}

#[test]
fn it_keeps_none_that_are_mapped_alone() {
    let pool = own_pool();
    let mut cache = Cache::new(pool);
    let stack = cache.take(Class::for_size(20 << 20).expect("a possible size")).expect("a stack");
    assert_eq!(pool.stats().in_use, 1);
    cache.give(stack);
    assert_eq!(pool.stats(), PoolStats::default());
}

/// How many stacks the pool itself has: so many can be taken before it makes a new one.
fn in_pool(pool: &'static Pool, class: Class) -> usize {
    let carved = pool.stats().carved;
    let mut taken = Vec::new();
    while pool.stats().carved == carved {
        taken.push(pool.take(class).expect("a stack"));
    }
    taken.len() - 1
}

#[test]
fn what_one_thread_gives_up_another_takes() {
    let pool = own_pool();
    let mut cache = Cache::new(pool);
    let stacks: Vec<_> = (0..1_000).map(|_| cache.take(Class::DEFAULT).expect("a stack")).collect();
    drop(cache);
    thread::spawn(move || {
        let mut cache = Cache::new(pool);
        stacks.into_iter().for_each(|stack| cache.give(stack));
    })
    .join()
    .expect("the other thread");
    let carved = pool.stats().carved;
    let mut cache = Cache::new(pool);
    let again: Vec<_> = (0..1_000).map(|_| cache.take(Class::DEFAULT).expect("a stack")).collect();
    assert_eq!(pool.stats().carved, carved);
    assert_eq!(pool.stats().in_use, 1_000);
    again.into_iter().for_each(|stack| cache.give(stack));
    assert_eq!(pool.stats().in_use, 0);
}

#[test]
fn many_threads_never_share_a_stack() {
    let pool = own_pool();
    thread::scope(|scope| {
        for seed in 0..4_usize {
            scope.spawn(move || {
                let mut cache = Cache::new(pool);
                let mut held = Vec::new();
                for step in 0..20_000_usize {
                    let dice = (step * 31 + seed * 7) % 13;
                    if dice < 7 {
                        let stack = cache.take(Class::DEFAULT).expect("a stack");
                        // SAFETY: the header room of a stack that we own.
                        unsafe { stack.header().cast::<usize>().write(seed) };
                        held.push(stack);
                    } else if let Some(stack) = held.pop() {
                        // SAFETY: written above.
                        let owner = unsafe { stack.header().cast::<usize>().read() };
                        assert_eq!(owner, seed);
                        if dice == 12 { drop(stack) } else { cache.give(stack) }
                    }
                    if held.len() > 300 {
                        held.drain(..).for_each(|stack| cache.give(stack));
                    }
                }
            });
        }
    });
    let stats = pool.stats();
    assert_eq!(stats.in_use, 0, "{stats:?}");
    assert_eq!(stats.carved, stats.cached);
}
