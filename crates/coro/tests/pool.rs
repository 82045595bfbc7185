//! The pool: very many stacks in very few mappings, guards of both kinds, memory that goes back.
//!
//! Method: the kernel's own figures, in a child process for each test, where nobody else allocates.

mod support;

use sisal_coro::{Class, GuardKind, Pool, Resumable, Resumed, Stack};

fn take(pool: &'static Pool, count: usize) -> Vec<Stack> {
    (0..count).map(|_| pool.take(Class::DEFAULT).expect("a stack")).collect()
}

/// A stack's page is touched, as a fiber would.
fn use_once(stack: Stack) -> Stack {
    let mut body = Resumable::new(stack, |_| {});
    assert_eq!(body.resume(), Resumed::Finished);
    body.into_stack()
}

#[test]
fn a_hundred_thousand_stacks_in_fewer_than_a_hundred_mappings() {
    support::assert_success(support::in_child(
        "a_hundred_thousand_stacks_in_fewer_than_a_hundred_mappings",
        || {
            let pool = Pool::global();
            if pool.guard_kind() != GuardKind::Marker {
                return;
            }
            let mut stacks = take(pool, 100_000);
            let mappings = support::mappings();
            assert!(mappings < 100, "{mappings} mappings");
            stacks.sort_by_key(Stack::limit);
            for pair in stacks.windows(2) {
                assert!(pair[0].limit() + pair[0].class().bytes() < pair[1].limit());
            }
            let stats = pool.stats();
            assert_eq!((stats.in_use, stats.carved), (100_000, 100_000));
            drop(stacks);
            assert_eq!(pool.stats().cached, 100_000);
        },
    ));
}

#[test]
fn memory_goes_back_after_a_burst() {
    support::assert_success(support::in_child("memory_goes_back_after_a_burst", || {
        for kind in [GuardKind::Marker, GuardKind::Protect] {
            let pool = Pool::with_guards(kind);
            let before = support::resident_kib();
            let stacks: Vec<_> = take(pool, 20_000).into_iter().map(use_once).collect();
            let burst = support::resident_kib();
            assert!(burst > before + 4 * 20_000, "{before} KiB, then {burst}");
            stacks.into_iter().for_each(|stack| pool.give(stack));
            let mut trimmed = 0;
            while let count @ 1.. = pool.trim() {
                trimmed += count;
            }
            assert_eq!(trimmed, 20_000 - 256, "the warm part stays");
            assert_eq!(pool.stats().trimmed, trimmed);
            let after = support::resident_kib();
            assert!(after < before + 40_000, "{before} KiB, in the burst {burst}, then {after}");
            // Guards survive, and the stacks work again.
            let again = take(pool, 20_000);
            assert_eq!(pool.stats().carved, 20_000);
            again.into_iter().map(use_once).for_each(|stack| pool.give(stack));
        }
    }));
}

#[test]
fn a_small_program_pays_for_few_stacks() {
    support::assert_success(support::in_child("a_small_program_pays_for_few_stacks", || {
        let before = support::resident_kib();
        let stack = use_once(Pool::global().take(Class::DEFAULT).expect("a stack"));
        let after = support::resident_kib();
        assert!(after < before + 400, "{before} KiB, then {after}");
        drop(stack);
    }));
}

#[test]
fn a_large_stack_is_unmapped_when_it_comes_back() {
    let pool = Pool::with_guards(GuardKind::Protect);
    let class = Class::for_size(100 << 20).expect("a possible size");
    for _ in 0..3 {
        let stack = pool.take(class).expect("a stack");
        let stats = pool.stats();
        assert_eq!((stats.carved, stats.in_use), (1, 1));
        assert!(stats.mapped_bytes > class.bytes(), "the guard comes on top");
        if stats.in_use == 1 {
            drop(stack)
        } else {
            pool.give(stack)
        }
        assert_eq!(pool.stats().mapped_bytes, 0);
        assert_eq!(pool.stats().carved, 0);
    }
}

#[test]
fn memory_that_is_locked_gets_the_other_kind_of_guard() {
    support::assert_success(support::in_child("memory_that_is_locked_gets_the_other_kind_of_guard", || {
        let early = Pool::with_guards(GuardKind::Marker);
        // SAFETY: it changes when pages come, not what is in them.
        if unsafe { libc::mlockall(libc::MCL_FUTURE | libc::MCL_ONFAULT) } != 0 {
            return;
        }
        for pool in [early, Pool::global()] {
            let stacks: Vec<_> = take(pool, 100).into_iter().map(use_once).collect();
            assert_eq!(pool.guard_kind(), GuardKind::Protect);
            drop(stacks);
            while pool.trim() > 0 {}
        }
    }));
}
