//! Whether a runtime's workers keep events, and for whom.
//!
//! Knows nothing of what they keep. Workers look at [`Recorder::is_on`] when they look around and when they wake, so that it costs a switch
//! nothing; who begins to record rings them all.

use super::Trace;
use super::event::{Event, What};
use super::recording::{Recording, tapes};
use super::tape::Tape;
use crate::crew::Crew;
use sisal_base::sync::Mutex;
use sisal_base::sync::atomic::{AtomicBool, Ordering};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::time::Instant;

/// A runtime's recorder.
pub(crate) struct Recorder {
    start: Instant,
    is_on: AtomicBool,
    /// Those who record now.
    users: Mutex<usize>,
    /// What its builder has asked for.
    trace: Option<Trace>,
    /// A panic or a call has had the file written.
    is_told: AtomicBool,
    /// The file has been written for the last time.
    is_over: AtomicBool,
}

impl Recorder {
    pub(crate) fn new(trace: Option<Trace>, start: Instant) -> Self {
        let (is_on, users) = (AtomicBool::new(false), Mutex::new(0));
        Self { start, is_on, users, trace, is_told: AtomicBool::new(false), is_over: AtomicBool::new(false) }
    }

    /// Whether workers are to keep events.
    #[inline]
    pub(crate) fn is_on(&self) -> bool {
        // Relaxed: a worker that sees it late begins, or ends, late. What it keeps goes through the tape's lock.
        self.is_on.load(Ordering::Relaxed)
    }

    /// The event at that time.
    pub(crate) fn event(&self, now: Instant, what: What) -> Event {
        Event { at_ns: self.at_ns(now), what }
    }

    pub(super) fn at_ns(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.start).as_nanos() as u64
    }

    /// Begins to record, with room for so many events a worker, unless somebody does.
    pub(crate) fn begin<'a>(&self, tapes: impl Iterator<Item = &'a Tape>, events: usize) {
        let mut users = self.users.lock();
        *users += 1;
        if *users == 1 {
            tapes.for_each(|tape| tape.load(events));
            self.is_on.store(true, Ordering::Relaxed);
        }
    }

    /// Ends what `begin` has begun.
    pub(super) fn end<'a>(&self, tapes: impl Iterator<Item = &'a Tape>) {
        let mut users = self.users.lock();
        *users -= 1;
        if *users == 0 {
            self.is_on.store(false, Ordering::Relaxed);
            tapes.for_each(Tape::unload);
        }
    }

    /// A fiber of `crew` panics, whose recorder this is.
    pub(crate) fn on_panic(&self, crew: &Crew) {
        if self.is_flight_recorder() && !self.is_told.swap(true, Ordering::Relaxed) {
            self.write_or_tell(crew);
        }
    }

    /// The runtime ends, or the process.
    pub(crate) fn on_end(&self, crew: &Crew) {
        if self.trace.is_none() || self.is_over.load(Ordering::Relaxed) {
            return;
        }
        if !(self.is_flight_recorder() && self.is_told.load(Ordering::Relaxed)) {
            self.write_or_tell(crew);
        }
        if !self.is_over.swap(true, Ordering::Relaxed) {
            self.end(tapes(crew));
        }
    }

    fn is_flight_recorder(&self) -> bool {
        self.trace.as_ref().is_some_and(|trace| trace.last.is_some())
    }

    fn write_or_tell(&self, crew: &Crew) {
        if let Err(error) = self.write(crew) {
            eprintln!("sisal: {error}");
        }
    }

    /// Writes the file, if the builder has asked for one; whether it has.
    pub(super) fn write(&self, crew: &Crew) -> io::Result<bool> {
        let Some(trace) = self.trace.as_ref().filter(|_| !self.is_over.load(Ordering::Relaxed)) else {
            return Ok(false);
        };
        self.is_told.store(true, Ordering::Relaxed);
        let now = self.at_ns(Instant::now());
        let kept = trace.last.map_or(u64::MAX, |last| u64::try_from(last.as_nanos()).unwrap_or(u64::MAX));
        let recording = Recording::of(crew, now.saturating_sub(kept)..=now);
        let write = || {
            let mut out = BufWriter::new(File::create(&trace.path)?);
            recording.write_json(&mut out)?;
            out.flush()
        };
        write().map_err(|error| {
            let text = format!("cannot write the trace to {}: {error}", trace.path.display());
            io::Error::new(error.kind(), text)
        })?;
        Ok(true)
    }
}
