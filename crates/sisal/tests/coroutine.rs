//! Coroutines: values both ways, every end of their life, and their place among fibers and threads.
//!
//! Method: what is seen is compared step by step; who was dropped is counted by a guard.

mod common;

use common::{on, on_each_size};
use sisal::channel;
use sisal::coroutine::{self, Builder, Coroutine, CoroutineState, State, Yielder};
use sisal::{fiber, go, time};
use sisal_coro::{GuardKind, Pool};
use std::cell::{Cell, RefCell};
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::rc::{Rc, Weak};
use std::thread::panicking;
use std::time::Duration;

/// Runs `test` on a bare thread and on fibers.
fn everywhere(test: impl Fn() + Sync) {
    test();
    on_each_size(&test);
}

fn message(payload: &(dyn std::any::Any + Send)) -> &str {
    payload.downcast_ref::<String>().map(String::as_str).or(payload.downcast_ref::<&str>().copied()).unwrap()
}

/// Counts its drops.
struct Counts(Rc<Cell<u32>>);

impl Drop for Counts {
    fn drop(&mut self) {
        self.0.set(self.0.get() + 1);
    }
}

#[test]
fn values_pass_both_ways() {
    everywhere(|| {
        let echo = Coroutine::new(|yielder: &Yielder<String, usize>, first: String| {
            let second = yielder.yield_(first.len());
            let third = yielder.yield_(second.len());
            first + &second + &third
        });
        assert_eq!(echo.resume("a".into()), CoroutineState::Yielded(1));
        assert_eq!(echo.resume("bc".into()), CoroutineState::Yielded(2));
        assert_eq!(echo.resume("def".into()), CoroutineState::Complete("abcdef".into()));
    });
}

#[test]
fn it_yields_from_any_depth() {
    fn down(yielder: &Yielder<(), u32>, depth: u32) {
        yielder.yield_(depth);
        if depth > 0 {
            down(yielder, depth - 1);
        }
    }
    everywhere(|| {
        let seen: Vec<u32> = coroutine::iter(|yielder| down(yielder, 100)).collect();
        assert_eq!(seen, (0..=100).rev().collect::<Vec<_>>());
    });
}

#[test]
fn each_state_is_seen() {
    everywhere(|| {
        let within = Rc::new(Cell::new(None));
        let seen = Rc::clone(&within);
        let coroutine = Rc::new_cyclic(|own: &Weak<Coroutine<(), (), ()>>| {
            let own = own.clone();
            Coroutine::new(move |yielder, ()| {
                seen.set(own.upgrade().map(|own| own.state()));
                yielder.yield_(());
            })
        });
        assert_eq!(coroutine.state(), State::Created);
        assert_eq!(coroutine.resume(()), CoroutineState::Yielded(()));
        assert_eq!(within.get(), Some(State::Running));
        assert_eq!(coroutine.state(), State::Suspended);
        assert_eq!(coroutine.resume(()), CoroutineState::Complete(()));
        assert_eq!(coroutine.state(), State::Complete);
    });
}

#[test]
fn resuming_a_complete_or_running_one_is_a_panic() {
    everywhere(|| {
        let done = Coroutine::new(|_: &Yielder<(), ()>, ()| ());
        let _ = done.resume(());
        let payload = catch_unwind(AssertUnwindSafe(|| done.resume(()))).unwrap_err();
        assert_eq!(message(&*payload), "resumed a coroutine that is complete");
        let own = Rc::new_cyclic(|own: &Weak<Coroutine<(), (), String>>| {
            let own = own.clone();
            Coroutine::new(move |_, ()| {
                let own = own.upgrade().unwrap();
                let payload = catch_unwind(AssertUnwindSafe(|| own.resume(()))).unwrap_err();
                message(&*payload).to_owned()
            })
        });
        assert_eq!(own.resume(()), CoroutineState::Complete("resumed a coroutine that is running".into()));
    });
}

