//! What a worker shows to dumps.
//!
//! Knows nothing of what becomes of it.

use super::Worker;
use crate::dump::{Dump, FiberDump, FiberState, Moment, Note, Notes, Photo, Question, Scene, WorkerDump};
use crate::sim::Sim;
use crate::task::Task;
use sisal_coro::{Class, Resumed};
use std::collections::HashSet;
use std::ptr;

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
        self.commit_last();
        for question in self.crew.members[self.index].desk.take() {
            question.begin(self.index);
            self.answer(&question);
        }
    }

    fn answer(&self, question: &Question) {
        question.answer(self.index, self.describe_fibers(question.asked_at));
    }

    /// The fibers that live here, for a question of that tick. Called where no fiber runs.
    fn describe_fibers(&self, asked_at: u32) -> Vec<FiberDump> {
        let tick = self.crew.monitor.advance();
        let moment = Moment { now: self.now(), tick, asked_at };
        let place = (self.crew.number, self.index);
        let live = &self.crew.members[self.index].live;
        let mut fibers = Vec::with_capacity(live.count());
        let mut parked = Vec::new();
        // SAFETY: our own table, no fiber runs here, and nothing is woken inside.
        unsafe {
            live.for_each(|task| {
                let fiber = FiberDump::of(Note::of(task, &self.scene()), place, moment, true);
                if fiber.waits_for.is_some() {
                    parked.push((fibers.len(), task));
                }
                fibers.push(fiber);
            });
        }
        // Where fibers migrate, one that is woken now can be gone.
        if !self.crew.limits.migrate {
            self.add_photos(&mut fibers, &parked);
        }
        fibers
    }

    /// What the fibers of all workers of this worker's simulation do. One of them may be running, and call this.
    pub(crate) fn dump_simulation(&self, sim: &Sim) -> Dump {
        // Nothing happens meanwhile: who is parked was so when the dump began.
        let moment = Moment { now: sim.instant(), tick: sim.tick(), asked_at: sim.tick().wrapping_add(2) };
        let mut dump = Dump { numbers: Some(sim.numbers()), ..Dump::default() };
        for (index, member) in self.crew.members.iter().enumerate() {
            // All wheels began with the simulation.
            let (scene, place) = (Scene { post: member.post, ..self.scene() }, (self.crew.number, index));
            let describe = |task: Task| {
                // SAFETY: this thread is every worker of the simulation, and none of them is in the middle of a step.
                let note = unsafe { Note::of(task, &scene) };
                let mut fiber = FiberDump::of(note, place, moment, false);
                if self.current() == Some(task) {
                    fiber.state = FiberState::Running;
                }
                FiberDump { numbers: dump.numbers, ..fiber }
            };
            // SAFETY: as above; nothing is woken inside.
            unsafe { member.live.for_each(|task| dump.fibers.push(describe(task))) };
            dump.workers.push(WorkerDump::of(member, place));
        }
        dump.find_deadlocks();
        dump
    }

    /// Photographs fibers that were seen parked, and that nobody but this worker can run.
    fn add_photos(&self, fibers: &mut [FiberDump], parked: &[(usize, Task)]) {
        let Ok(scratch) = self.take_stack(Class::DEFAULT) else { return };
        let mut photo = Photo::new(scratch);
        let mut known = HashSet::new();
        for (index, task) in parked {
            photo.clear();
            self.photograph(*task, &mut photo);
            fibers[*index].add_photo(&photo, &mut known);
        }
        self.give_stack(photo.into_stack());
    }

    /// Has a fiber that stands in its `park` look at its own frames. It is not this worker's current one meanwhile: it runs nothing of
    /// its own.
    fn photograph(&self, task: Task, photo: &mut Photo) {
        let record = task.header().record().expect("a started fiber has a record");
        record.order.set(photo);
        // SAFETY: only the worker that runs a fiber touches its computation, and the fiber itself does not.
        let resumable = unsafe { &mut *record.resumable.get() };
        let resumed = resumable.as_mut().expect("a live fiber has a computation").resume_with(true);
        assert!(resumed == Resumed::Suspended, "a fiber has ended while it was photographed");
        record.order.set(ptr::null_mut());
    }

    fn scene(&self) -> Scene<'_> {
        Scene { post: self.post, wheel_start: self.wheel_start, uncommitted: self.uncommitted() }
    }

    /// Notes what the fibers do beside the one that runs. Called by the handler of a signal, on this worker's thread.
    pub(crate) fn fill(&self, notes: &mut Notes) {
        if let Some(running) = self.current() {
            notes.fill(&self.crew.members[self.index].live, running, &self.scene());
        }
    }
}
