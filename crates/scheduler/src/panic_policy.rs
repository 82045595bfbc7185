//! What becomes of a panic that nobody joins.
//!
//! Knows nothing of how panics are caught. By the time the policy is asked, the fiber has unwound, std's panic hook has printed its
//! line, and the handle is gone.

use crate::crew::Crew;
use crate::task::Header;
use std::any::Any;
use std::fmt;
use std::panic::Location;
use std::sync::Weak;

/// What a runtime does about a fiber that has panicked and that nobody joins; see
/// [`Builder::on_panic`](crate::runtime::Builder::on_panic).
#[derive(Default)]
pub enum PanicPolicy {
    /// A line on stderr, with the fiber's name and where it was spawned.
    #[default]
    Log,
    /// That line; then the runtime takes no more work, and asks all its fibers to end, by value.
    Shutdown,
    /// That line; then the process aborts.
    Abort,
    /// Calls this, on the fiber's stack or where its handle was dropped. A panic of its own is left to the panic hook.
    Callback(Box<dyn Fn(&UnjoinedPanic<'_>) + Send + Sync>),
}

impl fmt::Debug for PanicPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Log => "Log",
            Self::Shutdown => "Shutdown",
            Self::Abort => "Abort",
            Self::Callback(_) => "Callback(..)",
        })
    }
}

/// A panic that nobody joins.
pub struct UnjoinedPanic<'a> {
    name: Option<&'a str>,
    spawned_at: &'static Location<'static>,
    payload: &'a (dyn Any + Send),
}

impl<'a> UnjoinedPanic<'a> {
    /// The fiber's name, if it had one.
    pub fn name(&self) -> Option<&'a str> {
        self.name
    }

    /// Where the fiber was spawned.
    pub fn spawned_at(&self) -> &'static Location<'static> {
        self.spawned_at
    }

    /// What `join` would have given.
    pub fn payload(&self) -> &'a (dyn Any + Send) {
        self.payload
    }

    /// The text that it panicked with, if it was one.
    pub fn message(&self) -> Option<&'a str> {
        let text = self.payload.downcast_ref::<&'static str>().copied();
        text.or_else(|| self.payload.downcast_ref::<String>().map(String::as_str))
    }
}

impl fmt::Display for UnjoinedPanic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.unwrap_or("(no name)");
        let message = self.message().unwrap_or("(no text)");
        write!(f, "fiber {name}, spawned at {}, panicked, and nobody joins it: {message}", self.spawned_at)
    }
}

impl fmt::Debug for UnjoinedPanic<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UnjoinedPanic")
            .field("name", &self.name)
            .field("spawned_at", &self.spawned_at)
            .field("message", &self.message())
            .finish_non_exhaustive()
    }
}

/// A policy other than the default, and whose it is.
pub(crate) struct Policy {
    policy: PanicPolicy,
    crew: Weak<Crew>,
}

impl Policy {
    /// `None` for the default, so that a fiber of most runtimes counts no reference.
    pub(crate) fn new(policy: PanicPolicy, crew: Weak<Crew>) -> Option<Self> {
        (!matches!(policy, PanicPolicy::Log)).then_some(Self { policy, crew })
    }
}

/// Does what `header`'s runtime says about `payload`.
pub(crate) fn unjoined(header: &Header, payload: &(dyn Any + Send)) {
    if header.home().is_none() {
        // It never ran: what `join` would have given says so, and is no panic.
        return;
    }
    let panic = UnjoinedPanic { name: header.name(), spawned_at: header.site, payload };
    let policy = header.policy();
    match policy.map(|policy| &policy.policy) {
        Some(PanicPolicy::Callback(callback)) => return callback(&panic),
        _ => eprintln!("sisal: {panic}"),
    }
    match policy {
        Some(Policy { policy: PanicPolicy::Abort, .. }) => std::process::abort(),
        Some(Policy { policy: PanicPolicy::Shutdown, crew }) => {
            if let Some(crew) = crew.upgrade() {
                crew.lifecycle.close(&crew);
            }
        }
        _ => {}
    }
}
