//! A stack that is too small: the message says whose it was, and what is no overflow of ours goes where it went before.
//!
//! Method: a child process that dies, and what it has said. The bodies run in debug and in release builds alike.

mod support;

use std::hint::black_box;
use std::os::unix::process::ExitStatusExt;
use std::process::Output;
use std::thread;

use sisal_coro::{Class, GuardKind, Pool, Resumable, Suspender, call_on, overflow};

const KNOB: &str = "raise it with Builder::stack_size, fiber::grow or SISAL_STACK_SIZE, that of `run` and `main` with root_stack_size";

#[allow(unconditional_recursion, reason = "that is what is tested")]
fn recurse(depth: u64) -> u64 {
    let frame = black_box([depth; 16]);
    1 + recurse(frame[3] + 1) + frame[4]
}

/// Resumes `body` on a 64 KiB stack of `pool`, with everything set up as a worker does.
fn run(pool: &'static Pool, body: impl FnOnce(&Suspender) + 'static) {
    overflow::install();
    let _armed = overflow::arm_thread();
    let stack = pool.take(Class::DEFAULT).expect("a stack");
    let _ = Resumable::new(stack, body).resume();
}

fn report_as_fiber() {
    let is_first = overflow::set_reporter(|fault_addr, out| {
        assert!(fault_addr > 0);
        out("fiber 'deep' (spawned at here:1:2)");
    });
    assert!(is_first && !overflow::set_reporter(|_, _| {}));
}

fn assert_message(output: Option<Output>, message: &str) {
    let Some(output) = output else { panic!("it survived") };
    let text = support::error_text(&output);
    assert!(text.contains(&format!("\n{message}; {KNOB}\n")), "{text}");
    assert_eq!(output.status.signal(), Some(libc::SIGABRT), "{text}");
}

#[test]
fn endless_recursion() {
    let output = support::in_child("endless_recursion", || {
        report_as_fiber();
        run(Pool::global(), |_| {
            black_box(recurse(0));
        });
    });
    assert_message(output, "fiber 'deep' (spawned at here:1:2) has overflowed its stack of 64 KiB");
}

#[test]
fn endless_recursion_on_a_protected_guard() {
    let output = support::in_child("endless_recursion_on_a_protected_guard", || {
        run(Pool::with_guards(GuardKind::Protect), |_| {
            black_box(recurse(0));
        });
    });
    assert_message(output, "a fiber has overflowed its stack of 64 KiB");
}

#[test]
fn a_frame_larger_than_the_stack() {
    let output = support::in_child("a_frame_larger_than_the_stack", || {
        run(Pool::global(), |_| {
            let frame = black_box([1_u8; 1 << 20]);
            black_box(frame[77]);
        });
    });
    assert_message(output, "a fiber has overflowed its stack of 64 KiB");
}

#[test]
fn on_a_stack_that_the_body_called_on() {
    let output = support::in_child("on_a_stack_that_the_body_called_on", || {
        report_as_fiber();
        run(Pool::global(), |_| {
            let class = Class::for_size(1 << 20).expect("a possible size");
            let mut stack = Pool::global().take(class).expect("a stack");
            call_on(&mut stack, || black_box(recurse(0)));
        });
    });
    assert_message(output, "fiber 'deep' (spawned at here:1:2) has overflowed its stack of 1024 KiB");
}

#[test]
fn in_a_computation_inside_another() {
    let output = support::in_child("in_a_computation_inside_another", || {
        run(Pool::global(), |_| {
            let class = Class::for_size(20 << 20).expect("a possible size");
            let stack = Pool::global().take(class).expect("a stack");
            let _ = Resumable::new(stack, |_| {
                black_box(recurse(0));
            })
            .resume();
        });
    });
    assert_message(output, "a fiber has overflowed its stack of 20480 KiB");
}

