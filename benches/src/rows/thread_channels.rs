//! What does a message cost between OS threads, through sisal's channels and through crossbeam's?
//!
//! The two have one face, so that the same text serves both.

use super::prelude::*;

const OPS: usize = 200_000;
const OPS_PING_PONG: usize = 10_000;
const CAPACITY: usize = 64;
const FIGURES: &[Figure] = &[Figure::new("ns", "ns")
    .aside("the threads' scheduler is the kernel; at most 1.2 times crossbeam's is the aim")];

const fn row(name: &'static str, title: &'static str, shape: &'static [usize]) -> Row {
    Row::new(name, title, FIGURES)
        .family("thread-stream", shape)
        .without_go()
        .peers(&[(Peer::Sisal, own::stream), (Peer::Threads, crossbeam::stream)])
}

// Senders, receivers, capacity (0: any number).
pub(super) const MPSC: Row = row("thread-mpsc", "threads: mpsc 4:1, bounded 256", &[4, 1, 256]);
pub(super) const MPMC: Row = row("thread-mpmc", "threads: mpmc 4:4, bounded 256", &[4, 4, 256]);
pub(super) const SPSC: Row = row("thread-spsc", "threads: spsc, bounded 256", &[1, 1, 256]);
pub(super) const UNBOUNDED: Row = row("thread-mpsc-unbounded", "threads: mpsc 4:1, unbounded", &[4, 1, 0]);
pub(super) const SPSC_UNBOUNDED: Row = row("thread-spsc-unbounded", "threads: spsc, unbounded", &[1, 1, 0]);
pub(super) const PING_PONG: Row = Row::new("thread-ping-pong", "threads: ping-pong, rendezvous", FIGURES)
    .without_go()
    .peers(&[(Peer::Sisal, own::ping_pong), (Peer::Threads, crossbeam::ping_pong)]);
pub(super) const SELECT: Row = Row::new("thread-select", "threads: select over 2", FIGURES)
    .without_go()
    .peers(&[(Peer::Sisal, own::select_two), (Peer::Threads, crossbeam::select_two)]);

macro_rules! on_threads {
    ($name:ident, $($channel:tt)+) => {
        mod $name {
            use super::*;
            use $($channel)+::{bounded, never, select, unbounded};

            pub(super) fn stream(setup: &Setup) -> Figures {
                let &[senders, receivers, capacity] = setup.params else { unreachable!() };
                let mut clock = Clock::new(setup, OPS);
                while clock.lap() {
                    let each = clock.ops / senders;
                    let (sender, receiver) = if capacity == 0 { unbounded() } else { bounded(capacity) };
                    let sum: usize = thread::scope(|scope| {
                        let receivers = Vec::from_iter((0..receivers).map(|_| {
                            scope.spawn(|| receiver.iter().sum::<usize>())
                        }));
                        for _ in 0..senders {
                            let sender = sender.clone();
                            scope.spawn(move || (0..each).for_each(|n| sender.send(n).unwrap()));
                        }
                        drop(sender);
                        receivers.into_iter().map(|one| one.join().unwrap()).sum()
                    });
                    assert_eq!(sum, senders * (each * (each - 1) / 2));
                }
                clock.ns_each()
            }

            pub(super) fn ping_pong(setup: &Setup) -> Figures {
                let mut clock = Clock::new(setup, OPS_PING_PONG);
                while clock.lap() {
                    let (ping, pinged) = bounded::<usize>(0);
                    let (pong, ponged) = bounded::<usize>(0);
                    let echo = thread::spawn(move || pinged.iter().for_each(|n| pong.send(n + 1).unwrap()));
                    for n in 0..clock.ops {
                        ping.send(n).unwrap();
                        assert_eq!(ponged.recv(), Ok(n + 1));
                    }
                    drop(ping);
                    echo.join().unwrap();
                }
                clock.ns_each()
            }

            pub(super) fn select_two(setup: &Setup) -> Figures {
                let mut clock = Clock::new(setup, OPS);
                while clock.lap() {
                    let each = clock.ops / 2;
                    let mut receivers = [(); 2].map(|()| {
                        let (sender, receiver) = bounded::<usize>(CAPACITY);
                        thread::spawn(move || (0..each).for_each(|n| sender.send(n).unwrap()));
                        receiver
                    });
                    let (mut sum, mut taken) = (0, 0);
                    while taken < clock.ops {
                        let [a, b] = &receivers;
                        let (arm, n) = select! {
                            recv(a) -> n => (0, n),
                            recv(b) -> n => (1, n),
                        };
                        match n {
                            Ok(n) => (sum, taken) = (sum + n, taken + 1),
                            Err(_) => receivers[arm] = never(),
                        }
                    }
                    assert_eq!(sum, each * (each - 1));
                }
                clock.ns_each()
            }
        }
    };
}

on_threads!(own, ::sisal::channel);
on_threads!(crossbeam, ::crossbeam_channel);
