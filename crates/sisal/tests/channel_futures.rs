//! `send_async` and `recv_async`: no message is lost, doubled or overtaken, whoever polls, and whatever is dropped unfinished.
//!
//! Method: all kinds of senders beside all kinds of receivers, with a ledger; then each notice by hand, with wakers that
//! count.

mod common;

use common::executor::Executor;
use common::{eventually, on_each_size};
use sisal::channel::{self, Receiver, RecvError, SendError, Sender};
use sisal::{block_on, fiber, go};
use std::future::{Future, poll_fn};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::{Duration, Instant};

const CAPACITIES: [Option<usize>; 4] = [Some(0), Some(1), Some(3), None];

fn channel<T>(capacity: Option<usize>) -> (Sender<T>, Receiver<T>) {
    capacity.map_or_else(channel::unbounded, channel::bounded)
}

/// A message: its sender and the number that this one gave it.
type Message = (usize, u32);

/// What a receiver found, in its order.
type Found = Vec<Message>;

async fn send_all(sender: Sender<Message>, name: usize, count: u32) {
    for number in 0..count {
        sender.send_async((name, number)).await.unwrap();
    }
}

/// Receives to the end; each fourth future is dropped after its first poll, if it has given nothing by then.
async fn receive_all(receiver: Receiver<Message>) -> Found {
    let mut found = Vec::new();
    for turn in 0.. {
        let early = if turn % 4 == 0 { poll_once(&receiver).await } else { None };
        let message = match early {
            Some(message) => message,
            None => receiver.recv_async().await,
        };
        match message {
            Ok(message) => found.push(message),
            Err(RecvError) => break,
        }
    }
    found
}

async fn poll_once<T>(receiver: &Receiver<T>) -> Option<Result<T, RecvError>> {
    let mut future = pin!(receiver.recv_async());
    poll_fn(|context| match future.as_mut().poll(context) {
        Poll::Ready(result) => Poll::Ready(Some(result)),
        Poll::Pending => Poll::Ready(None),
    })
    .await
}

/// Each message once, and those of one sender in their order for each receiver.
fn check(senders: usize, count: u32, found: &[Found]) {
    for (name, found) in (0..senders).flat_map(|name| found.iter().map(move |found| (name, found))) {
        let numbers: Vec<_> = found.iter().filter(|message| message.0 == name).collect();
        assert!(numbers.is_sorted(), "overtaken: {numbers:?}");
    }
    let mut all: Vec<_> = found.concat();
    all.sort_unstable();
    let expected: Vec<_> =
        (0..senders).flat_map(|name| (0..count).map(move |number| (name, number))).collect();
    let lost: Vec<_> = expected.iter().filter(|message| all.binary_search(message).is_err()).collect();
    assert!(all == expected, "lost {lost:?} of {}, found {}", expected.len(), all.len());
}

#[test]
fn all_kinds_of_agents_meet_and_nothing_is_lost() {
    const COUNT: u32 = 200;
    on_each_size(|| {
        for capacity in CAPACITIES {
            let (sender, receiver) = channel(capacity);
            let executor = Executor::new(2);
            let (give, found) = channel::unbounded();
            for name in 0..8 {
                let sender = sender.clone();
                match name % 4 {
                    0 => drop(go!(move || (0..COUNT).for_each(|n| sender.send((name, n)).unwrap()))),
                    1 => drop(go!(move || block_on(send_all(sender, name, COUNT)))),
                    2 => drop(thread::spawn(move || block_on(send_all(sender, name, COUNT)))),
                    _ => executor.spawn(send_all(sender, name, COUNT)),
                }
            }
            drop(sender);
            for name in 0..8 {
                let (receiver, give) = (receiver.clone(), give.clone());
                match name % 4 {
                    0 => drop(go!(move || give.send(receiver.iter().collect::<Found>()))),
                    1 => drop(go!(move || give.send(block_on(receive_all(receiver))))),
                    2 => drop(thread::spawn(move || give.send(block_on(receive_all(receiver))))),
                    _ => executor.spawn(async move { give.send(receive_all(receiver).await).unwrap() }),
                }
            }
            drop((give, receiver));
            let threads = executor.start();
            check(8, COUNT, &found.iter().collect::<Vec<_>>());
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        }
    });
}

/// Futures alone, so that every notice comes from a future, and many are dropped in between.
#[test]
fn futures_alone_lose_nothing() {
    const COUNT: u32 = 500;
    for capacity in CAPACITIES {
        for threads in [1, 3] {
            let (sender, receiver) = channel(capacity);
            let (give, found) = channel::unbounded();
            let executor = Executor::new(threads);
            for name in 0..4 {
                executor.spawn(send_all(sender.clone(), name, COUNT));
                let (receiver, give) = (receiver.clone(), give.clone());
                executor.spawn(async move { give.send(receive_all(receiver).await).unwrap() });
            }
            drop((sender, receiver, give));
            let threads = executor.start();
            check(4, COUNT, &found.iter().collect::<Vec<_>>());
            threads.into_iter().for_each(|thread| thread.join().unwrap());
        }
    }
}

