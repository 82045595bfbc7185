//! Carries programs out, on fibers, threads or both.

use super::channels::{Arm, Message, Operation, Outcome, Patience};
use super::history::Event;
use super::program::{Agent, Program};
use sisal::channel::{self, Receiver, Select, Sender};
use sisal::runtime::Runtime;
use sisal::sync::Barrier;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, LazyLock, mpsc};
use std::time::Duration;

/// On what agents run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Host {
    Fibers,
    Threads,
    /// Every other one is a fiber.
    Mixed,
}

/// Who takes longer than this has lost a wake-up.
const FOREVER: Duration = Duration::from_secs(30);
const SHORT: Duration = Duration::from_micros(300);

static RUNTIMES: LazyLock<Vec<(usize, Runtime)>> = LazyLock::new(|| {
    let runtime = |workers| (workers, Runtime::builder().workers(workers).build().unwrap());
    [1, 2, 4].into_iter().map(runtime).collect()
});

/// Carries a program out, and gives what each agent saw; `None` if an agent did not end.
pub(crate) fn run(program: &Program, host: Host) -> Option<Vec<Vec<Event>>> {
    let (_, runtime) = RUNTIMES.iter().find(|(workers, _)| *workers == program.workers)?;
    let ends: Vec<_> = program.capacities.iter().map(|capacity| open(*capacity)).collect();
    let clock = Arc::new(AtomicU64::new(1));
    let start = Arc::new(Barrier::new(program.agents.len()));
    let hands: Vec<_> =
        program.agents.iter().map(|agent| Hand::new(agent, &ends, Arc::clone(&clock))).collect();
    // The model counts the agents' handles only.
    drop(ends);
    let reports: Vec<_> = hands
        .into_iter()
        .zip(&program.agents)
        .enumerate()
        .map(|(index, (mut hand, agent))| {
            let (report, reported) = mpsc::channel();
            let (start, operations) = (Arc::clone(&start), agent.operations.clone());
            let body = move || {
                start.wait();
                operations.iter().for_each(|operation| hand.carry_out(operation));
                hand.drop_all();
                let _ = report.send(hand.events);
            };
            if host == Host::Fibers || (host == Host::Mixed && index % 2 == 0) {
                drop(runtime.spawn(body));
            } else {
                drop(std::thread::spawn(body));
            }
            reported
        })
        .collect();
    reports.into_iter().map(|reported| reported.recv_timeout(FOREVER).ok()).collect()
}

fn open(capacity: Option<usize>) -> (Sender<Message>, Receiver<Message>) {
    capacity.map_or_else(channel::unbounded, channel::bounded)
}

/// An agent at work.
struct Hand {
    senders: Vec<Option<Sender<Message>>>,
    receivers: Vec<Option<Receiver<Message>>>,
    clock: Arc<AtomicU64>,
    events: Vec<Event>,
}

impl Hand {
    fn new(agent: &Agent, ends: &[(Sender<Message>, Receiver<Message>)], clock: Arc<AtomicU64>) -> Self {
        Self {
            senders: ends.iter().map(|(sender, _)| agent.role.sends().then(|| sender.clone())).collect(),
            receivers: ends
                .iter()
                .map(|(_, receiver)| agent.role.receives().then(|| receiver.clone()))
                .collect(),
            clock,
            events: Vec::new(),
        }
    }

    fn tick(&self) -> u64 {
        self.clock.fetch_add(1, Ordering::SeqCst)
    }

    fn carry_out(&mut self, operation: &Operation) {
        // What was given back early is left out.
        let operation = match operation {
            Operation::Choose { arms, patience } => {
                let arms: Vec<_> = arms.iter().filter(|arm| self.has(**arm)).copied().collect();
                if arms.is_empty() {
                    return;
                }
                Operation::Choose { arms, patience: *patience }
            }
            other => other.clone(),
        };
        let called = self.tick();
        let Some(outcome) = self.outcome(&operation) else { return };
        let returned = self.tick();
        self.events.push(Event { operation, outcome, called, returned });
    }

    fn has(&self, arm: Arm) -> bool {
        match arm {
            Arm::Send { channel, .. } => self.senders[channel].is_some(),
            Arm::Recv { channel } => self.receivers[channel].is_some(),
        }
    }

