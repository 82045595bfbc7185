//! A park that unwinds leaves nobody in a line.
//!
//! Method: an agent whose park panics waits in each line once. After that, nobody finds it there.

use sisal_park::cancel::CancelScopes;
use sisal_park::thread::ThreadAgent;
use sisal_park::{Agent, AgentId, Cancellable, Parking, Reason, Waker, Word, agent};
use sisal_sync::channel::{Select, TrySendError, bounded};
use sisal_sync::{Condvar, Mutex};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::time::Instant;

struct NeverParks(ThreadAgent);

impl Agent for NeverParks {
    fn id(&self) -> AgentId {
        self.0.id()
    }

    fn begin_park(&self, _: Option<Instant>, _: Reason, _: Cancellable) -> Parking<'_> {
        panic!("this agent may not park");
    }

    fn waker(&self) -> Waker {
        self.0.waker()
    }

    fn word(&self) -> &Word {
        self.0.word()
    }

    fn yield_now(&self) {}

    fn spend(&self) {}

    fn blocking(&self, job: &mut (dyn FnMut() + Send)) {
        job();
    }

    fn now(&self) -> Instant {
        self.0.now()
    }

    fn choose(&self, _: usize) -> usize {
        0
    }

    fn cancel_scopes(&self) -> &CancelScopes {
        self.0.cancel_scopes()
    }

    fn spins(&self) -> u32 {
        0
    }
}

/// Runs `wait`, which panics in its park.
fn unwinds<R>(wait: impl FnOnce() -> R) {
    let agent = NeverParks(ThreadAgent::new());
    let agent: &dyn Agent = &agent;
    // SAFETY: only the lifetime goes, and it is uninstalled before `agent` ends.
    let agent =
        unsafe { std::mem::transmute::<NonNull<dyn Agent + '_>, NonNull<dyn Agent>>(NonNull::from(agent)) };
    // SAFETY: as above.
    let before = unsafe { agent::install(Some(agent)) };
    let outcome = catch_unwind(AssertUnwindSafe(wait));
    // SAFETY: what was installed before lives on, as it would have without us.
    unsafe { agent::install(before) };
    assert!(outcome.is_err(), "it has not parked");
}

#[test]
fn of_receivers_and_senders() {
    let (sender, receiver) = bounded(0);
    unwinds(|| receiver.recv());
    assert_eq!(sender.try_send(1), Err(TrySendError::Full(1)), "it went to a receiver that is gone");
    unwinds(|| sender.send(2));
    assert!(receiver.try_recv().is_err(), "it came from a sender that is gone");
}

#[test]
fn of_selects() {
    let (sender, receiver) = bounded(0);
    unwinds(|| {
        let mut select = Select::new();
        select.recv(&receiver);
        select.select().index()
    });
    assert_eq!(sender.try_send(1), Err(TrySendError::Full(1)));
    unwinds(|| {
        let mut select = Select::new();
        select.recv(&receiver);
        select.ready()
    });
    assert_eq!(sender.try_send(1), Err(TrySendError::Full(1)));
}

#[test]
fn of_locks() {
    let mutex = Mutex::new(());
    let guard = mutex.lock();
    unwinds(|| drop(mutex.lock()));
    drop(guard);
    assert!(mutex.try_lock().is_some());

    let condvar = Condvar::new();
    // The wait unlocks, and locks again while it unwinds.
    unwinds(|| condvar.wait(&mut mutex.lock()));
    assert!(!condvar.notify_one(), "nobody waits");
    assert!(mutex.try_lock().is_some());
}