#[test]
fn a_panic_reaches_the_resumer() {
    everywhere(|| {
        let fails = Coroutine::new(|yielder: &Yielder<(), ()>, ()| -> u32 {
            yielder.yield_(());
            panic!("from the body");
        });
        let _ = fails.resume(());
        let payload = catch_unwind(AssertUnwindSafe(|| fails.resume(()))).unwrap_err();
        assert_eq!(message(&*payload), "from the body");
        assert_eq!(fails.state(), State::Complete);
        assert!(!panicking());
    });
}

#[test]
fn a_suspended_one_is_unwound_when_dropped() {
    everywhere(|| {
        let drops = Rc::new(Cell::new(0));
        let (outer, inner) = (Counts(Rc::clone(&drops)), Counts(Rc::clone(&drops)));
        let coroutine = Coroutine::new(move |yielder: &Yielder<(), ()>, ()| {
            let _outer = outer;
            let _inner = inner;
            yielder.yield_(());
            unreachable!("never resumed again");
        });
        let _ = coroutine.resume(());
        assert_eq!(drops.get(), 0);
        drop(coroutine);
        assert_eq!(drops.get(), 2);
        assert!(!panicking());
    });
}

#[test]
fn one_that_never_ran_drops_its_closure() {
    everywhere(|| {
        let drops = Rc::new(Cell::new(0));
        let held = Counts(Rc::clone(&drops));
        drop(Coroutine::new(move |_: &Yielder<(), ()>, ()| drop(held)));
        assert_eq!(drops.get(), 1);
    });
}

#[test]
fn code_that_catches_the_unwinding_is_unwound_again() {
    everywhere(|| {
        let caught = Rc::new(Cell::new(0));
        let seen = Rc::clone(&caught);
        let stubborn = Coroutine::new(move |yielder: &Yielder<(), ()>, ()| {
            for _ in 0..3 {
                if catch_unwind(AssertUnwindSafe(|| yielder.yield_(()))).is_err() {
                    seen.set(seen.get() + 1);
                }
            }
        });
        let _ = stubborn.resume(());
        drop(stubborn);
        assert_eq!(caught.get(), 3);
    });
}

#[test]
fn an_unwinding_that_is_kept_and_thrown_in_another_one_is_a_panic_of_that() {
    /// Roughly where the caller's stack is.
    #[inline(never)]
    fn stack() -> usize {
        let local = 0_u8;
        std::hint::black_box(&raw const local).addr() >> 16
    }
    everywhere(|| {
        let kept = Rc::new(RefCell::new(None));
        let keeps = Rc::clone(&kept);
        let dropped = Coroutine::new(move |yielder: &Yielder<(), ()>, ()| {
            let payload = catch_unwind(AssertUnwindSafe(|| yielder.yield_(()))).unwrap_err();
            *keeps.borrow_mut() = Some((payload, stack()));
        });
        assert_eq!(dropped.resume(()), CoroutineState::Yielded(()));
        drop(dropped);
        let (payload, where_kept) = kept.borrow_mut().take().unwrap();
        let throws = Coroutine::new(move |_: &Yielder<(), ()>, ()| -> () {
            assert_eq!(stack(), where_kept, "the stack that is hot is taken");
            resume_unwind(payload)
        });
        let payload = catch_unwind(AssertUnwindSafe(|| throws.resume(()))).unwrap_err();
        assert!(!payload.is::<String>() && !payload.is::<&str>(), "{}", message(&*payload));
        assert_eq!(throws.state(), State::Complete);
    });
}

#[test]
fn a_panic_instead_of_the_unwinding_comes_out_of_the_drop() {
    everywhere(|| {
        let coroutine = Coroutine::new(|yielder: &Yielder<(), ()>, ()| {
            if catch_unwind(AssertUnwindSafe(|| yielder.yield_(()))).is_err() {
                panic!("instead");
            }
        });
        let _ = coroutine.resume(());
        let payload = catch_unwind(AssertUnwindSafe(|| drop(coroutine))).unwrap_err();
        assert_eq!(message(&*payload), "instead");
    });
}

