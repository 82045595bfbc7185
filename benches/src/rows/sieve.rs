//! How long does a chain of 2,000 filters, a task a prime, take to find the first 2,000 primes?
//!
//! Channels hold 64 numbers (may's, which have no bound, any). The numbers end at the 2,000th prime; each filter then finds
//! its channel closed.

use super::prelude::*;

const PRIMES: usize = 2_000;
/// The last of them, and their sum.
const FULL: (usize, usize) = (17_389, 16_274_627);
/// The same of the first 200, for a quick run.
const QUICK: (usize, usize) = (1_223, 111_587);
const CAPACITY: usize = 64;

pub(super) const ROW: Row = Row::new("sieve", "prime sieve, 2,000", &[Figure::new("ms", "ms").target(55.0)])
    .family("sieve", &[CAPACITY])
    .peers(&[
        (Peer::Sisal, sisal),
        (Peer::SisalMigrate, sisal),
        (Peer::Tokio, tokio),
        (Peer::May, may),
        (Peer::Smol, smol),
    ]);

fn last_and_sum(setup: &Setup) -> (usize, usize) {
    if setup.quick { QUICK } else { FULL }
}

fn sisal(setup: &Setup) -> Figures {
    peers::sisal::run(setup, |setup| {
        let (mut clock, (last, sum)) = (Clock::new(setup, PRIMES), last_and_sum(setup));
        while clock.lap() {
            let (numbers, mut before) = channel::bounded::<usize>(CAPACITY);
            sisal::spawn(move || (2..=last).for_each(|n| numbers.send(n).unwrap()));
            let mut found = 0;
            for _ in 0..clock.ops {
                let prime = before.recv().unwrap();
                found += prime;
                let (next, after) = channel::bounded(CAPACITY);
                let received = mem::replace(&mut before, after);
                sisal::spawn(move || {
                    for n in received.iter().filter(|n| n % prime != 0) {
                        next.send(n).unwrap();
                    }
                });
            }
            assert_eq!((found, before.recv().is_err()), (sum, true));
        }
        clock.ms()
    })
}

fn tokio(setup: &Setup) -> Figures {
    use tokio::sync::mpsc;
    let (mut clock, (last, sum)) = (Clock::new(setup, PRIMES), last_and_sum(setup));
    peers::tokio::run(setup, async move {
        while clock.lap() {
            let (numbers, mut before) = mpsc::channel::<usize>(CAPACITY);
            tokio::spawn(async move {
                for n in 2..=last {
                    numbers.send(n).await.unwrap();
                }
            });
            let mut found = 0;
            for _ in 0..clock.ops {
                let prime = before.recv().await.unwrap();
                found += prime;
                let (next, after) = mpsc::channel(CAPACITY);
                let mut received = mem::replace(&mut before, after);
                tokio::spawn(async move {
                    while let Some(n) = received.recv().await {
                        if n % prime != 0 {
                            next.send(n).await.unwrap();
                        }
                    }
                });
            }
            assert_eq!((found, before.recv().await), (sum, None));
        }
        clock.ms()
    })
}

fn may(setup: &Setup) -> Figures {
    use may::sync::spsc;
    peers::may::run(setup, |setup| {
        let (mut clock, (last, sum)) = (Clock::new(setup, PRIMES), last_and_sum(setup));
        while clock.lap() {
            let (numbers, mut before) = spsc::channel::<usize>();
            go!(move || (2..=last).for_each(|n| numbers.send(n).unwrap()));
            let mut found = 0;
            for _ in 0..clock.ops {
                let prime = before.recv().unwrap();
                found += prime;
                let (next, after) = spsc::channel();
                let received = mem::replace(&mut before, after);
                go!(move || {
                    for n in received.iter().filter(|n| n % prime != 0) {
                        next.send(n).unwrap();
                    }
                });
            }
            assert_eq!((found, before.recv().is_err()), (sum, true));
        }
        clock.ms()
    })
}

fn smol(setup: &Setup) -> Figures {
    let (mut clock, (last, sum)) = (Clock::new(setup, PRIMES), last_and_sum(setup));
    peers::smol::run(setup, async move {
        while clock.lap() {
            let (numbers, mut before) = smol::channel::bounded::<usize>(CAPACITY);
            let generator = peers::smol::spawn(async move {
                for n in 2..=last {
                    numbers.send(n).await.unwrap();
                }
            });
            generator.detach();
            let mut found = 0;
            for _ in 0..clock.ops {
                let prime = before.recv().await.unwrap();
                found += prime;
                let (next, after) = smol::channel::bounded(CAPACITY);
                let received = mem::replace(&mut before, after);
                let filter = peers::smol::spawn(async move {
                    while let Ok(n) = received.recv().await {
                        if n % prime != 0 {
                            next.send(n).await.unwrap();
                        }
                    }
                });
                filter.detach();
            }
            assert_eq!((found, before.recv().await.is_err()), (sum, true));
        }
        clock.ms()
    })
}
