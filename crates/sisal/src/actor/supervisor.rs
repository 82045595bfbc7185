//! Actors that are started again when they panic.
//!
//! Knows nothing of what they do. The strategies and the limit on restarts are those of Erlang's `supervisor`.

use super::address::WeakAddress;
use super::mailbox::{Builder, Exit, ExitReason, Letter, Shared, live};
use super::{Actor, Address};
use crate::channel::{self, Receiver, Sender};
use crate::fiber::{self, JoinHandle};
use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Who is started again when one actor panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Strategy {
    /// That one.
    #[default]
    OneForOne,
    /// All of them: the others are stopped first.
    OneForAll,
}

/// The supervisor has given up: its actors panicked too often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GaveUp {
    /// How the last one ended.
    pub last: Exit,
}

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.last.name.as_deref().unwrap_or("an actor without a name");
        write!(f, "gave up after too many restarts; the last to end was {name}")?;
        match &self.last.reason {
            ExitReason::Panicked(message) => write!(f, ": {message}"),
            ExitReason::Stopped => Ok(()),
        }
    }
}

impl std::error::Error for GaveUp {}

/// One supervised actor, whatever it understands.
trait Child: Send {
    /// Starts it on a fiber, which says at its end who it was and how it ended.
    fn start(&self, index: usize, ended: Sender<(usize, Exit)>) -> io::Result<JoinHandle<()>>;
    fn pause(&self);
    /// Tells those who watch that it is over for good.
    fn finish(&self, reason: ExitReason);
}

struct Recipe<A: Actor, F> {
    builder: Builder,
    make: Arc<F>,
    shared: Arc<Shared>,
    /// Outlives each run, and with it the messages that wait.
    mailbox: Receiver<Letter<A::Message>>,
    address: WeakAddress<A::Message>,
}

impl<A, F> Child for Recipe<A, F>
where
    A: Actor,
    F: Fn() -> A + Send + Sync + 'static,
{
    fn start(&self, index: usize, ended: Sender<(usize, Exit)>) -> io::Result<JoinHandle<()>> {
        let (make, shared, mailbox) =
            (Arc::clone(&self.make), Arc::clone(&self.shared), self.mailbox.clone());
        shared.revive();
        self.builder.fiber(move || {
            let exit = live(|| make(), &shared, &mailbox);
            // Before anybody is told: who is told that it has ended for good finds the mailbox closed.
            drop(mailbox);
            let _ = ended.send((index, exit));
        })
    }

    fn pause(&self) {
        self.address.pause();
    }

    fn finish(&self, reason: ExitReason) {
        self.shared.end(&Exit { name: self.shared.name.clone(), reason });
    }
}

/// Settings of a supervisor, and then the actors that it looks after.
///
/// An actor that panics is made anew and goes on with the next message of its mailbox: addresses stay good. One that stops
/// by itself stays so. If more than [`intensity`](Self::intensity) restarts happen in a period, the supervisor stops all and
/// gives up.
///
/// ```
/// use sisal::actor::{Actor, Builder, Context, Reply, Supervisor};
///
/// struct Fragile(u32);
///
/// enum Message {
///     Break,
///     Count(Reply<u32>),
/// }
///
/// impl Actor for Fragile {
///     type Message = Message;
///     fn handle(&mut self, message: Message, _: &Context<Message>) {
///         self.0 += 1;
///         match message {
///             Message::Break => std::panic::resume_unwind(Box::new("broken")),
///             Message::Count(reply) => reply.send(self.0),
///         }
///     }
/// }
///
/// let mut supervisor = Supervisor::new();
/// let fragile = supervisor.child(Builder::new().name("fragile"), || Fragile(0));
/// let running = supervisor.start()?;
/// assert_eq!(fragile.call(Message::Count)?, 1);
/// fragile.send(Message::Break)?;
/// // A new one.
/// assert_eq!(fragile.call(Message::Count)?, 1);
/// running.stop();
/// assert_eq!(running.join(), Ok(()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Supervisor {
    strategy: Strategy,
    restarts_max: usize,
    period: Duration,
    backoff: (Duration, Duration),
    children: Vec<Box<dyn Child>>,
}

impl Default for Supervisor {
    fn default() -> Self {
        Self::new()
    }
}

impl Supervisor {
    /// One for one; at most 3 restarts in 5 s; the first restart of a row after 1 ms, each later one after twice as long, up to
    /// 1 s.
    pub fn new() -> Self {
        Self {
            strategy: Strategy::OneForOne,
            restarts_max: 3,
            period: Duration::from_secs(5),
            backoff: (Duration::from_millis(1), Duration::from_secs(1)),
            children: Vec::new(),
        }
    }

    /// Who is started again.
    #[must_use]
    pub fn strategy(mut self, strategy: Strategy) -> Self {
        self.strategy = strategy;
        self
    }

    /// How many restarts may happen in a period.
    #[must_use]
    pub fn intensity(mut self, restarts: usize, period: Duration) -> Self {
        (self.restarts_max, self.period) = (restarts, period);
        self
    }

    /// How long to wait before a restart: the first of a row, and at the most.
    #[must_use]
    pub fn backoff(mut self, first: Duration, most: Duration) -> Self {
        self.backoff = (first, most);
        self
    }

