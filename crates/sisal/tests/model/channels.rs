//! The sequential model: what a channel is, if one thing happens after another.

use std::collections::VecDeque;

/// A message. Each is sent once in a program.
pub(crate) type Message = u32;

/// One way in which an operation can end.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Arm {
    Send { channel: usize, message: Message },
    Recv { channel: usize },
}

impl Arm {
    pub(crate) fn channel(self) -> usize {
        let (Self::Send { channel, .. } | Self::Recv { channel }) = self;
        channel
    }
}

/// How long an operation waits.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Patience {
    Forever,
    /// A millisecond or so.
    Short,
    None,
}

/// What an agent does.
#[derive(Clone, Debug)]
pub(crate) enum Operation {
    /// One of the arms happens, or none in time. A plain `send` or `recv` has one arm.
    Choose {
        arms: Vec<Arm>,
        patience: Patience,
    },
    DropSender(usize),
    DropReceiver(usize),
    /// How many messages there are. Only exact if nobody else is at work.
    Count(usize),
}

/// What came of it. Arms are numbered as in the operation.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Outcome {
    Sent(usize),
    /// No receiver is left.
    Refused(usize),
    Received(usize, Message),
    /// Empty, and no sender is left.
    Ended(usize),
    /// None of the arms, in time.
    Nothing,
    Dropped,
    Counted(usize),
}

/// A channel's state.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Channel {
    pub(crate) capacity: Option<usize>,
    pub(crate) messages: VecDeque<Message>,
    pub(crate) senders: usize,
    pub(crate) receivers: usize,
}

impl Channel {
    fn is_rendezvous(&self) -> bool {
        self.capacity == Some(0)
    }

    /// Whether the arm can happen without anybody else. What meets in a rendezvous never can.
    fn is_ready(&self, arm: Arm) -> bool {
        match arm {
            Arm::Send { .. } => {
                self.receivers == 0 || self.capacity.is_none_or(|capacity| self.messages.len() < capacity)
            }
            Arm::Recv { .. } => self.senders == 0 || !self.messages.is_empty(),
        }
    }
}

/// All channels of a program.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Model(pub(crate) Vec<Channel>);

impl Model {
    /// The state after the operation, if it can end with that outcome now.
    pub(crate) fn after(&self, operation: &Operation, outcome: Outcome) -> Option<Self> {
        let mut next = self.clone();
        match (operation, outcome) {
            (Operation::Choose { arms, .. }, outcome) => next.0.choose(arms, outcome).then_some(next),
            (Operation::DropSender(channel), Outcome::Dropped) => {
                next.0[*channel].senders -= 1;
                Some(next)
            }
            (Operation::DropReceiver(channel), Outcome::Dropped) => {
                let channel = &mut next.0[*channel];
                channel.receivers -= 1;
                if channel.receivers == 0 {
                    channel.messages.clear();
                }
                Some(next)
            }
            (Operation::Count(channel), Outcome::Counted(count)) => {
                (self.0[*channel].messages.len() == count).then_some(next)
            }
            _ => None,
        }
    }

    /// Whether the operation can find now that none of its arms is ready. `promised` are the free places in a channel that
    /// belong to selecting senders, who have not got round yet to putting their messages there.
    pub(crate) fn has_nothing(&self, operation: &Operation, promised: impl Fn(usize) -> usize) -> bool {
        let Operation::Choose { arms, patience: Patience::Short | Patience::None } = operation else {
            return false;
        };
        let is_ready = |arm: &Arm| {
            let channel = &self.0[arm.channel()];
            let taken = channel.messages.len() + promised(arm.channel());
            let full = channel.capacity.is_some_and(|capacity| taken >= capacity) && channel.receivers > 0;
            channel.is_ready(*arm) && !(full && matches!(arm, Arm::Send { .. }))
        };
        !arms.iter().any(is_ready)
    }

    /// Whether the two operations can have met, one sending and the other receiving.
    pub(crate) fn can_meet(&self, one: (&Operation, Outcome), other: (&Operation, Outcome)) -> bool {
        let met = |sender: (&Operation, Outcome), receiver: (&Operation, Outcome)| {
            let (Operation::Choose { arms: sends, .. }, Outcome::Sent(sent)) = sender else { return false };
            let (Operation::Choose { arms: receives, .. }, Outcome::Received(received, message)) = receiver
            else {
                return false;
            };
            let (Some(Arm::Send { channel, message: sent }), Some(Arm::Recv { channel: from })) =
                (sends.get(sent), receives.get(received))
            else {
                return false;
            };
            channel == from && *sent == message && self.0[*channel].is_rendezvous()
        };
        met(one, other) || met(other, one)
    }
}

trait Choose {
    /// Makes one of the arms happen; `false` if it cannot.
    fn choose(&mut self, arms: &[Arm], outcome: Outcome) -> bool;
}

impl Choose for Vec<Channel> {
    fn choose(&mut self, arms: &[Arm], outcome: Outcome) -> bool {
        let arm = |index: usize| arms.get(index).copied();
        match outcome {
            Outcome::Sent(index) => {
                let Some(arm @ Arm::Send { channel, message }) = arm(index) else { return false };
                let channel = &mut self[channel];
                let possible = channel.receivers > 0 && channel.is_ready(arm);
                channel.messages.push_back(message);
                possible
            }
            Outcome::Refused(index) => {
                matches!(arm(index), Some(Arm::Send { channel, .. }) if self[channel].receivers == 0)
            }
            Outcome::Received(index, message) => {
                let Some(Arm::Recv { channel }) = arm(index) else { return false };
                self[channel].messages.pop_front() == Some(message)
            }
            Outcome::Ended(index) => matches!(
                arm(index),
                Some(Arm::Recv { channel }) if self[channel].senders == 0 && self[channel].messages.is_empty()
            ),
            Outcome::Nothing | Outcome::Dropped | Outcome::Counted(_) => false,
        }
    }
}
