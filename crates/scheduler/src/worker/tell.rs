//! What a worker tells its tape, while somebody records.
//!
//! Knows nothing of what becomes of it. Whether somebody does is a bit of [`Attention`](super::probe::Attention), which a switch looks at anyway.

use super::Worker;
use crate::task::{Command, Record, Task};
use crate::trace::{Name, What};

impl Worker {
    /// Keeps an event.
    #[cold]
    #[inline(never)]
    pub(super) fn tell(&self, what: What) {
        let crew = &self.crew;
        crew.members[self.index].tape.keep(crew.recorder.event(self.now(), what));
    }

    /// Takes note of whether somebody records. Called where no fiber runs.
    #[inline]
    pub(super) fn look_at_recorder(&self) {
        self.attention.set_traced(self.crew.recorder.is_on());
    }

    /// The worker begins to run a fiber.
    pub(super) fn tell_run(&self, task: Task) {
        let header = task.header();
        if let (Some(name), Some(record)) = (header.name(), header.record()) {
            let tape = &self.crew.members[self.index].tape;
            let (index, told) = record.named.get();
            let told = if index == self.index as u32 { told } else { 0 };
            record.named.set((self.index as u32, tape.keep_name(told, || Name::new(header.id, name))));
        }
        self.tell(What::Run { fiber: header.id, site: header.site });
    }

    /// The fiber that ran waits from now on. Told before anybody can wake it.
    #[cold]
    #[inline(never)]
    pub(super) fn tell_park(&self, record: &Record) {
        self.tell(What::Park(record.reason.get()));
    }

    /// A fiber stands behind those that are ready.
    pub(super) fn tell_ready(&self, task: Task) {
        let header = task.header();
        let command = header.record().map(|record| record.command.get());
        self.tell(match command {
            Some(Command::Yield) => What::Yield,
            Some(Command::Park) | None => What::Wake(header.id),
        });
    }

    /// A fiber that was parked is ready: it runs next, or its home has yet to hear of it.
    #[inline]
    pub(super) fn tell_wake(&self, task: Task) {
        if self.attention.is_traced() {
            self.tell(What::Wake(task.header().id));
        }
    }

    /// The fiber that runs here has spawned one that starts elsewhere.
    pub(crate) fn tell_spawn(&self, task: Task) {
        if self.attention.is_traced() {
            self.tell(What::Spawn(task.header().id));
        }
    }

    pub(super) fn tell_steal(&self, task: Task, victim: usize) {
        if self.attention.is_traced() {
            self.tell(What::Steal { fiber: task.header().id, from: victim as u32 });
        }
    }

    /// [`What::Sleep`] or [`What::Rise`].
    pub(super) fn tell_sleep(&self, what: What) {
        if self.attention.is_traced() {
            self.tell(what);
        }
    }
}
