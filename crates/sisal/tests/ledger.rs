//! Of very many messages none is lost, doubled, or overtaken by a later one of its producer.
//!
//! Method: four producers write (producer, number) into each kind of channel, four consumers take them out. A consumer sees each
//! producer's numbers rise, channel by channel; a bit for each message says whether it has come, and none comes twice. With plain
//! calls, through `select!`, with timeouts that run out, with handles cloned and dropped all the time, and as futures; on fibers,
//! threads, and both.
//!
//! `cargo test --release -p sisal --test ledger -- --include-ignored --nocapture` does so with ten million messages in each kind of
//! channel and each manner, which takes some minutes; what it printed stands in `crates/sync/README.md`.

use sisal::channel::{
    Receiver, RecvTimeoutError, SendTimeoutError, Sender, TryRecvError, TrySendError, bounded, unbounded,
};
use sisal::runtime::Runtime;
use sisal::{block_on, select};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const PRODUCERS: usize = 4;
const CONSUMERS: usize = 4;
const WORKERS: [usize; 3] = [1, 2, 4];
/// Messages of each kind of channel in a test, on all hosts together.
const MESSAGES: usize = 50_000;
const TEN_MILLION: usize = 10_000_000;
/// Short enough to run out often.
const SHORT: Duration = Duration::from_micros(20);
/// A handle serves for so many messages, where handles come and go.
const LIFE: usize = 16;

/// Producer, number.
type Message = (usize, usize);
type Pair = (Sender<Message>, Receiver<Message>);

/// How messages are sent and received.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Manner {
    Plain,
    /// Over two channels at once.
    Select,
    Timeouts,
    /// Each handle is soon dropped for a clone.
    Churn,
    /// Each operation is a future that is waited for.
    Futures,
}

/// The messages that have come.
struct Ledger {
    each: usize,
    bits: Vec<AtomicU64>,
    count: AtomicUsize,
}

impl Ledger {
    /// For so many messages of each producer.
    fn new(each: usize) -> Self {
        let bits = (0..(each * PRODUCERS).div_ceil(64)).map(|_| AtomicU64::new(0)).collect();
        Self { each, bits, count: AtomicUsize::new(0) }
    }

    fn enter(&self, (producer, number): Message) {
        assert!(producer < PRODUCERS && number < self.each, "nobody sent {producer}, {number}");
        let place = producer * self.each + number;
        let bit = 1 << (place % 64);
        let before = self.bits[place / 64].fetch_or(bit, Ordering::Relaxed);
        assert_eq!(before & bit, 0, "{producer}, {number} has come twice");
        self.count.fetch_add(1, Ordering::Relaxed);
    }

    fn is_full(&self) -> bool {
        self.count.load(Ordering::Relaxed) == self.each * PRODUCERS
    }
}

/// What one consumer has seen of one channel.
#[derive(Default)]
struct Order([Option<usize>; PRODUCERS]);

impl Order {
    fn enter(&mut self, (producer, number): Message) {
        let last = self.0[producer].replace(number);
        assert!(last < Some(number), "producer {producer}: {number} came after {last:?}");
    }
}

fn produce(manner: Manner, mut senders: [Sender<Message>; 2], producer: usize, each: usize) {
    for number in 0..each {
        let message = (producer, number);
        let [sender, other] = &senders;
        match manner {
            Manner::Plain => sender.send(message).unwrap(),
            Manner::Select => select! {
                send(sender, message) -> sent => sent.unwrap(),
                send(other, message) -> sent => sent.unwrap(),
            },
            Manner::Timeouts => send_in_pieces(sender, message),
            Manner::Futures => block_on(sender.send_async(message)).unwrap(),
            Manner::Churn => {
                sender.send(message).unwrap();
                if number % LIFE == producer {
                    senders = senders.clone();
                }
            }
        }
    }
}

/// Tries until it is sent: each time-out gives the message back.
fn send_in_pieces(sender: &Sender<Message>, mut message: Message) {
    loop {
        message = match sender.send_timeout(message, SHORT) {
            Ok(()) => return,
            Err(SendTimeoutError::Timeout(message)) => message,
            Err(SendTimeoutError::Disconnected(_)) => panic!("the consumers are there"),
        };
        message = match sender.try_send(message) {
            Ok(()) => return,
            Err(TrySendError::Full(message)) => message,
            Err(TrySendError::Disconnected(_)) => panic!("the consumers are there"),
        };
    }
}

