//! What a worker shows to dumps.
//!
//! Knows nothing of what becomes of it.

use super::Worker;
use crate::dump::{Question, Scene, describe};
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
        let mut fibers = Vec::new();
        self.wheel.with(|wheel| {
            let scene = Scene {
                crew: &self.crew,
                index: self.index,
                post: self.post,
                wheel,
                now: Instant::now(),
                tick,
                asked_at: question.asked_at,
            };
            // SAFETY: our own table, no fiber runs here, and nothing is woken inside.
            unsafe {
                let live = &self.crew.members[self.index].live;
                fibers.reserve(live.count());
                live.for_each(|task| fibers.push(describe(task, &scene)));
            }
        });
        question.answer(self.index, fibers);
    }
}
