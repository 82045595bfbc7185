//! What has been recorded of a runtime, for whoever wants to draw it.
//!
//! Knows nothing of how workers keep events.

use super::story::Story;
use super::tape::Tape;
use crate::crew::Crew;
use crate::fiber::{now, sleep_until};
use crate::runtime::Handle;
use sisal_park::blocking;
use std::fmt;
use std::io::{self, Write};
use std::ops::RangeInclusive;
use std::time::Duration;

/// What the fibers of a runtime have done for a while: which fiber ran where, what each one with a name did and waited for, and who has
/// spawned, woken and stolen whom. See [`Trace`](super::Trace).
///
/// ```
/// use std::time::Duration;
///
/// let runtime = sisal_scheduler::Runtime::builder().workers(2).build().unwrap();
/// let busy = runtime.spawn(|| (0..10).for_each(|_| sisal_scheduler::sleep(Duration::from_millis(2))));
/// let recording = runtime.handle().record(Duration::from_millis(10));
/// let mut json = Vec::new();
/// recording.write_json(&mut json).unwrap();
/// assert!(json.starts_with(b"{\"displayTimeUnit\""));
/// busy.join().unwrap();
/// ```
pub struct Recording {
    runtime: usize,
    story: Story,
}

impl Handle {
    /// Records for so long what the runtime's workers and fibers do. It takes memory for 262,144 events a worker (8 MiB) meanwhile, and 80 ns
    /// a switch; whoever calls it waits. If a cancel ends the wait, the recording ends with it.
    pub fn record(&self, duration: Duration) -> Recording {
        let crew = self.crew();
        let use_ = Use::begin(crew, super::EVENTS);
        let from = crew.recorder.at_ns(now());
        if let Some(end) = now().checked_add(duration) {
            sleep_until(end);
        }
        let to = crew.recorder.at_ns(now());
        // To sort what may be millions of events takes long, and a fiber must not hold its worker meanwhile.
        let recording = blocking(|| Recording::of(crew, from..=to));
        drop(use_);
        recording
    }
}

/// Somebody records, for as long as it lives.
struct Use<'a>(&'a Crew);

impl<'a> Use<'a> {
    fn begin(crew: &'a Crew, events: usize) -> Self {
        crew.recorder.begin(tapes(crew), events);
        // Those that sleep take note.
        crew.ring_all();
        Self(crew)
    }
}

impl Drop for Use<'_> {
    fn drop(&mut self) {
        self.0.recorder.end(tapes(self.0));
    }
}

pub(super) fn tapes(crew: &Crew) -> impl Iterator<Item = &Tape> {
    crew.members.iter().map(|member| &member.tape)
}

impl Recording {
    /// What the tapes of `crew` hold of that time.
    pub(super) fn of(crew: &Crew, span: RangeInclusive<u64>) -> Self {
        let copies: Vec<_> = tapes(crew).map(Tape::copy).collect();
        Self { runtime: crew.number, story: Story::of(&copies, span) }
    }

    /// Writes it as Chrome's trace format, which <https://ui.perfetto.dev> and `chrome://tracing` open.
    ///
    /// # Errors
    /// What `out` reports.
    pub fn write_json(&self, out: impl Write) -> io::Result<()> {
        self.story.write(self.runtime, out)
    }
}

impl fmt::Debug for Recording {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let slices: usize = self.story.workers.iter().map(Vec::len).sum();
        f.debug_struct("Recording").field("slices", &slices).finish_non_exhaustive()
    }
}