/// A waker that counts its calls.
#[derive(Default)]
struct Calls(AtomicU32);

impl Wake for Calls {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// A future with a waker of its own.
struct Polled<F> {
    future: Pin<Box<F>>,
    calls: Arc<Calls>,
}

impl<F: Future> Polled<F> {
    fn new(future: F) -> Self {
        Self { future: Box::pin(future), calls: Arc::default() }
    }

    /// One that was polled, and waits.
    fn pending(future: F) -> Self {
        let mut polled = Self::new(future);
        assert!(polled.poll().is_pending());
        polled
    }

    fn poll(&mut self) -> Poll<F::Output> {
        self.future.as_mut().poll(&mut Context::from_waker(&Waker::from(Arc::clone(&self.calls))))
    }

    fn calls(&self) -> u32 {
        self.calls.0.load(Ordering::Relaxed)
    }
}

#[test]
fn a_receiver_that_was_told_and_is_dropped_tells_the_next() {
    for capacity in CAPACITIES {
        let (sender, receiver) = channel(capacity);
        let waiting: Vec<_> = (0..3).map(|_| Polled::pending(receiver.recv_async())).collect();
        sender.send(7).unwrap();
        let mut waiting = waiting.into_iter();
        for turn in 0..2 {
            let told = waiting.next().unwrap();
            assert_eq!(told.calls(), 1, "{turn}");
            assert!(waiting.as_slice().iter().all(|other| other.calls() == 0), "{turn}");
        }
        let mut last = waiting.next().unwrap();
        assert_eq!((last.calls(), last.poll()), (1, Poll::Ready(Ok(7))));
    }
}

#[test]
fn a_sender_that_was_told_and_is_dropped_tells_the_next() {
    let (sender, receiver) = channel::bounded(1);
    sender.send(0).unwrap();
    let first = Polled::pending(sender.send_async(1));
    let mut second = Polled::pending(sender.send_async(2));
    assert_eq!(receiver.recv(), Ok(0));
    assert_eq!((first.calls(), second.calls()), (1, 0));
    drop(first);
    assert_eq!((second.calls(), second.poll()), (1, Poll::Ready(Ok(()))));
    assert_eq!(receiver.try_iter().collect::<Vec<_>>(), [2]);
}

/// Told of room, but served by a receiver that has come since: the room is the next one's.
#[test]
fn a_sender_that_leaves_its_room_tells_the_next() {
    common::on(1, || {
        let (sender, receiver) = channel::bounded(1);
        sender.send(0).unwrap();
        let mut first = Polled::pending(sender.send_async(1));
        let second = Polled::pending(sender.send_async(2));
        assert_eq!(receiver.recv(), Ok(0));
        let waits = go!(move || receiver.recv());
        // It runs until it waits, since there is one worker.
        fiber::yield_now();
        assert_eq!(first.poll(), Poll::Ready(Ok(())));
        assert_eq!((first.calls(), second.calls()), (1, 1));
        assert_eq!(waits.join().unwrap(), Ok(1));
    });
}

#[test]
fn who_is_dropped_untold_leaves_its_place_to_those_behind() {
    let (sender, receiver) = channel::unbounded();
    let first = Polled::pending(receiver.recv_async());
    let mut second = Polled::pending(receiver.recv_async());
    drop(first);
    sender.send(1).unwrap();
    assert_eq!((second.calls(), second.poll()), (1, Poll::Ready(Ok(1))));
}

#[test]
fn who_was_told_in_vain_waits_in_front() {
    let (sender, receiver) = channel::unbounded();
    let mut first = Polled::pending(receiver.recv_async());
    let second = Polled::pending(receiver.recv_async());
    sender.send(1).unwrap();
    assert_eq!(receiver.try_recv(), Ok(1));
    assert!(first.poll().is_pending());
    sender.send(2).unwrap();
    assert_eq!((first.calls(), second.calls()), (2, 0));
    assert_eq!(first.poll(), Poll::Ready(Ok(2)));
}

#[test]
fn a_future_changes_its_waker() {
    let (sender, receiver) = channel::bounded(1);
    let mut future = Polled::pending(receiver.recv_async());
    let before = std::mem::take(&mut future.calls);
    assert!(future.poll().is_pending());
    assert_eq!(Arc::strong_count(&before), 1, "the old waker is kept");
    sender.send(1).unwrap();
    assert_eq!((before.0.load(Ordering::Relaxed), future.calls()), (0, 1));
}

#[test]
fn the_end_of_a_side_ends_the_futures_of_the_other() {
    for capacity in CAPACITIES {
        let (sender, receiver) = channel::<u32>(capacity);
        // More than are woken at a time.
        let mut waiting: Vec<_> = (0..100).map(|_| Polled::pending(receiver.recv_async())).collect();
        drop(sender);
        assert!(waiting.iter_mut().all(|one| one.calls() == 1 && one.poll() == Poll::Ready(Err(RecvError))));
    }
    for capacity in [0, 1] {
        let (sender, receiver) = channel::bounded(capacity);
        while sender.try_send(0).is_ok() {}
        let mut waiting: Vec<_> = (0..100).map(|n| Polled::pending(sender.send_async(n))).collect();
        drop(receiver);
        for (n, one) in waiting.iter_mut().enumerate() {
            assert_eq!((one.calls(), one.poll()), (1, Poll::Ready(Err(SendError(n)))));
        }
    }
}

#[test]
fn each_message_is_dropped_once() {
    let counted = Arc::new(());
    for capacity in CAPACITIES {
        let (sender, receiver) = channel(capacity);
        let unpolled = sender.send_async(Arc::clone(&counted));
        drop(unpolled);
        let waiting = Polled::pending(receiver.recv_async());
        sender.send(Arc::clone(&counted)).unwrap();
        drop(waiting);
        // Without a buffer too, since it was left for a future that never came.
        assert_eq!(Arc::strong_count(&counted), 2);
        let mut full = Polled::new(sender.send_async(Arc::clone(&counted)));
        let _ = full.poll();
        drop(full);
        drop((sender, receiver));
        assert_eq!(Arc::strong_count(&counted), 1);
    }
}

/// Without a buffer: what a sender has left for a future that was dropped goes to any other receiver.
#[test]
fn a_message_left_for_a_dropped_future_is_received() {
    on_each_size(|| {
        for round in 0..4 {
            let (sender, receiver) = channel::bounded(0);
            let future = Polled::pending(receiver.recv_async());
            sender.send(round).unwrap();
            drop(future);
            assert!(sender.is_full() && receiver.is_empty());
            let got = match round {
                0 => receiver.try_recv().unwrap(),
                1 => receiver.recv().unwrap(),
                2 => block_on(receiver.recv_async()).unwrap(),
                _ => sisal::select! { recv(receiver) -> message => message.unwrap() },
            };
            assert_eq!(got, round);
            assert!(sender.try_send(0).is_err());
        }
    });
}

/// Without a buffer: a select is the partner of a future, on either side.
#[test]
fn futures_meet_selects() {
    on_each_size(|| {
        for round in 0..200_u32 {
            let (sender, receiver) = channel::bounded(0);
            let (never, nobody) = channel::bounded::<u32>(0);
            if round % 2 == 0 {
                let other = go!(move || block_on(receiver.recv_async()));
                sisal::select! {
                    send(sender, round) -> sent => sent.unwrap(),
                    recv(nobody) -> _ => unreachable!(),
                }
                assert_eq!(other.join().unwrap(), Ok(round));
            } else {
                let other = go!(move || block_on(sender.send_async(round)));
                let got = sisal::select! {
                    recv(receiver) -> got => got,
                    recv(nobody) -> _ => unreachable!(),
                };
                assert_eq!(got, Ok(round));
                other.join().unwrap().unwrap();
            }
            drop(never);
        }
    });
}

#[test]
fn receivers_of_the_time_are_awaited() {
    on_each_size(|| {
        let start = Instant::now();
        let after = channel::after(Duration::from_millis(2));
        let tick = channel::tick(Duration::from_millis(1));
        block_on(async {
            let message = after.recv_async().await.unwrap();
            assert!(message - start >= Duration::from_millis(2));
            let first = tick.recv_async().await.unwrap();
            assert!(tick.recv_async().await.unwrap() > first);
        });
        assert!(start.elapsed() >= Duration::from_millis(3));
        let never = channel::never::<u32>();
        drop(Polled::pending(never.recv_async()));
        drop(Polled::pending(channel::after(Duration::from_secs(3_600)).recv_async()));
    });
}

/// A receiver that waits beside a future that was told of nothing, and a future's message that waits for it.
#[test]
fn a_future_is_told_of_a_receiver_that_waits() {
    on_each_size(|| {
        let (sender, receiver) = channel::bounded(0);
        let mut future = Polled::pending(sender.send_async(5));
        let waits = go!(move || receiver.recv());
        eventually("the future is told", || future.calls() == 1);
        assert_eq!(future.poll(), Poll::Ready(Ok(())));
        assert_eq!(waits.join().unwrap(), Ok(5));
    });
}
