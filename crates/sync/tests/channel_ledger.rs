//! Goal: each message arrives once, and those of one producer in their order, through every kind of channel, however it is
//! received. Method: producers number their messages; consumers keep a ledger; the ledgers are merged and compared.

use sisal_sync::channel::{Receiver, RecvTimeoutError, Select, Sender, TryRecvError, bounded, unbounded};
use sisal_sync::select;
use std::collections::HashSet;
use std::thread;
use std::time::Duration;

const PRODUCERS: u32 = 3;
const CONSUMERS: usize = 3;
const MESSAGES: u32 = 300;

type Message = (u32, u32);
type Consume = fn(&Receiver<Message>) -> Vec<Message>;

fn kinds() -> [(Sender<Message>, Receiver<Message>); 4] {
    [bounded(0), bounded(1), bounded(7), unbounded()]
}

fn check(produce: fn(&Sender<Message>, Message), consume: Consume) {
    for (sender, receiver) in kinds() {
        let ledgers: Vec<Vec<Message>> = thread::scope(|scope| {
            for producer in 0..PRODUCERS {
                let sender = sender.clone();
                scope.spawn(move || (0..MESSAGES).for_each(|number| produce(&sender, (producer, number))));
            }
            drop(sender);
            let consumers: Vec<_> = (0..CONSUMERS)
                .map(|_| {
                    let receiver = receiver.clone();
                    scope.spawn(move || consume(&receiver))
                })
                .collect();
            drop(receiver);
            consumers.into_iter().map(|consumer| consumer.join().unwrap()).collect()
        });
        let mut seen = HashSet::new();
        for ledger in ledgers {
            let mut next = [0; PRODUCERS as usize];
            for (producer, number) in ledger {
                assert!(number >= next[producer as usize], "reordered");
                next[producer as usize] = number + 1;
                assert!(seen.insert((producer, number)), "doubled");
            }
        }
        assert_eq!(seen.len() as u32, PRODUCERS * MESSAGES, "lost");
    }
}

fn send(sender: &Sender<Message>, message: Message) {
    sender.send(message).unwrap();
}

fn try_send(sender: &Sender<Message>, message: Message) {
    while sender.try_send(message).is_err() {
        thread::yield_now();
    }
}

fn send_timeout(sender: &Sender<Message>, mut message: Message) {
    while let Err(error) = sender.send_timeout(message, Duration::from_micros(5)) {
        message = error.into_inner();
    }
}

fn send_select(sender: &Sender<Message>, message: Message) {
    select! {
        send(sender, message) -> sent => sent.unwrap(),
        send(sender, message) -> sent => sent.unwrap(),
    }
}

fn recv(receiver: &Receiver<Message>) -> Vec<Message> {
    receiver.iter().collect()
}

fn try_recv(receiver: &Receiver<Message>) -> Vec<Message> {
    let mut ledger = Vec::new();
    loop {
        match receiver.try_recv() {
            Ok(message) => ledger.push(message),
            Err(TryRecvError::Empty) => thread::yield_now(),
            Err(TryRecvError::Disconnected) => return ledger,
        }
    }
}

fn recv_timeout(receiver: &Receiver<Message>) -> Vec<Message> {
    let mut ledger = Vec::new();
    loop {
        match receiver.recv_timeout(Duration::from_micros(5)) {
            Ok(message) => ledger.push(message),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return ledger,
        }
    }
}

fn recv_select(receiver: &Receiver<Message>) -> Vec<Message> {
    let mut ledger = Vec::new();
    loop {
        let message = select! {
            recv(receiver) -> message => message,
            recv(receiver) -> message => message,
            default(Duration::from_micros(5)) => continue,
        };
        match message {
            Ok(message) => ledger.push(message),
            Err(_) => return ledger,
        }
    }
}

fn recv_dynamic(receiver: &Receiver<Message>) -> Vec<Message> {
    let mut ledger = Vec::new();
    let mut select = Select::new();
    select.recv(receiver);
    select.recv(receiver);
    while let Ok(message) = select.select().recv(receiver) {
        ledger.push(message);
    }
    ledger
}

fn recv_when_ready(receiver: &Receiver<Message>) -> Vec<Message> {
    let mut ledger = Vec::new();
    let mut select = Select::new();
    select.recv(receiver);
    loop {
        select.ready();
        match receiver.try_recv() {
            Ok(message) => ledger.push(message),
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return ledger,
        }
    }
}

#[test]
fn by_plain_operations() {
    check(send, recv);
}

#[test]
fn by_trying() {
    check(send, try_recv);
    check(try_send, recv);
}

#[test]
fn with_timeouts() {
    check(send_timeout, recv_timeout);
}

#[test]
fn by_selects_on_one_side() {
    check(send, recv_select);
    check(send_select, recv);
}

#[test]
fn by_selects_on_both_sides() {
    check(send_select, recv_select);
    check(send_select, recv_dynamic);
}

#[test]
fn by_trying_against_selects() {
    check(send_select, try_recv);
    check(try_send, recv_select);
}

#[test]
fn by_readiness() {
    check(send, recv_when_ready);
    check(send_select, recv_when_ready);
}
