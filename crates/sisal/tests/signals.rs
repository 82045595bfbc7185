//! Goal: signals arrive as messages, each where it was asked for, and nobody's handler is lost.
//! Method: this process sends itself signals through `kill`. Each test has a signal of its own.

mod common;

use common::{eventually, on, on_each_size};
use sisal::{channel, go, select, signal};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

fn raise(signal: &str) {
    let own = std::process::id().to_string();
    assert!(std::process::Command::new("kill").args([signal, &own]).status().unwrap().success());
}

#[test]
fn a_signal_is_a_message_for_all_who_asked() {
    on_each_size(|| {
        let a = signal::signals([signal::SIGUSR1]).unwrap();
        let b = signal::signals([signal::SIGUSR1, signal::SIGWINCH]).unwrap();
        raise("-USR1");
        assert_eq!(a.recv(), Ok(signal::SIGUSR1));
        assert_eq!(b.recv(), Ok(signal::SIGUSR1));
        raise("-WINCH");
        assert_eq!(b.recv(), Ok(signal::SIGWINCH));
        assert!(a.receiver().is_empty());
    });
}

#[test]
fn one_waits_for_ctrl_c_or_something_else() {
    on_each_size(|| {
        let signals = signal::signals([signal::SIGTERM]).unwrap();
        let (sender, receiver) = channel::bounded::<()>(0);
        go!(move || sender.send(()).is_ok());
        select! {
            recv(signals) -> _ => panic!("nobody has sent one"),
            recv(receiver) -> message => message.unwrap(),
        }
        raise("-TERM");
        select! {
            recv(signals) -> signal => assert_eq!(signal, Ok(signal::SIGTERM)),
            default(Duration::from_secs(10)) => panic!("lost"),
        }
    });
}

#[test]
fn ctrl_c_ends_its_wait() {
    on(2, || {
        let waiting = go!(|| signal::ctrl_c().unwrap());
        // The first may come before the handler is there; what it does by default, the test's process must survive.
        let _ours = signal::signals([signal::SIGINT]).unwrap();
        eventually("it has ended", || {
            raise("-INT");
            waiting.is_finished()
        });
        waiting.join().unwrap();
        let waiting = go!(|| signal::ctrl_c().unwrap_err().to_string());
        waiting.cancel();
        assert_eq!(waiting.join().unwrap(), "cancelled");
    });
}

#[test]
fn handlers_of_others_are_called_too() {
    on(2, || {
        let theirs = Arc::new(AtomicBool::new(false));
        signal_hook::flag::register(signal::SIGHUP, Arc::clone(&theirs)).unwrap();
        let ours = signal::signals([signal::SIGHUP]).unwrap();
        raise("-HUP");
        assert_eq!(ours.recv(), Ok(signal::SIGHUP));
        assert!(theirs.load(Ordering::SeqCst));
    });
}

#[test]
fn what_cannot_be_handled_is_refused_and_nothing_is_left() {
    on(1, || {
        for number in [0, 9, 11, 19, 1000] {
            assert!(signal::signals([number]).is_err(), "{number}");
        }
        let descriptors = || std::fs::read_dir("/proc/self/fd").unwrap().count();
        let before = descriptors();
        for _ in 0..20 {
            signal::signals([signal::SIGUSR2, signal::SIGCONT]).unwrap();
        }
        eventually("no descriptor is left", || descriptors() <= before);
    });
}
