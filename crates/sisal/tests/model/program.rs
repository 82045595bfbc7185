//! Programs, and how they are drawn.
//!
//! No program can wait for ever by its own fault. Producers only send, and wait for any of their arms; consumers only
//! receive, and wait for all that they have at once; who does both waits for a short time at most; and each drops all it
//! has in the end. So if one waits for ever, a wake-up was lost.

use super::channels::{Arm, Channel, Model, Operation, Patience};
use proptest::prelude::*;

/// What an agent has and does.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    Producer,
    Consumer,
    Both,
}

impl Role {
    pub(crate) fn sends(self) -> bool {
        self != Self::Consumer
    }

    pub(crate) fn receives(self) -> bool {
        self != Self::Producer
    }
}

/// One agent. It has a sender and a receiver of every channel, as far as its role goes.
#[derive(Clone, Debug)]
pub(crate) struct Agent {
    pub(crate) role: Role,
    pub(crate) operations: Vec<Operation>,
}

/// A program.
#[derive(Clone, Debug)]
pub(crate) struct Program {
    pub(crate) capacities: Vec<Option<usize>>,
    pub(crate) agents: Vec<Agent>,
    pub(crate) workers: usize,
}

impl Program {
    /// The model before the first operation.
    pub(crate) fn model(&self) -> Model {
        let count = |has: fn(Role) -> bool| self.agents.iter().filter(|agent| has(agent.role)).count();
        let (senders, receivers) = (count(Role::sends), count(Role::receives));
        let channel = |capacity: &Option<usize>| Channel {
            capacity: *capacity,
            messages: Default::default(),
            senders,
            receivers,
        };
        Model(self.capacities.iter().map(channel).collect())
    }
}

/// Numbers from which an operation is made once it is known who does it.
type Draft = (Vec<(bool, usize)>, u8, usize);

/// Programs of several agents over `channels` channels, with operations of up to `arms` arms.
pub(crate) fn concurrent(channels: usize, arms: usize) -> impl Strategy<Value = Program> {
    let role = prop_oneof![3 => Just(Role::Producer), 3 => Just(Role::Consumer), 2 => Just(Role::Both)];
    let agent = (role, prop::collection::vec(draft(arms), 1..7));
    let agents = prop::collection::vec(agent, 2..5);
    let workers = prop::sample::select(vec![1, 2, 4]);
    (capacities(channels), agents, workers).prop_map(finish)
}

/// Programs of one agent with everything, which never waits.
pub(crate) fn sequential(channels: usize, arms: usize) -> impl Strategy<Value = Program> {
    let drafts = prop::collection::vec(draft(arms), 1..80);
    (capacities(channels), drafts).prop_map(move |(capacities, drafts)| {
        let mut program = finish((capacities, vec![(Role::Both, drafts)], 1));
        let operations = &mut program.agents[0].operations;
        for at in (0..=operations.len()).rev().step_by(3) {
            operations.insert(at, Operation::Count(at % program.capacities.len()));
        }
        program
    })
}

fn capacities(channels: usize) -> impl Strategy<Value = Vec<Option<usize>>> {
    let capacity = prop::sample::select(vec![None, Some(0), Some(1), Some(2), Some(3)]);
    prop::collection::vec(capacity, channels)
}

fn draft(arms: usize) -> impl Strategy<Value = Draft> {
    (prop::collection::vec((any::<bool>(), 0..64_usize), 1..=arms), any::<u8>(), 0..64_usize)
}

type Drafts = (Vec<Option<usize>>, Vec<(Role, Vec<Draft>)>, usize);

fn finish((capacities, drafts, workers): Drafts) -> Program {
    let mut message = 0;
    let channels = capacities.len();
    let mut agent = |(role, drafts): (Role, Vec<Draft>)| {
        let operations =
            drafts.into_iter().map(|draft| operation(role, draft, channels, &mut message)).collect();
        Agent { role, operations }
    };
    let agents = drafts.into_iter().map(&mut agent).collect();
    Program { capacities, agents, workers }
}

fn operation(role: Role, (draft, dice, any): Draft, channels: usize, message: &mut u32) -> Operation {
    // One operation in sixteen gives a handle back early.
    if dice < 16 {
        let sender = role == Role::Producer || (role == Role::Both && dice % 2 == 0);
        return if sender {
            Operation::DropSender(any % channels)
        } else {
            Operation::DropReceiver(any % channels)
        };
    }
    let patience = match (dice % 4, role) {
        (0, Role::Both) | (1, _) => Patience::Short,
        (_, Role::Both) | (2, _) => Patience::None,
        _ => Patience::Forever,
    };
    let mut arm = |send: bool, channel: usize| {
        if send {
            *message += 1;
            Arm::Send { channel, message: *message }
        } else {
            Arm::Recv { channel }
        }
    };
    let mut arms: Vec<_> = draft
        .into_iter()
        .map(|(send, channel)| {
            arm(role == Role::Producer || (role == Role::Both && send), channel % channels)
        })
        .collect();
    if role == Role::Consumer && patience == Patience::Forever {
        arms.extend((0..channels).map(|channel| Arm::Recv { channel }));
    }
    Operation::Choose { arms, patience }
}
