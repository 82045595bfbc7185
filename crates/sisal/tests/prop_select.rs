//! Random programs that select over several channels do what a sequential model of channels can do: one arm happens, and the
//! others did nothing.
//!
//! Method: see `model`. The same channel may stand in several arms, with both its ends.

mod model;

use model::channels::{Arm, Channel, Model, Operation, Outcome, Patience};
use model::harness::check;
use model::history::{Event, explains};
use model::program::{concurrent, sequential};
use model::run::Host;

const CHANNELS: std::ops::RangeInclusive<usize> = 1..=3;
const ARMS: usize = 4;

#[test]
fn one_fiber() {
    CHANNELS.for_each(|channels| check(sequential(channels, ARMS), Host::Fibers));
}

#[test]
fn one_thread() {
    CHANNELS.for_each(|channels| check(sequential(channels, ARMS), Host::Threads));
}

#[test]
fn fibers() {
    CHANNELS.for_each(|channels| check(concurrent(channels, ARMS), Host::Fibers));
}

#[test]
fn threads() {
    CHANNELS.for_each(|channels| check(concurrent(channels, ARMS), Host::Threads));
}

#[test]
fn fibers_and_threads() {
    CHANNELS.for_each(|channels| check(concurrent(channels, ARMS), Host::Mixed));
}

/// What the model is for: it refuses a message that came twice, one that was lost, and two that changed places.
#[test]
fn the_model_refuses_what_cannot_be() {
    let event = |arm, outcome, at: u64| Event {
        operation: Operation::Choose { arms: vec![arm], patience: Patience::None },
        outcome,
        called: 2 * at,
        returned: 2 * at + 1,
    };
    let sent = |message, at| event(Arm::Send { channel: 0, message }, Outcome::Sent(0), at);
    let received = |message, at| event(Arm::Recv { channel: 0 }, Outcome::Received(0, message), at);
    let nothing = |at| event(Arm::Recv { channel: 0 }, Outcome::Nothing, at);
    let channel = Channel { capacity: Some(2), messages: Default::default(), senders: 1, receivers: 1 };
    let explains = |events: Vec<Event>| {
        let (sender, receiver) =
            events.into_iter().partition(|event| matches!(event.outcome, Outcome::Sent(_)));
        explains(Model(vec![channel.clone()]), &[sender, receiver])
    };

    assert!(explains(vec![sent(1, 0), sent(2, 1), received(1, 2), received(2, 3), nothing(4)]));
    assert!(!explains(vec![sent(1, 0), sent(2, 1), received(1, 2), received(1, 3)]), "twice");
    assert!(!explains(vec![sent(1, 0), nothing(1)]), "lost");
    assert!(!explains(vec![sent(1, 0), sent(2, 1), received(2, 2), received(1, 3)]), "changed places");
    assert!(!explains(vec![sent(1, 0), sent(2, 1), sent(3, 2)]), "no room");
}

/// Nor does it accept that nothing was possible, if that was never true of all arms at the same moment.
#[test]
fn the_model_refuses_nothing_by_turns() {
    let one = |arm, outcome, at: u64| Event {
        operation: Operation::Choose { arms: vec![arm], patience: Patience::None },
        outcome,
        called: at,
        returned: at + 1,
    };
    let looked = Event {
        operation: Operation::Choose {
            arms: vec![Arm::Recv { channel: 0 }, Arm::Recv { channel: 1 }],
            patience: Patience::None,
        },
        outcome: Outcome::Nothing,
        called: 2,
        returned: 9,
    };
    let channel = Channel { capacity: None, messages: Default::default(), senders: 1, receivers: 2 };
    let explains = |others: Vec<Event>| {
        explains(Model(vec![channel.clone(), channel.clone()]), &[others, vec![looked.clone()]])
    };
    let send = |channel, at| one(Arm::Send { channel, message: 1 }, Outcome::Sent(0), at);
    let take = |at| one(Arm::Recv { channel: 0 }, Outcome::Received(0, 1), at);

    assert!(!explains(vec![send(0, 0), send(1, 3), take(5)]), "one of the two always held a message");
    assert!(explains(vec![send(0, 0), take(3), send(1, 5)]));
}
