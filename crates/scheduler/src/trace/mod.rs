//! The schedule, seen: which fiber ran where and when, what it waited for, and who woke it.
//!
//! Knows nothing of how workers choose.
//!
//! ```text
//!  worker/tell   says what happens, only while somebody records
//!  tape          keeps the last of it, worker by worker: no memory is taken, nothing is shared
//!  story         from events to slices and arrows, when it is asked for
//!  json          writes them
//! ```

mod event;
mod json;
mod recorder;
mod recording;
mod story;
mod tape;

pub(crate) use event::{Name, What};
pub(crate) use recorder::Recorder;
pub use recording::Recording;
pub(crate) use tape::Tape;

use crate::crew::Crew;
use crate::runtime::every_crew;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Events that a worker keeps, unless somebody wants it otherwise: 8 MiB.
const EVENTS: usize = 1 << 18;
/// More would be a mistake in a number: 32 GiB a worker.
const EVENTS_MAX: usize = 1 << 30;

/// A file into which a runtime's schedule is written, for [`Builder::trace`](crate::runtime::Builder::trace).
///
/// The file opens in <https://ui.perfetto.dev>, and in `chrome://tracing`: a track for each worker shows which fiber it ran and when it
/// slept, a track for each fiber with a name shows when it ran, was ready, or was parked, and on what; arrows lead from who spawned or woke a
/// fiber, or had it stolen, to where it then ran.
///
/// Each worker keeps its last events in memory, 262,144 unless [`events`](Self::events) says otherwise, which are 100,000 switches; older
/// ones are lost. The names are known of the last 4,096 fibers of each worker that had one. While it records, a yield takes 90 ns instead of
/// 8, and a message to a fiber that waits 190 ns instead of 80.
///
/// ```
/// use sisal_scheduler::runtime::{Builder, Trace};
/// # let folder = std::env::temp_dir().join(format!("sisal-trace-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder).unwrap();
/// # let path = folder.join("out.json");
/// let runtime = Builder::new().workers(2).trace(Trace::to(&path)).build().unwrap();
/// runtime.run(|| sisal_scheduler::spawn(|| ()).join().unwrap());
/// drop(runtime);
/// assert!(std::fs::read_to_string(&path).unwrap().contains("\"worker 1\""));
/// # std::fs::remove_dir_all(&folder).unwrap();
/// ```
#[derive(Clone, Debug)]
pub struct Trace {
    path: PathBuf,
    events: usize,
    last: Option<Duration>,
}

impl Trace {
    /// All that is recorded, written into that file when the runtime ends; that of the default runtime at the end of the process.
    pub fn to(path: impl AsRef<Path>) -> Self {
        Self { path: path.as_ref().to_owned(), events: EVENTS, last: None }
    }

    /// How many events each worker keeps, of 32 bytes each; a switch makes two, a spawn or a wake one.
    pub fn events(mut self, count: usize) -> Self {
        self.events = count;
        self
    }

    /// A flight recorder: the file holds the last `duration` before something happened, which is the first panic of a fiber, or a call of
    /// [`write_traces`]; if neither has come, before the end.
    pub fn last(mut self, duration: Duration) -> Self {
        self.last = Some(duration);
        self
    }

    /// Records from now on: what [`Builder::build`](crate::runtime::Builder::build) calls before the workers start.
    pub(crate) fn begin(&self, crew: &Crew) {
        crew.recorder.begin(recording::tapes(crew), self.events);
    }

    /// What is wrong with it, if anything is.
    pub(crate) fn complaint(&self) -> Option<String> {
        let is_right = (1..=EVENTS_MAX).contains(&self.events);
        (!is_right).then(|| format!("{} events a worker: Trace::events takes 1 to {EVENTS_MAX}", self.events))
    }
}

impl<P: AsRef<Path>> From<P> for Trace {
    fn from(path: P) -> Self {
        Self::to(path)
    }
}

/// Writes now what each runtime has recorded that was built with a [`Trace`]: how many there are. For handlers of signals and the like.
///
/// # Errors
/// The first file that could not be written; the others are.
///
/// ```
/// let files = sisal_scheduler::runtime::write_traces()?;
/// println!("{files} runtimes record");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write_traces() -> io::Result<usize> {
    let results: Vec<_> = every_crew().iter().map(|crew| crew.recorder.write(crew)).collect();
    results.into_iter().try_fold(0, |count, written| Ok(count + usize::from(written?)))
}