#[test]
fn a_resumer_that_unwinds_does_not_make_the_body_panic() {
    struct Resumes(Coroutine<(), bool, ()>);
    impl Drop for Resumes {
        fn drop(&mut self) {
            assert!(panicking());
            assert_eq!(self.0.resume(()), CoroutineState::Yielded(false));
            assert!(panicking());
        }
    }
    everywhere(|| {
        let held = Resumes(Coroutine::new(|yielder, ()| {
            loop {
                yielder.yield_(panicking());
            }
        }));
        let result = catch_unwind(AssertUnwindSafe(move || {
            let _held = held;
            panic!("the resumer");
        }));
        assert_eq!(message(&*result.unwrap_err()), "the resumer");
        assert!(!panicking());
    });
}

#[test]
fn a_body_that_unwinds_may_yield() {
    struct Yields(*const Yielder<(), bool>);
    impl Drop for Yields {
        fn drop(&mut self) {
            assert!(panicking());
            // SAFETY: dropped within the body, to whose yielder it points.
            unsafe { &*self.0 }.yield_(true);
            assert!(panicking(), "the body has lost its own panic");
        }
    }
    everywhere(|| {
        let coroutine = Coroutine::new(|yielder: &Yielder<(), bool>, ()| {
            let _yields = Yields(yielder);
            panic!("the body");
        });
        assert_eq!(coroutine.resume(()), CoroutineState::Yielded(true));
        assert!(!panicking(), "the resumer sees the body's panic");
        let payload = catch_unwind(AssertUnwindSafe(|| coroutine.resume(()))).unwrap_err();
        assert_eq!(message(&*payload), "the body");
    });
}

#[test]
fn a_fiber_waits_inside_three_of_them() {
    on_each_size(|| {
        let (tx, rx) = channel::bounded::<u32>(1);
        let waiter = go! {
            let outer = coroutine::iter(move |outer: &Yielder<(), u32>| {
                for value in coroutine::iter(move |middle: &Yielder<(), u32>| {
                    for value in coroutine::iter(move |inner: &Yielder<(), u32>| {
                        while let Ok(value) = rx.recv() {
                            time::sleep(Duration::from_micros(50));
                            inner.yield_(value);
                        }
                    }) {
                        fiber::yield_now();
                        middle.yield_(value + 1);
                    }
                }) {
                    outer.yield_(value * 2);
                }
            });
            outer.collect::<Vec<_>>()
        };
        for value in 0..20 {
            tx.send(value).unwrap();
        }
        drop(tx);
        assert_eq!(waiter.join().unwrap(), (0..20).map(|value| (value + 1) * 2).collect::<Vec<_>>());
    });
}

#[test]
fn an_outer_one_yields_from_inside_an_inner_one() {
    everywhere(|| {
        let drops = Rc::new(Cell::new(0));
        let held = Counts(Rc::clone(&drops));
        let mut outer = coroutine::iter(move |outer: &Yielder<(), u32>| {
            let _held = held;
            coroutine::scoped(
                |inner: &Yielder<(), ()>, ()| {
                    outer.yield_(1);
                    inner.yield_(());
                    outer.yield_(2);
                    outer.yield_(3);
                },
                |inner| while inner.resume(()) != CoroutineState::Complete(()) {},
            );
        });
        assert_eq!(outer.next(), Some(1));
        assert_eq!(outer.next(), Some(2));
        // Unwinds through both.
        drop(outer);
        assert_eq!(drops.get(), 1);
    });
}

thread_local! {
    static SHARED: RefCell<Option<Coroutine<(), u32, ()>>> = const { RefCell::new(None) };
    static LEFT: Cell<u32> = const { Cell::new(0) };
}

/// Raises `LEFT` when dropped.
struct Leaves;

impl Drop for Leaves {
    fn drop(&mut self) {
        LEFT.set(LEFT.get() + 1);
    }
}

