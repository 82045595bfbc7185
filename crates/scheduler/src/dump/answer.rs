//! What a worker says of one fiber that lives there: a note, which takes no memory and no lock, and what is made of it.
//!
//! Knows nothing of who asks.
//!
//! A worker that a fiber holds cannot come to its desk. Then the notes are written on its thread all the same, by the handler of a signal,
//! which is why a note is plain data.

use super::{Backtrace, FiberDump, FiberState, Photo, name};
use crate::handle::FiberId;
use crate::live::LiveTable;
use crate::monitor::TICK;
use crate::post::Post;
use crate::task::{Task, TaskRef, Timed};
use sisal_park::{AgentId, Reason};
use std::collections::HashSet;
use std::panic::Location;
use std::ptr;
use std::sync::Arc;
use std::time::Instant;

/// What one fiber does. Its task stays for as long as the note does.
pub(crate) struct Note {
    task: TaskRef,
    is_parked: bool,
    wait: Option<Wait>,
}

/// What a parked fiber waits for.
#[derive(Clone, Copy)]
struct Wait {
    reason: Reason,
    awaited: Option<AgentId>,
    /// The tick at which it parked.
    parked_at: u32,
    due: Option<Instant>,
}

/// When fibers are looked at.
#[derive(Clone, Copy)]
pub(crate) struct Moment {
    pub(crate) now: Instant,
    pub(crate) tick: u32,
    /// The tick at which the question was asked.
    pub(crate) asked_at: u32,
}

/// Where fibers are looked at: a worker.
pub(crate) struct Scene<'a> {
    pub(crate) post: &'a Post,
    /// When the worker's wheel of timers began.
    pub(crate) wheel_start: Instant,
    /// Who has parked there, although its word does not say so yet.
    pub(crate) uncommitted: Option<Task>,
}

impl Note {
    /// Neither allocates nor waits.
    ///
    /// # Safety
    /// Called on the thread of the worker in whose table the fiber stands, while the fiber does not run, or under the lock of that
    /// table.
    pub(crate) unsafe fn of(task: Task, scene: &Scene<'_>) -> Self {
        let header = task.header();
        let is_parked = header.word.is_parked() || scene.uncommitted == Some(task);
        let mut wait = None;
        // One that has migrated may be woken and run over there right now: what it waits for is that worker's to know.
        if is_parked && header.home().is_some_and(|home| ptr::eq(home, scene.post)) {
            let record = header.record().expect("a started fiber has a record");
            let reason = record.reason.get();
            // SAFETY: it is parked, and whoever wakes it leaves it at our post, which we do not empty now.
            let awaited = unsafe { reason.awaited() };
            wait = Some(Wait {
                reason,
                // Who was just handed the lock has it, and its wake is on the way.
                awaited: awaited.filter(|id| *id != header.id),
                parked_at: record.parked_at.get(),
                due: (header.timed.get() == Timed::Armed).then(|| record.timer.due(scene.wheel_start)),
            });
        }
        Self { task: task.to_ref(), is_parked, wait }
    }
}

/// Notes that are taken on a thread which may be interrupted anywhere: their memory is there before.
pub(crate) struct Notes {
    notes: Vec<Note>,
    /// Whether they are all.
    pub(crate) is_complete: bool,
}

impl Notes {
    /// Room for so many.
    pub(crate) fn with_room(count: usize) -> Self {
        Self { notes: Vec::with_capacity(count), is_complete: false }
    }

    /// Notes all fibers of `live` but `running`. Called on the thread of the worker whose table it is, by a handler: neither allocates nor
    /// waits.
    pub(crate) fn fill(&mut self, live: &LiveTable, running: Task, scene: &Scene<'_>) {
        let notes = &mut self.notes;
        let mut fits = true;
        // SAFETY: that worker's thread is interrupted in the code of `running`; the others do not run.
        let was_at_rest = unsafe {
            live.for_each_at_rest(|task| {
                fits &= notes.len() < notes.capacity();
                if fits && task != running {
                    notes.push(Note::of(task, scene));
                }
            })
        };
        self.is_complete = was_at_rest && fits;
    }

    pub(crate) fn take(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }
}

impl FiberDump {
    /// What is said of a fiber by a note of that moment. `has_open`: the fiber waits still, so that its descriptor is what it was.
    pub(crate) fn of(note: Note, place: (usize, usize), moment: Moment, has_open: bool) -> Self {
        let header = note.task.header();
        let name = header.name().map(str::to_owned);
        let mut fiber = Self::running(FiberId::new(header.id), name, header.site, place);
        fiber.home = header.home().map_or(place.1, Post::index);
        fiber.state = if note.is_parked { FiberState::Parked } else { FiberState::Ready };
        let Some(wait) = note.wait else { return fiber };
        fiber.waits_for = Some(wait.reason);
        fiber.awaits = wait.awaited.map(FiberId::new);
        fiber.parked_for = Some(TICK * moment.tick.wrapping_sub(wait.parked_at));
        fiber.since_before = (moment.asked_at.wrapping_sub(wait.parked_at) as i32) > 1;
        fiber.left = wait.due.map(|due| due.saturating_duration_since(moment.now));
        if let (Reason::Readable(fd) | Reason::Writable(fd), true) = (wait.reason, has_open) {
            fiber.descriptor = name::of_descriptor(fd.as_raw());
        }
        fiber
    }

    /// Adds what a photograph of the fiber shows. `known` are the backtraces of others, since most are equal.
    pub(crate) fn add_photo(&mut self, photo: &Photo, known: &mut HashSet<Arc<[usize]>>) {
        self.stack_used = photo.used;
        if photo.lacks_room {
            self.backtrace = Backtrace::NoRoom;
            return;
        }
        let frames = known.get(&*photo.frames).cloned().unwrap_or_else(|| {
            let frames: Arc<[usize]> = photo.frames.as_slice().into();
            known.insert(Arc::clone(&frames));
            frames
        });
        self.frames = Some(frames);
    }

    /// A fiber that holds its worker: of which runtime, and which worker.
    pub(super) fn running(
        id: FiberId,
        name: Option<String>,
        spawned_at: &'static Location<'static>,
        (runtime, home): (usize, usize),
    ) -> Self {
        Self {
            id,
            name,
            spawned_at,
            runtime,
            home,
            state: FiberState::Running,
            waits_for: None,
            descriptor: None,
            awaits: None,
            parked_for: None,
            left: None,
            stack_used: None,
            backtrace: Backtrace::None,
            frames: None,
            since_before: false,
            numbers: None,
        }
    }
}