#[test]
fn after_the_stack_was_trimmed_and_used_again() {
    let output = support::in_child("after_the_stack_was_trimmed_and_used_again", || {
        let pool = Pool::global();
        let stacks: Vec<_> = (0..2_000).map(|_| pool.take(Class::DEFAULT).expect("a stack")).collect();
        drop(stacks);
        while pool.trim() > 0 {}
        let warm: Vec<_> = (0..1_000).map(|_| pool.take(Class::DEFAULT).expect("a stack")).collect();
        run(pool, |_| {
            black_box(recurse(0));
        });
        drop(warm);
    });
    assert_message(output, "a fiber has overflowed its stack of 64 KiB");
}

#[test]
fn on_a_thread_that_had_no_signal_stack() {
    let output = support::in_child("on_a_thread_that_had_no_signal_stack", || {
        let none = libc::stack_t { ss_sp: std::ptr::null_mut(), ss_flags: libc::SS_DISABLE, ss_size: 0 };
        // SAFETY: this thread then has no signal stack, until it is armed.
        unsafe { libc::sigaltstack(&none, std::ptr::null_mut()) };
        run(Pool::global(), |_| {
            black_box(recurse(0));
        });
    });
    assert_message(output, "a fiber has overflowed its stack of 64 KiB");
}

#[test]
fn a_plain_thread_keeps_stds_message() {
    let output = support::in_child("a_plain_thread_keeps_stds_message", || {
        overflow::install();
        let thread = thread::Builder::new().name("plain".into()).spawn(|| {
            let _armed = overflow::arm_thread();
            black_box(recurse(0))
        });
        let _ = thread.expect("a thread").join();
    });
    let Some(output) = output else { panic!("it survived") };
    let text = support::error_text(&output);
    assert!(text.contains("thread 'plain'") && text.contains("has overflowed its stack"), "{text}");
    assert!(!text.contains(KNOB), "{text}");
    assert_eq!(output.status.signal(), Some(libc::SIGABRT), "{text}");
}

#[test]
fn another_fault_goes_on_to_who_was_there_before() {
    let output = support::in_child("another_fault_goes_on_to_who_was_there_before", || {
        extern "C" fn leave(_signal: libc::c_int) {
            // SAFETY: may be called in a signal handler.
            unsafe { libc::_exit(42) };
        }
        let handler: extern "C" fn(libc::c_int) = leave;
        // SAFETY: `leave` does what a handler may.
        unsafe { libc::signal(libc::SIGSEGV, handler as *const () as libc::sighandler_t) };
        run(Pool::global(), |_| touch_nothing());
    });
    let Some(output) = output else { panic!("it survived") };
    assert_eq!(output.status.code(), Some(42), "{}", support::error_text(&output));
}

#[test]
fn another_fault_without_anybody_before_ends_the_process_as_ever() {
    let output = support::in_child("another_fault_without_anybody_before_ends_the_process_as_ever", || {
        // SAFETY: no handler at all.
        unsafe { libc::signal(libc::SIGSEGV, libc::SIG_DFL) };
        run(Pool::global(), |_| touch_nothing());
    });
    let Some(output) = output else { panic!("it survived") };
    assert_eq!(output.status.signal(), Some(libc::SIGSEGV));
    assert!(!support::error_text(&output).contains(KNOB));
}

#[test]
fn a_signal_that_was_sent_ends_the_process_as_ever() {
    let output = support::in_child("a_signal_that_was_sent_ends_the_process_as_ever", || {
        // SAFETY: no handler at all. (std's own takes the first such signal and goes on.)
        unsafe { libc::signal(libc::SIGSEGV, libc::SIG_DFL) };
        overflow::install();
        // SAFETY: no precondition.
        unsafe { libc::kill(libc::getpid(), libc::SIGSEGV) };
        // Any thread may get it.
        thread::sleep(std::time::Duration::from_secs(60));
    });
    let Some(output) = output else { panic!("it survived") };
    assert_eq!(output.status.signal(), Some(libc::SIGSEGV));
}

fn touch_nothing() {
    let nowhere = black_box(std::ptr::without_provenance_mut::<u8>(8));
    // SAFETY: none. It is meant to fault, and does not come back.
    unsafe { nowhere.write_volatile(1) };
}
