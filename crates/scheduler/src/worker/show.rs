//! What a worker shows to dumps.
//!
//! Knows nothing of what becomes of it.

use super::Worker;
use crate::dump::{FiberDump, Moment, Note, Notes, Question, Scene};
use std::time::Instant;

impl Worker {
    /// Whether a dump has asked.
    #[inline]
    pub(super) fn is_asked(&self) -> bool {
        self.crew.members[self.index].desk.is_wanted()
    }

    /// Answers the dumps that have asked. Called where no fiber runs.
    #[inline]
    pub(super) fn answer_dumps(&self) {
        if self.is_asked() {
            self.answer_slow();
        }
    }

    #[cold]
    fn answer_slow(&self) {
        for question in self.crew.members[self.index].desk.take() {
            self.answer(&question);
        }
    }

    fn answer(&self, question: &Question) {
        let tick = self.crew.monitor.advance();
        let moment = Moment { now: Instant::now(), tick, asked_at: question.asked_at };
        let place = (self.crew.number, self.index);
        let live = &self.crew.members[self.index].live;
        let mut fibers = Vec::with_capacity(live.count());
        // SAFETY: our own table, no fiber runs here, and nothing is woken inside.
        unsafe {
            live.for_each(|task| {
                let note = Note::of(task, &self.scene());
                fibers.push(FiberDump::of(note, place, moment, true));
            });
        }
        question.answer(self.index, fibers);
    }

    fn scene(&self) -> Scene<'_> {
        Scene { post: self.post, wheel_start: self.wheel_start }
    }

    /// Notes what the fibers do beside the one that runs. Called by the handler of a signal, on this worker's thread.
    pub(crate) fn fill(&self, notes: &mut Notes) {
        if let Some(running) = self.current() {
            notes.fill(&self.crew.members[self.index].live, running, &self.scene());
        }
    }
}
