//! A computation on its own stack: it stops, goes on, ends, is dropped at every stage, and moves by the audited door.
//!
//! Method: pools of their own where figures count, since the other tests of this process use the global one.

mod support;

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::mpsc;
use std::thread;

use sisal_coro::{Class, GuardKind, Pool, Resumable, Resumed, Stack, Suspender, call_on};

fn stack() -> Stack {
    Pool::global().take(Class::DEFAULT).expect("a stack")
}

fn own_pool() -> &'static Pool {
    Pool::with_guards(GuardKind::Marker)
}

/// Sets a flag when it is dropped.
struct Flag(Rc<Cell<bool>>);

impl Drop for Flag {
    fn drop(&mut self) {
        self.0.set(true);
    }
}

#[test]
fn it_goes_on_where_it_stopped() {
    let seen = Rc::new(Cell::new(0));
    let inner = Rc::clone(&seen);
    let mut count = Resumable::new(stack(), move |suspender| {
        for step in 1..=3 {
            inner.set(step);
            suspender.suspend();
        }
    });
    for step in 1..=3 {
        assert_eq!(count.resume(), Resumed::Suspended);
        assert_eq!(seen.get(), step);
        assert!(count.is_suspended() && !count.is_finished());
    }
    assert_eq!(count.resume(), Resumed::Finished);
    assert!(count.is_finished());
    drop(count.into_stack());
}

#[test]
fn a_finished_one_cannot_be_resumed_and_an_unfinished_one_keeps_its_stack() {
    let mut done = Resumable::new(stack(), |_| {});
    assert_eq!(done.resume(), Resumed::Finished);
    assert!(catch_unwind(AssertUnwindSafe(|| done.resume())).is_err());

    let pool = own_pool();
    let mut half = Resumable::new(pool.take(Class::DEFAULT).expect("a stack"), Suspender::suspend);
    assert_eq!(half.resume(), Resumed::Suspended);
    assert!(catch_unwind(AssertUnwindSafe(|| half.into_stack())).is_err());
    assert_eq!(pool.stats().leaked, 1);
}

#[test]
fn a_body_of_any_size_and_alignment() {
    #[repr(align(64))]
    struct Aligned(u8);

    let large = [7_u8; 5_000];
    let aligned = Aligned(9);
    let sum = Rc::new(Cell::new(0_usize));
    let inner = Rc::clone(&sum);
    let mut body = Resumable::new(stack(), move |suspender| {
        suspender.suspend();
        let aligned = &aligned;
        assert_eq!(std::ptr::from_ref(aligned).addr() % 64, 0);
        inner.set(large.iter().map(|&byte| usize::from(byte)).sum::<usize>() + usize::from(aligned.0));
    });
    assert_eq!(body.resume(), Resumed::Suspended);
    assert_eq!(body.resume(), Resumed::Finished);
    assert_eq!(sum.get(), 35_009);
}

#[test]
fn dropped_before_its_start_it_drops_its_body_and_gives_its_stack_back() {
    let pool = own_pool();
    let dropped = Rc::new(Cell::new(false));
    let flag = Flag(Rc::clone(&dropped));
    let fresh = Resumable::new(pool.take(Class::DEFAULT).expect("a stack"), move |_| drop(flag));
    assert_eq!(pool.stats().in_use, 1);
    drop(fresh);
    assert!(dropped.get());
    let stats = pool.stats();
    assert_eq!((stats.in_use, stats.cached, stats.leaked), (0, 1, 0));
}

#[test]
fn dropped_while_suspended_it_is_leaked_and_counted() {
    let pool = own_pool();
    let dropped = Rc::new(Cell::new(false));
    for count in 1..=2 {
        let flag = Flag(Rc::clone(&dropped));
        let mut half = Resumable::new(pool.take(Class::DEFAULT).expect("a stack"), move |suspender| {
            suspender.suspend();
            drop(flag);
        });
        assert_eq!(half.resume(), Resumed::Suspended);
        if count == 1 {
            drop(half)
        } else {
            half.leak()
        }
        let stats = pool.stats();
        assert_eq!((stats.in_use, stats.leaked), (0, count));
    }
    assert!(!dropped.get(), "its frames are never touched again");
    let next = pool.take(Class::DEFAULT).expect("another stack");
    assert_eq!(pool.stats().carved, 3);
    drop(next);
}

#[test]
fn a_stack_is_taken_of_what_has_finished_and_stays_in_its_place() {
    let pool = own_pool();
    let new = || Resumable::new(pool.take(Class::DEFAULT).expect("a stack"), Suspender::suspend);
    let mut place = Some(new());
    assert!(Resumable::take_stack(&mut place).is_none(), "not started");
    for (resumed, is_taken) in [(Resumed::Suspended, false), (Resumed::Finished, true)] {
        assert_eq!(place.as_mut().map(Resumable::resume), Some(resumed));
        let stack = Resumable::take_stack(&mut place);
        assert_eq!((stack.is_some(), place.is_none()), (is_taken, is_taken));
        stack.into_iter().for_each(|stack| pool.give(stack));
    }
    assert!(Resumable::take_stack(&mut place).is_none(), "taken");
    let stats = pool.stats();
    assert_eq!((stats.in_use, stats.cached, stats.leaked), (0, 1, 0));
}