    /// Adds an actor, which `make` makes for each of its lives. Its mailbox is there at once.
    pub fn child<A, F>(&mut self, builder: Builder, make: F) -> Address<A::Message>
    where
        A: Actor + 'static,
        F: Fn() -> A + Send + Sync + 'static,
    {
        let (address, mailbox) = builder.open();
        let shared = Arc::clone(address.shared());
        let recipe: Recipe<A, F> =
            Recipe { builder, make: Arc::new(make), shared, mailbox, address: address.weak() };
        self.children.push(Box::new(recipe));
        address
    }

    /// Starts the actors, and a fiber that looks after them.
    ///
    /// # Errors
    /// As [`fiber::Builder::spawn`].
    #[track_caller]
    pub fn start(self) -> io::Result<Supervised> {
        let (stop, asked) = channel::bounded(1);
        let handle =
            fiber::Builder::new().name("supervisor".into()).spawn(move || Watch::new(self).run(&asked))?;
        Ok(Supervised { stop, handle })
    }
}

impl fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Supervisor")
            .field("strategy", &self.strategy)
            .field("children", &self.children.len())
            .finish_non_exhaustive()
    }
}

/// A supervisor at work. Dropping it stops its actors.
#[derive(Debug)]
pub struct Supervised {
    stop: Sender<()>,
    handle: JoinHandle<Result<(), GaveUp>>,
}

impl Supervised {
    /// Asks all actors to stop, and then the supervisor.
    pub fn stop(&self) {
        let _ = self.stop.try_send(());
    }

    /// Waits until every actor has ended for good.
    ///
    /// # Errors
    /// If the supervisor has given up.
    pub fn join(self) -> Result<(), GaveUp> {
        self.handle.join().unwrap_or_else(|payload| std::panic::resume_unwind(payload))
    }
}

/// The supervisor's fiber.
struct Watch {
    settings: Supervisor,
    /// Which actors run.
    runs: Vec<bool>,
    ended: Receiver<(usize, Exit)>,
    end: Sender<(usize, Exit)>,
    restarts: VecDeque<Instant>,
    wait: Duration,
}

impl Watch {
    fn new(settings: Supervisor) -> Self {
        let (end, ended) = channel::unbounded();
        let (runs, wait) = (vec![false; settings.children.len()], settings.backoff.0);
        Self { settings, runs, ended, end, restarts: VecDeque::new(), wait }
    }

    fn run(mut self, asked: &Receiver<()>) -> Result<(), GaveUp> {
        for index in 0..self.runs.len() {
            self.start(index);
        }
        while self.runs.contains(&true) {
            crate::select! {
                recv(asked) -> _ => {
                    self.stop_all();
                    return Ok(());
                }
                recv(self.ended) -> end => match end {
                    Ok((index, exit)) => self.has_ended(index, exit, asked)?,
                    // Cancelled.
                    Err(_) => {
                        self.stop_all();
                        return Ok(());
                    }
                },
            }
        }
        Ok(())
    }

    fn has_ended(&mut self, index: usize, exit: Exit, asked: &Receiver<()>) -> Result<(), GaveUp> {
        self.runs[index] = false;
        if exit.reason == ExitReason::Stopped {
            self.settings.children[index].finish(exit.reason);
            return Ok(());
        }
        if !self.may_restart() {
            self.settings.children[index].finish(exit.reason.clone());
            self.stop_all();
            return Err(GaveUp { last: exit });
        }
        let again = match self.settings.strategy {
            Strategy::OneForOne => vec![index],
            Strategy::OneForAll => {
                let mut again = self.stop_running();
                again.push(index);
                again.sort_unstable();
                again
            }
        };
        // A stop need not wait for the backoff.
        let stopped = asked.recv_timeout(self.wait);
        self.wait = (self.wait * 2).min(self.settings.backoff.1);
        if stopped == Err(channel::RecvTimeoutError::Timeout) {
            again.into_iter().for_each(|index| self.start(index));
            return Ok(());
        }
        for index in again {
            self.settings.children[index].finish(exit.reason.clone());
        }
        self.stop_all();
        Ok(())
    }

    /// Counts a restart; whether there were not too many.
    fn may_restart(&mut self) -> bool {
        let now = crate::time::now();
        while self.restarts.front().is_some_and(|&at| now.duration_since(at) > self.settings.period) {
            self.restarts.pop_front();
        }
        if self.restarts.is_empty() {
            self.wait = self.settings.backoff.0;
        }
        self.restarts.push_back(now);
        self.restarts.len() <= self.settings.restarts_max
    }

    fn start(&mut self, index: usize) {
        match self.settings.children[index].start(index, self.end.clone()) {
            Ok(_detached) => self.runs[index] = true,
            Err(error) => {
                let reason = ExitReason::Panicked(format!("no fiber for it: {error}"));
                let _ = self.end.send((index, Exit { name: None, reason }));
                self.runs[index] = true;
            }
        }
    }

    /// Stops those that run, and waits for their ends; which they were.
    fn stop_running(&mut self) -> Vec<usize> {
        let running: Vec<usize> = (0..self.runs.len()).filter(|&index| self.runs[index]).collect();
        running.iter().for_each(|&index| self.settings.children[index].pause());
        while self.runs.contains(&true) {
            let Ok((index, _)) = crate::time::shield(|| self.ended.recv()) else { break };
            self.runs[index] = false;
        }
        running
    }

    /// Stops all for good.
    fn stop_all(&mut self) {
        for index in self.stop_running() {
            self.settings.children[index].finish(ExitReason::Stopped);
        }
    }
}
