//! Goal: a cancelled operation has taken nothing and lost nothing, and a cancelled loop starves nobody.
//! Method: producers and consumers under tokens that are cancelled at random; a ledger of (producer, sequence) must be whole.
//! Loops that ignore their cancel run beside a fiber that counts, on one worker.

mod common;

use common::{on, on_each_size, some};
use sisal::channel::{self, Receiver, Sender};
use sisal::fiber::{self, CancelToken};
use sisal::sync::{Condvar, Mutex};
use sisal::{select, time};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed};
use std::time::Duration;

const PRODUCERS: usize = 4;
/// Of each producer.
fn messages() -> usize {
    some(100, 3)
}

fn produce(producer: usize, sender: &Sender<(usize, usize)>) {
    for sequence in 0..messages() {
        let mut message = (producer, sequence);
        // Cancelled again and again, until it is sent: each error gives the message back.
        loop {
            let token = CancelToken::new();
            let canceller = token.clone();
            let cancel = fiber::spawn(move || canceller.cancel());
            let sent = token.run(|| sender.send(message));
            cancel.join().unwrap();
            match sent {
                Ok(()) => break,
                Err(error) => message = error.into_inner(),
            }
        }
    }
}

fn consume(receiver: &Receiver<(usize, usize)>, with_select: bool, taken: &Mutex<Vec<(usize, usize)>>) {
    while taken.lock().len() < PRODUCERS * messages() {
        let token = CancelToken::new();
        let canceller = token.clone();
        let cancel = fiber::spawn(move || {
            fiber::yield_now();
            canceller.cancel();
        });
        let received = token.run(|| {
            if with_select {
                select! {
                    recv(receiver) -> message => message.ok(),
                    recv(channel::never()) -> message => message.ok(),
                }
            } else {
                receiver.recv().ok()
            }
        });
        taken.lock().extend(received);
        cancel.join().unwrap();
    }
}

#[test]
fn nothing_is_taken_or_lost() {
    on_each_size(|| {
        for capacity in [0, 1, 16] {
            let (sender, receiver) = channel::bounded(capacity);
            let taken = Mutex::new(Vec::new());
            fiber::scope(|s| {
                for producer in 0..PRODUCERS {
                    let sender = &sender;
                    s.spawn(move || produce(producer, sender));
                }
                for with_select in [false, true] {
                    let (receiver, taken) = (&receiver, &taken);
                    s.spawn(move || consume(receiver, with_select, taken));
                }
            });
            let mut taken = taken.lock();
            taken.sort_unstable();
            let all = (0..PRODUCERS).flat_map(|producer| (0..messages()).map(move |n| (producer, n)));
            assert!(taken.iter().copied().eq(all), "capacity {capacity}");
        }
    });
}

/// Cancels `looping` on one worker, and sees that others run beside it; then lets it end.
fn starves_nobody(looping: impl FnOnce(&AtomicBool, &(Mutex<bool>, Condvar)) + Send) {
    on(1, || {
        let (end, pair) = (AtomicBool::new(false), (Mutex::new(false), Condvar::new()));
        let steps = AtomicUsize::new(0);
        fiber::scope(|s| {
            let looper = s.spawn(|| looping(&end, &pair));
            fiber::yield_now();
            looper.cancel();
            let counter = s.spawn(|| {
                for _ in 0..100 {
                    fiber::yield_now();
                    steps.fetch_add(1, Relaxed);
                }
                time::sleep(Duration::from_millis(1));
            });
            counter.join().unwrap();
            assert_eq!(steps.load(Relaxed), 100);
            end.store(true, Relaxed);
            looper.fiber().unpark();
            *pair.0.lock() = true;
            pair.1.notify_all();
            looper.join().unwrap();
        });
    });
}

#[test]
fn a_cancelled_park_loop_starves_nobody() {
    starves_nobody(|end, _| {
        while !end.load(Relaxed) {
            fiber::park();
        }
    });
}

#[test]
fn a_cancelled_condvar_loop_starves_nobody() {
    starves_nobody(|_, (mutex, condvar)| {
        let mut is_set = mutex.lock();
        while !*is_set {
            condvar.wait(&mut is_set);
        }
    });
}

#[test]
fn a_cancelled_yield_loop_starves_nobody() {
    starves_nobody(|end, _| {
        while !end.load(Relaxed) {
            fiber::yield_now();
        }
    });
}

#[test]
fn a_cancelled_wait_while_returns_when_its_condition_holds() {
    on_each_size(|| {
        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let theirs = Arc::clone(&pair);
        let waiter = fiber::spawn(move || {
            let mut is_set = theirs.0.lock();
            theirs.1.wait_while(&mut is_set, |is_set| !*is_set);
            *is_set && fiber::is_cancelled()
        });
        fiber::yield_now();
        waiter.cancel();
        time::sleep(Duration::from_millis(1));
        assert!(!waiter.is_finished());
        *pair.0.lock() = true;
        pair.1.notify_one();
        assert!(waiter.join().unwrap());
    });
}

common::in_simulations! {
    nothing_is_taken_or_lost,
}
