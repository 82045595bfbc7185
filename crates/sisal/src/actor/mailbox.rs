//! An actor's life: its mailbox, its loop, and who is told of its end.
//!
//! Knows nothing of supervisors.

use super::{Actor, Address};
use crate::channel::{self, Receiver, Sender};
use crate::fiber::{self, JoinHandle};
use crate::sync::Mutex;
use std::any::Any;
use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Messages that wait in a mailbox before senders do.
const CAPACITY: usize = 64;

/// What lies in a mailbox.
pub(super) enum Letter<M> {
    Message(M),
    /// Nothing: look whether you are to stop.
    Look,
}

/// Why an actor has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExitReason {
    /// It stopped, or was stopped, or nobody can reach it any more.
    Stopped,
    /// It panicked, with this message.
    Panicked(String),
}

/// That an actor has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// Why.
    pub reason: ExitReason,
}

/// Called once with how an actor ended.
type Watcher = Box<dyn FnOnce(&Exit) + Send>;

/// What an actor's fiber and its addresses share.
pub(super) struct Shared {
    pub(super) name: Option<String>,
    /// Asked to stop for good.
    stops: AtomicBool,
    /// Asked to stop by a supervisor, which starts it again.
    pauses: AtomicBool,
    /// `Err` once it has ended.
    watchers: Mutex<Result<Vec<Watcher>, Exit>>,
}

impl Shared {
    pub(super) fn new(name: Option<String>) -> Self {
        Self {
            name,
            stops: AtomicBool::new(false),
            pauses: AtomicBool::new(false),
            watchers: Mutex::new(Ok(Vec::new())),
        }
    }

    /// Calls `watcher` at the end, or now, if that is over.
    pub(super) fn watch(&self, watcher: impl FnOnce(&Exit) + Send + 'static) {
        let exit = match &mut *self.watchers.lock() {
            Ok(watchers) => return watchers.push(Box::new(watcher)),
            Err(exit) => exit.clone(),
        };
        watcher(&exit);
    }

    /// Asks the actor to stop once it is done with its message.
    pub(super) fn ask_to_stop(&self) {
        // Release and Acquire: who stops an actor may rely on it seeing what was done before.
        self.stops.store(true, Ordering::Release);
    }

    /// As [`ask_to_stop`](Self::ask_to_stop), up to [`revive`](Self::revive).
    pub(super) fn ask_to_pause(&self) {
        self.pauses.store(true, Ordering::Release);
    }

    fn is_to_stop(&self) -> bool {
        self.stops.load(Ordering::Acquire) || self.pauses.load(Ordering::Acquire)
    }

    /// A supervisor starts it anew; if it was stopped for good meanwhile, it ends at once.
    pub(super) fn revive(&self) {
        self.pauses.store(false, Ordering::Release);
    }

    /// The end, for good.
    pub(super) fn end(&self, exit: &Exit) {
        let watchers = std::mem::replace(&mut *self.watchers.lock(), Err(exit.clone()));
        for watcher in watchers.into_iter().flatten() {
            watcher(exit);
        }
    }
}

/// What a running actor knows of itself.
pub struct Context<M> {
    shared: Arc<Shared>,
    /// Not a sender: it would keep the mailbox open after all addresses are gone.
    mailbox: Receiver<Letter<M>>,
}

impl<M> Context<M> {
    /// Ends the actor after this message.
    pub fn stop(&self) {
        self.shared.ask_to_stop();
    }

    /// Its name.
    pub fn name(&self) -> Option<&str> {
        self.shared.name.as_deref()
    }

    /// How many messages wait in its mailbox.
    pub fn waiting(&self) -> usize {
        self.mailbox.len()
    }
}

impl<M> fmt::Debug for Context<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("name", &self.name()).finish_non_exhaustive()
    }
}

/// Runs an actor from its start to its end.
pub(super) fn live<A: Actor>(
    make: impl FnOnce() -> A,
    shared: &Arc<Shared>,
    mailbox: &Receiver<Letter<A::Message>>,
) -> Exit {
    let life = || {
        let context = Context { shared: Arc::clone(shared), mailbox: mailbox.clone() };
        let mut actor = make();
        actor.started(&context);
        while !shared.is_to_stop() {
            match mailbox.recv() {
                Ok(Letter::Message(message)) => actor.handle(message, &context),
                Ok(Letter::Look) => {}
                // No address is left, or the fiber was cancelled.
                Err(_) => break,
            }
        }
        actor.stopped();
    };
    let reason = match catch_unwind(AssertUnwindSafe(life)) {
        Ok(()) => ExitReason::Stopped,
        Err(payload) => ExitReason::Panicked(message(&*payload)),
    };
    Exit { name: shared.name.clone(), reason }
}

/// What a panic said.
fn message(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a value that is no text").to_owned()
}

/// Settings of an actor to be.
///
/// ```
/// use sisal::actor::{Actor, Builder, Context};
///
/// struct Prints;
///
/// impl Actor for Prints {
///     type Message = String;
///     fn handle(&mut self, line: String, context: &Context<String>) {
///         println!("{}: {line}", context.name().unwrap());
///     }
/// }
///
/// let prints = Builder::new().name("printer").capacity(8).spawn(Prints)?;
/// prints.send("hello".into()).unwrap();
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Builder {
    name: Option<String>,
    capacity: usize,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// No name, and a mailbox for 64 messages.
    pub fn new() -> Self {
        Self { name: None, capacity: CAPACITY }
    }

    /// The name of the actor and its fiber.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// How many messages the mailbox holds before senders wait; with 0 each waits until the actor takes its message.
    #[must_use]
    pub fn capacity(mut self, messages: usize) -> Self {
        self.capacity = messages;
        self
    }

    /// Starts the actor on a fiber of its own.
    ///
    /// # Errors
    /// As [`fiber::Builder::spawn`].
    #[track_caller]
    pub fn spawn<A>(self, actor: A) -> io::Result<Address<A::Message>>
    where
        A: Actor + Send + 'static,
    {
        let (address, mailbox) = self.open();
        let shared = Arc::clone(address.shared());
        self.fiber(move || {
            let exit = live(|| actor, &shared, &mailbox);
            // Closed before anybody is told, so that who is told finds it closed.
            drop(mailbox);
            shared.end(&exit);
        })?;
        Ok(address)
    }

    /// A mailbox with nobody to read it.
    pub(super) fn open<M>(&self) -> (Address<M>, Receiver<Letter<M>>) {
        let (sender, mailbox): (Sender<_>, _) = channel::bounded(self.capacity);
        (Address::new(sender, Arc::new(Shared::new(self.name.clone()))), mailbox)
    }

    /// A fiber with the actor's name.
    #[track_caller]
    pub(super) fn fiber(&self, f: impl FnOnce() + Send + 'static) -> io::Result<JoinHandle<()>> {
        let builder =
            self.name.iter().fold(fiber::Builder::new(), |builder, name| builder.name(name.clone()));
        builder.spawn(f)
    }
}

/// Starts an actor with a mailbox for 64 messages.
///
/// # Panics
/// If no fiber can be spawned; [`Builder::spawn`] gives an error instead.
#[track_caller]
pub fn spawn<A>(actor: A) -> Address<A::Message>
where
    A: Actor + Send + 'static,
{
    match Builder::new().spawn(actor) {
        Ok(address) => address,
        Err(error) => panic!("cannot start an actor: {error}"),
    }
}
