//! Which reactor the code that runs on this OS thread should register with.
//!
//! Knows nothing of workers: whoever turns a reactor on an OS thread installs it there. On a thread without one, waits go
//! through `poll(2)`.

use crate::Reactor;
use crate::os;
use sisal_base::thread_slot;
use std::cell::RefCell;
use std::sync::Arc;

thread_slot! {
    static FORBIDDEN: std::cell::Cell<bool> = std::cell::Cell::new(false);
}

thread_slot! {
    static INSTALLED: RefCell<Option<Arc<Reactor>>> = RefCell::new(None);
}

/// Installs `reactor` as this OS thread's current one, and returns the one before.
///
/// From then on the thread's timed waits are as sharp as the system allows (on Linux its timer slack becomes 1 ns, for
/// good, instead of 50,000 ns).
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// let reactor = sisal_reactor::Reactor::new()?;
/// assert!(sisal_reactor::install(Some(&reactor)).is_none());
/// assert!(sisal_reactor::current().is_some());
/// sisal_reactor::install(None);
/// # Ok(()) }
/// ```
pub fn install(reactor: Option<&Arc<Reactor>>) -> Option<Arc<Reactor>> {
    if reactor.is_some() {
        os::sharpen_timers();
    }
    INSTALLED.with(|slot| slot.replace(reactor.cloned()))
}

/// The reactor that is installed on this OS thread.
///
/// ```
/// assert!(sisal_reactor::current().is_none());
/// ```
pub fn current() -> Option<Arc<Reactor>> {
    with_current(|reactor| reactor.cloned())
}

/// Calls `f` with the installed reactor. `f` does not suspend. Inside the destructors of thread-locals there is none.
///
/// Never inlined, and opaque to the optimiser: the slot's *address* is that of one OS thread, and must not be remembered
/// across a suspension, after which a fiber may run on another.
#[inline(never)]
pub(crate) fn with_current<R>(f: impl FnOnce(Option<&Arc<Reactor>>) -> R) -> R {
    os::opaque();
    let mut f = Some(f);
    let mut call = |reactor: Option<&Arc<Reactor>>| f.take().map(|f| f(reactor));
    match INSTALLED.try_with(|slot| call(slot.borrow().as_ref())) {
        Ok(Some(result)) => result,
        _ => call(None).expect("called once"),
    }
}

/// Whether waits for descriptors on this OS thread are an error: a simulation's, whose time is not theirs.
pub fn forbid(forbidden: bool) {
    FORBIDDEN.with(|slot| slot.set(forbidden));
}

/// # Errors
/// If waits are [forbidden](forbid).
pub(crate) fn check_allowed() -> std::io::Result<()> {
    match FORBIDDEN.with(std::cell::Cell::get) {
        false => Ok(()),
        true => Err(std::io::Error::other(
            "a simulation cannot wait for a real descriptor: make the socket inside the simulation with sisal::net's own \
             functions, or run this test on a real runtime",
        )),
    }
}
