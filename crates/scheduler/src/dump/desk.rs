//! Where a dump leaves its question for a worker, and the worker its answer.
//!
//! Knows nothing of what is asked.
//!
//! Race: A looks at its desk, sees nothing. B lays a question there and rings. A sleeps. The ring stays in A's reactor, which therefore
//! wakes at once; and A looks at its desk each time that it comes from its sleep.

use super::FiberDump;
use crate::crew::Crew;
use crate::event::Event;
use sisal_base::sync::Mutex;
use sisal_base::sync::atomic::{AtomicBool, Ordering};
use sisal_park::Reason;
use std::sync::Arc;
use std::time::Instant;

/// Questions to one worker.
pub(crate) struct Desk {
    is_wanted: AtomicBool,
    questions: Mutex<Vec<Arc<Question>>>,
}

impl Desk {
    pub(crate) fn new() -> Self {
        Self { is_wanted: AtomicBool::new(false), questions: Mutex::new(Vec::new()) }
    }

    /// Whether something lies there.
    #[inline(always)]
    pub(crate) fn is_wanted(&self) -> bool {
        self.is_wanted.load(Ordering::Relaxed)
    }

    fn put(&self, question: Arc<Question>) {
        let mut questions = self.questions.lock();
        questions.push(question);
        self.is_wanted.store(true, Ordering::Relaxed);
    }

    /// All that lies there, but for what nobody waits for any more.
    pub(crate) fn take(&self) -> Vec<Arc<Question>> {
        let mut questions = self.questions.lock();
        self.is_wanted.store(false, Ordering::Relaxed);
        let mut taken = std::mem::take(&mut *questions);
        taken.retain(|question| Arc::strong_count(question) > 1);
        taken
    }
}

/// One question to all workers of a runtime.
pub(crate) struct Question {
    /// The monitor's tick when it was asked.
    pub(crate) asked_at: u32,
    answers: Mutex<Vec<Slot>>,
    answered: Event,
}

enum Slot {
    Open,
    /// The worker is at it.
    Begun,
    Given(Vec<FiberDump>),
    Taken,
}

impl Question {
    /// Asks every worker of `crew`.
    pub(crate) fn ask(crew: &Crew) -> Arc<Self> {
        let slots = crew.members.iter().map(|member| match member.is_ended() {
            true => Slot::Taken,
            false => Slot::Open,
        });
        let asked_at = crew.monitor.advance();
        let question =
            Arc::new(Self { asked_at, answers: Mutex::new(slots.collect()), answered: Event::new() });
        crew.members.iter().for_each(|member| member.desk.put(Arc::clone(&question)));
        crew.ring_all();
        question
    }

    /// The worker of that index is about to answer, however long that takes.
    pub(crate) fn begin(&self, index: usize) {
        self.answers.lock()[index] = Slot::Begun;
    }

    /// The answer of the worker of that index.
    pub(crate) fn answer(&self, index: usize, fibers: Vec<FiberDump>) {
        self.answers.lock()[index] = Slot::Given(fibers);
        self.answered.notify_all();
    }

    /// Waits for all answers; from `deadline` on, for those that were begun.
    pub(super) fn wait(&self, deadline: Instant) {
        let has = |is: fn(&Slot) -> bool| self.answers.lock().iter().any(is);
        let is_missing = |slot: &Slot| matches!(slot, Slot::Open | Slot::Begun);
        self.answered.wait_until(Some(deadline), Reason::Dump, || !has(is_missing));
        self.answered.wait_until(None, Reason::Dump, || !has(|slot| matches!(slot, Slot::Begun)));
    }

    /// Takes the answer of the worker of that index, if there is one.
    pub(super) fn take(&self, index: usize) -> Option<Vec<FiberDump>> {
        let mut answers = self.answers.lock();
        if matches!(answers[index], Slot::Open | Slot::Begun) {
            return None;
        }
        match std::mem::replace(&mut answers[index], Slot::Taken) {
            Slot::Given(fibers) => Some(fibers),
            Slot::Open | Slot::Begun | Slot::Taken => Some(Vec::new()),
        }
    }
}
