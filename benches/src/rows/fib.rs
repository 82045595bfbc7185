//! What does a call cost where each call of a recursive function is a task that its caller joins?

use super::prelude::*;

const N: u32 = 25;
/// Fewer, in a quick run.
const N_QUICK: u32 = 18;

pub(super) const ROW: Row =
    Row::new("fib", "fib(25), a spawn a call", &[Figure::new("ns", "ns").target(90.0)]).peers(&[
        (Peer::Sisal, sisal),
        (Peer::SisalMigrate, sisal),
        (Peer::Tokio, tokio),
        (Peer::May, may),
        (Peer::Smol, smol),
    ]);

fn n(setup: &Setup) -> u32 {
    if setup.quick { N_QUICK } else { N }
}

/// The number itself.
fn fib(n: u32) -> usize {
    (0..n).fold((0, 1), |(a, b), _| (b, a + b)).0
}

/// How many calls it takes.
fn calls(n: u32) -> usize {
    2 * fib(n + 1) - 1
}

fn sisal(setup: &Setup) -> Figures {
    fn spawn_fib(n: u32) -> fiber::JoinHandle<usize> {
        sisal::spawn(move || {
            if n < 2 {
                return n as usize;
            }
            let (a, b) = (spawn_fib(n - 1), spawn_fib(n - 2));
            a.join().unwrap() + b.join().unwrap()
        })
    }
    peers::sisal::run(setup, |setup| {
        let (n, mut clock) = (n(setup), Clock::new(setup, 1));
        while clock.lap() {
            assert_eq!(spawn_fib(n).join().unwrap(), fib(n));
        }
        clock.ns_each_of(calls(n))
    })
}

fn tokio(setup: &Setup) -> Figures {
    fn spawn_fib(n: u32) -> tokio::task::JoinHandle<usize> {
        tokio::spawn(async move {
            if n < 2 {
                return n as usize;
            }
            let (a, b) = (spawn_fib(n - 1), spawn_fib(n - 2));
            a.await.unwrap() + b.await.unwrap()
        })
    }
    let (n, mut clock) = (n(setup), Clock::new(setup, 1));
    peers::tokio::run(setup, async move {
        while clock.lap() {
            assert_eq!(spawn_fib(n).await.unwrap(), fib(n));
        }
        clock.ns_each_of(calls(n))
    })
}

fn may(setup: &Setup) -> Figures {
    fn spawn_fib(n: u32) -> may::coroutine::JoinHandle<usize> {
        go!(move || {
            if n < 2 {
                return n as usize;
            }
            let (a, b) = (spawn_fib(n - 1), spawn_fib(n - 2));
            a.join().unwrap() + b.join().unwrap()
        })
    }
    peers::may::run(setup, |setup| {
        let (n, mut clock) = (n(setup), Clock::new(setup, 1));
        while clock.lap() {
            assert_eq!(spawn_fib(n).join().unwrap(), fib(n));
        }
        clock.ns_each_of(calls(n))
    })
}

fn smol(setup: &Setup) -> Figures {
    fn spawn_fib(n: u32) -> smol::Task<usize> {
        peers::smol::spawn(async move {
            if n < 2 {
                return n as usize;
            }
            let (a, b) = (spawn_fib(n - 1), spawn_fib(n - 2));
            a.await + b.await
        })
    }
    let (n, mut clock) = (n(setup), Clock::new(setup, 1));
    peers::smol::run(setup, async move {
        while clock.lap() {
            assert_eq!(spawn_fib(n).await, fib(n));
        }
        clock.ns_each_of(calls(n))
    })
}
