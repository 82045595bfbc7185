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
    /// Whether only those answers are waited for that were begun. Changes under the lock of the answers.
    is_late: AtomicBool,
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
        let question = Arc::new(Self {
            asked_at,
            answers: Mutex::new(slots.collect()),
            is_late: AtomicBool::new(false),
            answered: Event::new(),
        });
        crew.members.iter().for_each(|member| member.desk.put(Arc::clone(&question)));
        crew.ring_all();
        question
    }

    /// The worker of that index is about to answer, however long that takes.
    pub(crate) fn begin(&self, index: usize) {
        self.answers.lock()[index] = Slot::Begun;
    }

    /// The answer of the worker of that index. Who asked is woken by the last one alone, so that its own worker finds it parked.
    pub(crate) fn answer(&self, index: usize, fibers: Vec<FiberDump>) {
        if self.put(index, fibers) {
            self.answered.notify_all();
        }
    }

    /// Whether it is the last answer that is waited for.
    fn put(&self, index: usize, fibers: Vec<FiberDump>) -> bool {
        let mut answers = self.answers.lock();
        answers[index] = Slot::Given(fibers);
        !answers.iter().any(|slot| self.waits_for(slot))
    }

    fn waits_for(&self, slot: &Slot) -> bool {
        match slot {
            Slot::Open => !self.is_late.load(Ordering::Relaxed),
            Slot::Begun => true,
            Slot::Given(_) | Slot::Taken => false,
        }
    }

    /// Waits for all answers; from `deadline` on, for those that were begun.
    pub(super) fn wait(&self, deadline: Instant) {
        let set_late = |is_late| {
            let _answers = self.answers.lock();
            self.is_late.store(is_late, Ordering::Relaxed);
        };
        let has_all = || !self.answers.lock().iter().any(|slot| self.waits_for(slot));
        set_late(false);
        if !self.answered.wait_until(Some(deadline), Reason::Dump, has_all) {
            set_late(true);
            self.answered.wait_until(None, Reason::Dump, has_all);
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread;

    fn two_answers() -> Question {
        Question {
            asked_at: 0,
            answers: Mutex::new(vec![Slot::Open, Slot::Open]),
            is_late: AtomicBool::new(false),
            answered: Event::new(),
        }
    }

    #[test]
    fn the_last_answer_alone_wakes_who_asked() {
        let question = two_answers();
        question.begin(1);
        assert!(!question.put(0, Vec::new()));
        assert!(question.put(1, Vec::new()));
        question.wait(Instant::now());
    }

    #[test]
    fn who_is_late_waits_for_the_begun_alone() {
        let question = two_answers();
        question.begin(1);
        thread::scope(|scope| {
            let asks = scope.spawn(|| question.wait(Instant::now()));
            while !question.is_late.load(Ordering::Relaxed) {
                thread::yield_now();
            }
            question.answer(1, Vec::new());
            asks.join().unwrap();
        });
        assert!(question.take(0).is_none() && question.take(1).is_some());
    }
}