#[test]
fn a_panic_caught_inside_stays_inside() {
    let caught = Rc::new(Cell::new(false));
    let inner = Rc::clone(&caught);
    let mut body = Resumable::new(stack(), move |suspender| {
        let result = catch_unwind(AssertUnwindSafe(|| {
            suspender.suspend();
            panic!("caught below");
        }));
        inner.set(result.is_err());
        suspender.suspend();
    });
    assert_eq!(body.resume(), Resumed::Suspended);
    assert_eq!(body.resume(), Resumed::Suspended);
    assert!(caught.get());
    assert_eq!(body.resume(), Resumed::Finished);
}

#[test]
fn a_panic_that_leaves_the_body_ends_the_process_with_a_message() {
    let output = support::in_child("a_panic_that_leaves_the_body_ends_the_process_with_a_message", || {
        let _ = Resumable::new(stack(), |_| panic!("not caught")).resume();
    });
    let Some(output) = output else { panic!("it returned") };
    let text = support::error_text(&output);
    assert!(text.contains("a panic left the body"), "{text}");
    assert!(!output.status.success());
}

#[test]
fn it_moves_to_another_thread_by_the_audited_door() {
    let (sender, receiver) = mpsc::channel();
    let mut body = Resumable::new(stack(), move |suspender| {
        for step in 0..1_000 {
            sender.send(step).expect("somebody listens");
            suspender.suspend();
        }
    });
    assert_eq!(body.resume(), Resumed::Suspended);
    // SAFETY: its frames hold a sender and a number, which belong to no thread.
    let mut body = unsafe { body.assume_send() };
    while !body.get_mut().is_finished() {
        body = thread::spawn(move || {
            let resumed = body.get_mut().resume();
            assert_eq!(resumed == Resumed::Finished, body.get_mut().is_finished());
            body
        })
        .join()
        .expect("the other thread");
    }
    drop(body.into_inner().into_stack());
    assert_eq!(receiver.iter().collect::<Vec<_>>(), (0..1_000).collect::<Vec<_>>());
}

#[test]
fn it_lies_in_the_header_room_of_its_own_stack() {
    let stack = stack();
    let place = stack.header().cast::<Resumable>();
    assert!(place.is_aligned());
    let body = Resumable::new(stack, Suspender::suspend);
    // SAFETY: the header room is ours as long as the stack is, which moves with `body`; nobody else points there.
    let stack = unsafe {
        place.write(body);
        assert_eq!((*place.as_ptr()).resume(), Resumed::Suspended);
        assert_eq!((*place.as_ptr()).resume(), Resumed::Finished);
        place.read().into_stack()
    };
    assert_eq!(stack.header().addr(), place.addr());
}

#[test]
fn it_suspends_on_another_stack_and_inside_another_computation() {
    let mut outer = Resumable::new(stack(), |suspender| {
        let mut large = Pool::global().take(Class::for_size(1 << 20).expect("a size")).expect("a stack");
        let answer = call_on(&mut large, || {
            let frame = std::hint::black_box([1_u8; 200_000]);
            suspender.suspend();
            frame.iter().map(|&byte| u32::from(byte)).sum::<u32>()
        });
        assert_eq!(answer, 200_000);
        // SAFETY: the borrowed `suspender` outlives the inner computation, which ends below.
        let mut inner = unsafe {
            Resumable::new_unchecked(stack(), |mine: &Suspender| {
                suspender.suspend();
                mine.suspend();
            })
        };
        assert_eq!(inner.resume(), Resumed::Suspended);
        assert_eq!(inner.resume(), Resumed::Finished);
    });
    assert_eq!(outer.resume(), Resumed::Suspended);
    assert_eq!(outer.resume(), Resumed::Suspended);
    assert_eq!(outer.resume(), Resumed::Finished);
}

#[test]
fn a_panic_crosses_a_call_on_another_stack() {
    let mut other = stack();
    let result = catch_unwind(AssertUnwindSafe(|| {
        call_on(&mut other, || -> () { panic!("across") });
    }));
    let payload = result.expect_err("it panicked");
    assert_eq!(payload.downcast_ref::<&str>(), Some(&"across"));
    assert_eq!(call_on(&mut other, || 5), 5);
}

#[test]
fn how_deep_a_stack_has_been() {
    let pool = own_pool();
    let mut shallow = Resumable::new(pool.take(Class::DEFAULT).expect("a stack"), |_| {});
    assert_eq!(shallow.resume(), Resumed::Finished);
    let before = shallow.into_stack();
    let mut deep = Resumable::new(pool.take(Class::DEFAULT).expect("a stack"), |_| {
        std::hint::black_box([1_u8; 20_000]);
    });
    assert_eq!(deep.resume(), Resumed::Finished);
    let after = deep.into_stack();
    assert!(after.high_water() >= 20_000, "{}", after.high_water());
    assert!(after.high_water() <= after.usable().len());
    // One page; it says more only where pages are large.
    assert!(before.high_water() <= after.high_water());
    pool.give(before);
    let untouched = pool.take(Class::for_size(1 << 20).expect("a possible size")).expect("a stack");
    assert_eq!(untouched.high_water(), 0);
}
