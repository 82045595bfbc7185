//! What a fiber asks of its worker: the fiber's side of the waist.
//!
//! Knows nothing of channels, locks or sockets.
//!
//! Each function that may suspend reads the worker anew after that: a fiber that may migrate can be on another one.

use super::ahead::Waiting;
use super::{Worker, simulated};
use crate::blocking::BlockingPool;
use crate::current::with_worker;
use crate::sim::About;
use crate::task::{Command, Header, Record, Timed, lent_waker, waker};
use sisal_coro::Suspender;
use sisal_park::cancel::{Before, CancelScopes};
use sisal_park::{Agent, AgentId, Cancellable, Outcome, Parking, Reason, Waker, Word, World};
use std::rc::Rc;
use std::sync::Arc;
use std::task;
use std::time::Instant;

/// Yields with nothing else to do that return at once, before one takes a full turn: a lone fiber that yields must not
/// hide its worker from timers, sockets and thieves.
const IDLE_YIELDS_MAX: u32 = 16;

impl Worker {
    /// Whether the running fiber's yield would come straight back to it.
    #[inline(always)]
    fn may_skip_yield(&self) -> bool {
        let idle = self.idle_yields.get() + 1;
        let skip = idle < IDLE_YIELDS_MAX
            && self.first.get().is_none()
            && self.ready.with(|ready| ready.is_empty())
            && !self.has_fresh()
            && !self.more_injected.get()
            && self.post.mailbox.inbox().is_empty()
            && (!self.crew.limits.migrate || self.movable.is_empty());
        self.idle_yields.set(if skip { idle } else { 0 });
        skip
    }
}

/// Lets others run: the fiber's, or the OS thread's yield.
#[inline(always)]
pub(crate) fn yield_now() {
    enum Next {
        Suspend(*const Record),
        Return,
        Thread,
    }
    let next =
        with_worker(|worker| match worker.and_then(|worker| Some((worker, worker.current_record()?))) {
            None => Next::Thread,
            Some((worker, _)) if worker.may_skip_yield() => Next::Return,
            Some((_, record)) => Next::Suspend(record),
        });
    match next {
        // SAFETY: the record of the fiber that runs this, which lives as long as it runs.
        Next::Suspend(record) => unsafe { &*record }.suspend(Command::Yield),
        Next::Return => {}
        Next::Thread => std::thread::yield_now(),
    }
}

/// Lets others run if the running fiber has used up its time slice.
#[inline(always)]
pub(crate) fn checkpoint() {
    let over = with_worker(|worker| worker.filter(|worker| worker.slice_is_over())?.current_record());
    if let Some(record) = over {
        // SAFETY: as in `yield_now`.
        unsafe { &*record }.suspend(Command::Yield);
    }
}

impl Header {
    #[inline(always)]
    fn own_record(&self) -> &Record {
        self.record().expect("a fiber that runs has a record")
    }

    /// Waits until woken, for the fiber that runs this: an [`Agent::park`](sisal_park::Agent) without a deadline that no cancel ends, for
    /// who waits for another fiber's end and knows that a fiber does.
    #[inline(always)]
    pub(crate) fn park_joining(&self, reason: Reason) {
        if self.word.take_token() {
            return;
        }
        let record = self.own_record();
        record.table().set_joining(true);
        match self.leave_stack(record, reason) {
            Some(suspender) if !suspender.suspend_and_look() => {}
            Some(_) => record.end_park(),
            None => record.park_aside(),
        }
        record.table().set_joining(false);
    }

    /// Arms the fiber's timer on the worker that runs it; `false` if the deadline has passed.
    fn arm(&self, record: &Record, deadline: Instant) -> bool {
        with_worker(|worker| {
            let worker = worker.expect("a fiber runs on a worker");
            if !worker.is_far(deadline) && worker.has_passed(deadline, self) {
                return false;
            }
            // A fiber that runs has no timer in a wheel: whoever wakes it cancels the timer before it runs on (`Worker::undo_park`).
            let task = worker.current().expect("a fiber that waits runs");
            worker.wheel.with(|wheel| wheel.arm(&record.timer, Waiting { task, record }, deadline));
            self.timed.set(Timed::Armed);
            true
        })
    }
}

/// What a park takes that most do not.
impl Header {
    /// Whether a wait for that has more to do than to leave the stack.
    #[inline(always)]
    fn is_special(&self, reason: Reason) -> bool {
        is_join(reason) | !self.cancel.is_plain()
    }

