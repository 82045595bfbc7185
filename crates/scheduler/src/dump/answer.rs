//! What a worker says of one fiber that lives there.
//!
//! Knows nothing of who asks.

use super::{FiberDump, FiberState, name};
use crate::crew::Crew;
use crate::handle::FiberId;
use crate::monitor::TICK;
use crate::post::Post;
use crate::task::{Header, Record, Task};
use crate::timer::Wheel;
use sisal_park::{AgentId, Reason};
use std::panic::Location;
use std::ptr;
use std::time::Instant;

/// Where a worker describes its fibers, and when.
pub(crate) struct Scene<'a> {
    pub(crate) crew: &'a Crew,
    /// The worker's index, and its post.
    pub(crate) index: usize,
    pub(crate) post: &'a Post,
    pub(crate) wheel: &'a Wheel,
    pub(crate) now: Instant,
    pub(crate) tick: u32,
    /// The tick at which the question was asked.
    pub(crate) asked_at: u32,
}

/// Describes a started fiber.
///
/// # Safety
/// Called on the worker in whose table the fiber stands, which runs no fiber meanwhile, or under the lock of that table.
pub(crate) unsafe fn describe(task: Task, scene: &Scene<'_>) -> FiberDump {
    let header = task.header();
    let home = header.home();
    let mut fiber = FiberDump {
        id: FiberId::new(header.id),
        name: header.name().map(str::to_owned),
        spawned_at: header.site,
        runtime: scene.crew.number,
        home: home.map_or(scene.index, Post::index),
        state: FiberState::Ready,
        waits_for: None,
        descriptor: None,
        awaits: None,
        parked_for: None,
        left: None,
        since_before: false,
    };
    if header.word.is_parked() {
        fiber.state = FiberState::Parked;
        // One that has migrated may be woken and run over there right now: what it waits for is that worker's to know.
        if home.is_some_and(|home| ptr::eq(home, scene.post)) {
            // SAFETY: it is parked, and whoever wakes it leaves it at our post, which we do not empty now.
            unsafe { fiber.add_wait(header, header.record().expect("a started fiber has a record"), scene) };
        }
    }
    fiber
}

impl FiberDump {
    /// A fiber that holds its worker.
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
            since_before: false,
        }
    }

    /// # Safety
    /// The fiber does not run meanwhile.
    unsafe fn add_wait(&mut self, header: &Header, record: &Record, scene: &Scene<'_>) {
        let reason = record.reason.get();
        let parked_at = record.parked_at.get();
        self.waits_for = Some(reason);
        self.parked_for = Some(TICK * scene.tick.wrapping_sub(parked_at));
        self.since_before = (scene.asked_at.wrapping_sub(parked_at) as i32) > 1;
        if record.timer.is_armed() {
            self.left = Some(scene.wheel.due(&record.timer).saturating_duration_since(scene.now));
        }
        if let Reason::Readable(fd) | Reason::Writable(fd) = reason {
            // The fiber has it open.
            self.descriptor = name::of_descriptor(fd);
        }
        // SAFETY: the caller's promise.
        let awaited = unsafe { reason.awaited() };
        // Who was just handed the lock has it, and its wake is on the way.
        self.awaits = awaited.filter(|id: &AgentId| *id != header.id).map(FiberId::new);
    }
}