/// Takes all that comes, until both channels have ended.
fn consume(manner: Manner, mut receivers: [Receiver<Message>; 2], ledger: &Ledger) {
    let mut orders = [Order::default(), Order::default()];
    let mut taken = 0;
    let mut enter = |channel: usize, message: Message| {
        orders[channel].enter(message);
        ledger.enter(message);
    };
    loop {
        let [receiver, other] = &receivers;
        match manner {
            Manner::Plain | Manner::Churn => match receiver.recv() {
                Ok(message) => enter(0, message),
                Err(_) => return,
            },
            Manner::Futures => match block_on(receiver.recv_async()) {
                Ok(message) => enter(0, message),
                Err(_) => return,
            },
            Manner::Select => select! {
                recv(receiver) -> message => match message {
                    Ok(message) => enter(0, message),
                    Err(_) => return other.iter().for_each(|message| enter(1, message)),
                },
                recv(other) -> message => match message {
                    Ok(message) => enter(1, message),
                    Err(_) => return receiver.iter().for_each(|message| enter(0, message)),
                },
            },
            Manner::Timeouts => match receiver.recv_timeout(SHORT) {
                Ok(message) => enter(0, message),
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => match receiver.try_recv() {
                    Ok(message) => enter(0, message),
                    Err(TryRecvError::Disconnected) => return,
                    Err(TryRecvError::Empty) => {}
                },
            },
        }
        taken += 1;
        if manner == Manner::Churn && taken % LIFE == 0 {
            receivers = receivers.clone();
        }
    }
}

/// One round: every producer sends `each` messages.
fn round(manner: Manner, open: Open, each: usize, runtime: &Runtime, is_fiber: IsFiber) {
    let ledger = Arc::new(Ledger::new(each));
    let (senders, receivers) = {
        let (one, other) = (open(), open());
        ([one.0, other.0], [one.1, other.1])
    };
    let mut fibers = Vec::new();
    let mut threads = Vec::new();
    let mut spawn = |index: usize, body: Box<dyn FnOnce() + Send>| {
        if is_fiber(index) { fibers.push(runtime.spawn(body)) } else { threads.push(thread::spawn(body)) }
    };
    for consumer in 0..CONSUMERS {
        let (receivers, ledger) = (receivers.clone(), Arc::clone(&ledger));
        spawn(consumer, Box::new(move || consume(manner, receivers, &ledger)));
    }
    drop(receivers);
    for producer in 0..PRODUCERS {
        let senders = senders.clone();
        spawn(CONSUMERS + producer, Box::new(move || produce(manner, senders, producer, each)));
    }
    drop(senders);
    fibers.into_iter().for_each(|fiber| fiber.join().unwrap());
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert!(ledger.is_full(), "messages were lost");
}

/// How a channel is opened.
type Open = fn() -> Pair;
/// Whether the n-th agent is a fiber.
type IsFiber = fn(usize) -> bool;

const CHANNELS: [(&str, Open); 4] = [
    ("bounded(0)", || bounded(0)),
    ("bounded(1)", || bounded(1)),
    ("bounded(64)", || bounded(64)),
    ("unbounded", unbounded),
];
const HOSTS: [(&str, IsFiber); 3] =
    [("fibers", |_| true), ("threads", |_| false), ("both", |index| index % 2 == 0)];

/// All kinds of channels, hosts, and numbers of workers, of which those of one kind share the messages.
fn every_round(manner: Manner, messages: usize) {
    let each = messages.div_ceil(HOSTS.len() * WORKERS.len() * PRODUCERS);
    for workers in WORKERS {
        let runtime = Runtime::builder().workers(workers).build().unwrap();
        for (channel, open) in CHANNELS {
            for (host, is_fiber) in HOSTS {
                let start = Instant::now();
                round(manner, open, each, &runtime, is_fiber);
                let ns = start.elapsed().as_nanos() / (each * PRODUCERS) as u128;
                println!("{manner:?} {channel} {host} {workers} workers: {ns} ns a message");
            }
        }
    }
}

#[test]
fn plain() {
    every_round(Manner::Plain, MESSAGES);
}

#[test]
fn through_select() {
    every_round(Manner::Select, MESSAGES);
}

#[test]
fn with_timeouts() {
    every_round(Manner::Timeouts, MESSAGES);
}

#[test]
fn while_handles_come_and_go() {
    every_round(Manner::Churn, MESSAGES);
}

#[test]
fn as_futures() {
    every_round(Manner::Futures, MESSAGES);
}

#[test]
#[ignore = "takes minutes"]
fn ten_million() {
    for manner in [Manner::Plain, Manner::Select, Manner::Timeouts, Manner::Churn, Manner::Futures] {
        every_round(manner, TEN_MILLION);
    }
}