    /// Any park's beginning.
    #[inline(never)]
    fn begin_slow(&self, deadline: Option<Instant>, reason: Reason, cancellable: Cancellable) -> Parking<'_> {
        let until = match self.cancel.before_park(self, deadline, cancellable) {
            Before::Park(until) => until,
            Before::Return(outcome) => return Parking::Over(outcome),
        };
        if self.word.take_token() {
            return Parking::Over(Outcome::Woken);
        }
        let record = self.own_record();
        if let Some(until) = until {
            if !self.arm(record, until) {
                return Parking::Over(self.cancel.after_park(self, deadline, true, cancellable));
            }
        }
        if is_join(reason) {
            record.table().set_joining(true);
        }
        let timed = until.is_some();
        match self.leave_stack(record, reason) {
            Some(suspender) => Parking::LeaveAndEnd { suspender, timed },
            None => {
                record.park_aside();
                Parking::Over(self.end_slow(deadline, reason, cancellable, timed))
            }
        }
    }

    /// All the rest of a park without a deadline for which [`leave_stack`](Self::leave_stack) had no answer.
    #[cold]
    #[inline(never)]
    fn park_aside(&self, cancellable: Cancellable) -> Parking<'_> {
        let record = self.own_record();
        record.park_aside();
        Parking::Over(self.end_slow(None, record.reason.get(), cancellable, false))
    }

    /// Says what is waited for, and what to leave the stack by; `None` if there is more to lay down, for
    /// [`park_aside`](Record::park_aside).
    #[inline(always)]
    fn leave_stack<'a>(&self, record: &'a Record, reason: Reason) -> Option<&'a Suspender> {
        record.reason.set(reason);
        let here = 0_u8;
        self.note_depth(&here);
        record.begin_park()
    }

    /// Any park's end.
    #[inline(never)]
    fn end_slow(
        &self,
        deadline: Option<Instant>,
        reason: Reason,
        cancellable: Cancellable,
        timed: bool,
    ) -> Outcome {
        let record = self.own_record();
        record.end_park();
        if is_join(reason) {
            record.table().set_joining(false);
        }
        self.cancel.after_park(self, deadline, timed && self.timed.get() == Timed::Fired, cancellable)
    }
}

/// The blocking pool of the fiber's runtime; none in a simulation.
fn pool_of_own() -> Option<Arc<BlockingPool>> {
    with_worker(|worker| {
        let worker = worker.expect("a fiber runs on a worker");
        worker.sim().is_none().then(|| Arc::clone(&worker.crew.blocking))
    })
}

/// Whether who waits so waits for its children.
fn is_join(reason: Reason) -> bool {
    matches!(reason, Reason::Join(_) | Reason::Scope)
}

impl Agent for Header {
    fn id(&self) -> AgentId {
        self.id
    }

    fn begin_park(&self, deadline: Option<Instant>, reason: Reason, cancellable: Cancellable) -> Parking<'_> {
        if deadline.is_some() | self.is_special(reason) {
            return self.begin_slow(deadline, reason, cancellable);
        }
        if self.word.take_token() {
            return Parking::Over(Outcome::Woken);
        }
        match self.leave_stack(self.own_record(), reason) {
            Some(suspender) => Parking::Leave(suspender),
            None => self.park_aside(cancellable),
        }
    }

    fn end_park(
        &self,
        deadline: Option<Instant>,
        reason: Reason,
        cancellable: Cancellable,
        timed: bool,
    ) -> Outcome {
        self.end_slow(deadline, reason, cancellable, timed)
    }

    fn waker(&self) -> Waker {
        waker(self)
    }

    fn lent_waker(&self) -> Waker {
        lent_waker(self)
    }

    fn word(&self) -> &Word {
        &self.word
    }

    fn yield_now(&self) {
        yield_now();
    }

    fn spend(&self) {
        if with_worker(|worker| worker.is_some_and(|worker| worker.slice_is_over())) {
            // A full turn: whoever has used up its slice may be all that this worker ever runs.
            self.own_record().suspend(Command::Yield);
        }
    }

    fn blocking(&self, job: &mut (dyn FnMut() + Send)) {
        match pool_of_own() {
            Some(pool) => pool.run(self, job),
            None => simulated::call(self, job),
        }
    }

    fn submit_blocking(&self, job: Box<dyn FnOnce() + Send>) {
        let Some(pool) = pool_of_own() else { return simulated::submit(job) };
        if let Err(job) = pool.submit(job) {
            job();
        }
    }

    fn now(&self) -> Instant {
        with_worker(|worker| worker.expect("a fiber runs on a worker").tell_time())
    }

    fn has_passed(&self, deadline: Instant) -> bool {
        with_worker(|worker| worker.expect("a fiber runs on a worker").has_passed(deadline, self))
    }

    fn set_alarm(&self, at: Instant, waker: &task::Waker) -> Option<u64> {
        with_worker(|worker| worker.and_then(super::Worker::sim).map(|sim| sim.set_alarm(at, waker)))
    }

    fn take_back_alarm(&self, number: u64) {
        with_worker(|worker| worker.and_then(super::Worker::sim).map(|sim| sim.take_back_alarm(number)));
    }

    fn choose(&self, bound: usize) -> usize {
        with_worker(|worker| worker.expect("a fiber runs on a worker").choose(About::Agent, bound))
    }

    fn world(&self) -> Option<Rc<World>> {
        with_worker(|worker| worker.and_then(Worker::sim).map(|sim| Rc::clone(sim.world())))
    }

    fn cancel_scopes(&self) -> &CancelScopes {
        &self.cancel
    }

    fn spins(&self) -> u32 {
        0
    }
}