#[test]
fn it_belongs_to_who_first_resumed_it() {
    // One worker: both fibers reach the same thread-local.
    on(1, || {
        go! {
            let coroutine = Coroutine::new(|yielder: &Yielder<(), u32>, ()| {
                let _leaves = Leaves;
                yielder.yield_(1);
            });
            let _ = coroutine.resume(());
            SHARED.set(Some(coroutine));
        }
        .join()
        .unwrap();
        go! {
            let coroutine = SHARED.take().unwrap();
            let payload = catch_unwind(AssertUnwindSafe(|| coroutine.resume(()))).unwrap_err();
            assert_eq!(message(&*payload), "resumed a coroutine that belongs to another fiber or thread");
            drop(coroutine);
            assert_eq!(LEFT.get(), 0, "dropped elsewhere, it is leaked, not unwound");
        }
        .join()
        .unwrap();
    });
}

#[test]
fn one_that_never_ran_may_be_passed_on() {
    on(1, || {
        go! { SHARED.set(Some(Coroutine::new(|yielder, ()| yielder.yield_(7)))) }.join().unwrap();
        go! { assert_eq!(SHARED.take().unwrap().resume(()), CoroutineState::Yielded(7)) }.join().unwrap();
    });
}

#[test]
fn it_may_borrow_in_a_scope() {
    everywhere(|| {
        let (mut count, drops) = (0, Rc::new(Cell::new(0)));
        let held = Counts(Rc::clone(&drops));
        let last = coroutine::scoped(
            |yielder: &Yielder<u32, u32>, first: u32| {
                let _held = held;
                count += first;
                loop {
                    count += yielder.yield_(count);
                }
            },
            |adder: &mut coroutine::Scoped<'_, u32, u32, ()>| {
                let _ = adder.resume(1);
                adder.resume(2)
            },
        );
        assert_eq!((last, count, drops.get()), (CoroutineState::Yielded(3), 3, 1));
    });
}

#[test]
fn sizes_out_of_range_are_errors() {
    let error = Builder::new().stack_size(usize::MAX).build(|_: &Yielder<(), ()>, ()| ()).unwrap_err();
    assert!(error.to_string().contains("stack"), "{error}");
    let large =
        Builder::new().stack_size(1 << 20).build(|_: &Yielder<(), ()>, ()| [1_u8; 500_000].len()).unwrap();
    assert_eq!(large.resume(()), CoroutineState::Complete(500_000));
}

#[test]
fn a_hundred_thousand_live_at_once() {
    // Where each guard takes two mappings (an older kernel, an emulator), a quarter of that is still far from the limit of mappings.
    let count = match Pool::global().guard_kind() {
        GuardKind::Marker => 100_000,
        GuardKind::Protect => 25_000,
    };
    on(2, move || {
        let mut all: Vec<_> = (0..count)
            .map(|index| {
                coroutine::iter(move |yielder| (index..index + 2).for_each(|value| yielder.yield_(value)))
            })
            .collect();
        for (index, each) in all.iter_mut().enumerate() {
            assert_eq!(each.next(), Some(index as u32));
        }
        for (index, each) in all.iter_mut().enumerate() {
            assert_eq!((each.next(), each.next(), each.next()), (Some(index as u32 + 1), None, None));
        }
    });
}

#[test]
fn a_scope_open_across_a_yield_of_a_scoped_one_is_a_panic() {
    everywhere(|| {
        let mut held = 0;
        let result = catch_unwind(AssertUnwindSafe(|| {
            coroutine::scoped(
                |yielder: &Yielder<(), ()>, ()| {
                    fiber::scope(|s| {
                        s.spawn(|| held += 1);
                        yielder.yield_(());
                    });
                },
                |lends| lends.resume(()),
            )
        }));
        let payload = result.unwrap_err();
        assert_eq!(
            message(&*payload),
            "a scoped coroutine has yielded inside a scope, a deadline or a shield"
        );
        // Unwound, so the child was waited for.
        assert_eq!(held, 1);
    });
}
