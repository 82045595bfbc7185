//! A cancel that can be handed around.
//!
//! Knows nothing of who runs under it.

use super::flag::{CancelFlag, Listener, Target};
use super::frame::enter;
use crate::{Agent, Cancellable, Outcome, Reason, Selectable, Ticket, with_current};
use std::fmt;
use std::pin::{Pin, pin};
use std::ptr::NonNull;
use std::sync::Arc;
use std::time::{Duration, Instant};

struct Inner {
    flag: Arc<CancelFlag>,
    /// Tells `flag` when the parent is cancelled, and keeps what tells the parent.
    upper: Option<(Pin<Box<Listener>>, CancelToken)>,
}

// SAFETY: the listener is touched when the token is made and when it is dropped, both by one owner.
unsafe impl Sync for Inner {}

impl Drop for Inner {
    fn drop(&mut self) {
        // Not by recursion: a chain of children may be longer than a fiber's stack.
        let mut upper = self.upper.take();
        while let Some((listener, parent)) = upper {
            drop(listener);
            upper = Arc::into_inner(parent.0).and_then(|mut parent| parent.upper.take());
        }
    }
}

/// Cancels whatever runs under it, from any fiber or thread. Cloning it gives another handle to the same token; a cancel
/// cannot be taken back.
///
/// ```
/// use sisal_park::cancel::{CancelToken, check};
///
/// let token = CancelToken::new();
/// token.run(|| {
///     assert!(check().is_ok());
///     token.cancel();
///     assert!(check().is_err());
/// });
/// ```
#[derive(Clone)]
pub struct CancelToken(Arc<Inner>);

impl CancelToken {
    /// A token that is not cancelled.
    pub fn new() -> Self {
        Self(Arc::new(Inner { flag: Arc::default(), upper: None }))
    }

    /// A token that is cancelled when this one is, and can be cancelled alone.
    ///
    /// ```
    /// use sisal_park::cancel::CancelToken;
    ///
    /// let (all, other) = (CancelToken::new(), CancelToken::new());
    /// let (one, two) = (all.child(), all.child());
    /// one.cancel();
    /// assert!(one.is_cancelled() && !two.is_cancelled() && !all.is_cancelled());
    /// all.cancel();
    /// assert!(two.is_cancelled() && !other.is_cancelled());
    /// ```
    pub fn child(&self) -> Self {
        let flag = Arc::new(CancelFlag::new());
        let upper = Box::pin(Listener::new());
        if !upper.as_ref().listen(&self.0.flag, Target::Flag(Arc::downgrade(&flag))) {
            flag.raise();
        }
        Self(Arc::new(Inner { flag, upper: Some((upper, self.clone())) }))
    }

    /// Cancels what runs under this token and under its children, now and later. Whoever sees it cancelled sees its children cancelled.
    pub fn cancel(&self) {
        self.0.flag.raise();
    }

    /// Whether it was cancelled. What was done before that is then visible.
    pub fn is_cancelled(&self) -> bool {
        self.0.flag.is_raised()
    }

    /// Runs `f`, whose waits end when the token is cancelled, as those of a fiber end when its handle cancels it. A cancel or
    /// a deadline from outside is seen too. The fibers of a scope inside are cancelled with it; fibers that `f` spawns are not: they take a
    /// clone along, and call this themselves.
    pub fn run<T>(&self, f: impl FnOnce() -> T) -> T {
        let flag = Arc::new(CancelFlag::new());
        let upper = pin!(Listener::new());
        if !upper.as_ref().listen(&self.0.flag, Target::Flag(Arc::downgrade(&flag))) {
            flag.raise();
        }
        enter(&flag, f)
    }

    /// Waits until it is cancelled. Like [`sleep`](https://doc.rust-lang.org/std/thread/fn.sleep.html) it reports no error, so a
    /// cancel of who waits makes one call return early.
    pub fn wait(&self) {
        with_current(|agent| self.wait_until(agent, None));
    }

    /// [`wait`](Self::wait), for `timeout` at the longest; whether the token was cancelled.
    ///
    /// ```
    /// # use std::time::Duration;
    /// assert!(!sisal_park::cancel::CancelToken::new().wait_timeout(Duration::from_millis(1)));
    /// ```
    pub fn wait_timeout(&self, timeout: Duration) -> bool {
        with_current(|agent| self.wait_until(agent, agent.now().checked_add(timeout)))
    }

    fn wait_until(&self, agent: &dyn Agent, deadline: Option<Instant>) -> bool {
        let told = pin!(Listener::new());
        if told.as_ref().listen(&self.0.flag, Target::Agent(agent.waker())) {
            let reason = Reason::Token(Arc::as_ptr(&self.0).addr());
            while !self.is_cancelled() {
                if agent.park(deadline, reason, Cancellable::Once) != Outcome::Woken {
                    break;
                }
            }
        }
        self.is_cancelled()
    }

    /// The token as an arm of a select, which happens once it is cancelled.
    pub fn arm(&self) -> CancelArm {
        CancelArm { flag: Arc::clone(&self.0.flag), listener: Listener::new() }
    }

    /// What `recv(token)` in a select expands to.
    #[doc(hidden)]
    pub fn recv_arm(&self) -> CancelArm {
        self.arm()
    }
}

impl Default for CancelToken {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for CancelToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_child = self.0.upper.is_some();
        f.debug_struct("CancelToken")
            .field("cancelled", &self.is_cancelled())
            .field("child", &is_child)
            .finish()
    }
}

/// A [`CancelToken`] as an arm of a select.
#[derive(Debug)]
pub struct CancelArm {
    flag: Arc<CancelFlag>,
    listener: Listener,
}

impl CancelArm {
    /// Nothing: that the arm was selected says it all.
    #[doc(hidden)]
    pub fn complete(&self) {}

    fn enter_line(&self, agent: &dyn Agent, ticket: &Ticket, arm: usize) -> bool {
        // SAFETY: the promise of `register` and `watch`: the arm stays in place until it has left the line.
        let listener = unsafe { Pin::new_unchecked(&self.listener) };
        listener.listen(&self.flag, Target::Arm(agent.waker(), NonNull::from(ticket), arm))
    }
}

// The flag's lock is held while the ticket is claimed and the waker taken, so whoever has left the list has no claimant to
// wait for.
impl Selectable for CancelArm {
    fn attempt(&self, _agent: &dyn Agent) -> bool {
        self.flag.is_raised()
    }

    unsafe fn register(&self, agent: &dyn Agent, ticket: &Ticket, arm: usize) -> bool {
        self.enter_line(agent, ticket, arm)
    }

    fn unregister(&self, _claimed: bool) {
        self.listener.leave();
    }

    fn accept(&self, _agent: &dyn Agent) -> bool {
        self.listener.leave();
        true
    }

    fn is_ready(&self) -> bool {
        self.flag.is_raised()
    }

    unsafe fn watch(&self, agent: &dyn Agent, ticket: &Ticket, arm: usize) -> bool {
        self.enter_line(agent, ticket, arm)
    }

    fn unwatch(&self, _claimed: bool) {
        self.listener.leave();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_longer_than_any_stack_is_cancelled_and_dropped() {
        let first = CancelToken::new();
        let mut last = first.child();
        for _ in 0..200_000 {
            last = last.child();
        }
        first.cancel();
        assert!(last.is_cancelled());
        drop(last);
        assert_eq!(Arc::strong_count(&first.0), 1);
    }
}