    fn drop_all(&mut self) {
        for channel in 0..self.senders.len() {
            self.carry_out(&Operation::DropSender(channel));
            self.carry_out(&Operation::DropReceiver(channel));
        }
    }

    fn outcome(&mut self, operation: &Operation) -> Option<Outcome> {
        Some(match operation {
            Operation::Choose { arms, patience } => match arms[..] {
                [Arm::Send { channel, message }] => send(self.senders[channel].as_ref()?, message, *patience),
                [Arm::Recv { channel }] => recv(self.receivers[channel].as_ref()?, *patience),
                _ => self.choose(arms, *patience)?,
            },
            Operation::DropSender(channel) => {
                drop(self.senders[*channel].take()?);
                Outcome::Dropped
            }
            Operation::DropReceiver(channel) => {
                drop(self.receivers[*channel].take()?);
                Outcome::Dropped
            }
            Operation::Count(channel) => match (&self.senders[*channel], &self.receivers[*channel]) {
                (Some(sender), _) => Outcome::Counted(sender.len()),
                (None, Some(receiver)) => Outcome::Counted(receiver.len()),
                (None, None) => return None,
            },
        })
    }

    fn choose(&self, arms: &[Arm], patience: Patience) -> Option<Outcome> {
        let mut select = Select::new();
        for arm in arms {
            match *arm {
                Arm::Send { channel, .. } => select.send(self.senders[channel].as_ref()?),
                Arm::Recv { channel } => select.recv(self.receivers[channel].as_ref()?),
            };
        }
        let selected = match patience {
            Patience::Forever => select.select(),
            Patience::Short => match select.select_timeout(SHORT) {
                Ok(selected) => selected,
                Err(_) => return Some(Outcome::Nothing),
            },
            Patience::None => match select.try_select() {
                Ok(selected) => selected,
                Err(_) => return Some(Outcome::Nothing),
            },
        };
        let index = selected.index();
        Some(match arms[index] {
            Arm::Send { channel, message } => match selected.send(self.senders[channel].as_ref()?, message) {
                Ok(()) => Outcome::Sent(index),
                Err(_) => Outcome::Refused(index),
            },
            Arm::Recv { channel } => match selected.recv(self.receivers[channel].as_ref()?) {
                Ok(message) => Outcome::Received(index, message),
                Err(_) => Outcome::Ended(index),
            },
        })
    }
}

fn send(sender: &Sender<Message>, message: Message, patience: Patience) -> Outcome {
    use channel::{SendTimeoutError, TrySendError};
    match patience {
        Patience::Forever => sender.send(message).map_or(Outcome::Refused(0), |()| Outcome::Sent(0)),
        Patience::Short => match sender.send_timeout(message, SHORT) {
            Ok(()) => Outcome::Sent(0),
            Err(SendTimeoutError::Timeout(_)) => Outcome::Nothing,
            Err(SendTimeoutError::Disconnected(_)) => Outcome::Refused(0),
        },
        Patience::None => match sender.try_send(message) {
            Ok(()) => Outcome::Sent(0),
            Err(TrySendError::Full(_)) => Outcome::Nothing,
            Err(TrySendError::Disconnected(_)) => Outcome::Refused(0),
        },
    }
}

fn recv(receiver: &Receiver<Message>, patience: Patience) -> Outcome {
    use channel::{RecvTimeoutError, TryRecvError};
    match patience {
        Patience::Forever => {
            receiver.recv().map_or(Outcome::Ended(0), |message| Outcome::Received(0, message))
        }
        Patience::Short => match receiver.recv_timeout(SHORT) {
            Ok(message) => Outcome::Received(0, message),
            Err(RecvTimeoutError::Timeout) => Outcome::Nothing,
            Err(RecvTimeoutError::Disconnected) => Outcome::Ended(0),
        },
        Patience::None => match receiver.try_recv() {
            Ok(message) => Outcome::Received(0, message),
            Err(TryRecvError::Empty) => Outcome::Nothing,
            Err(TryRecvError::Disconnected) => Outcome::Ended(0),
        },
    }
}
