//! What has happened, as a hash of everything and, on request, as a story.
//!
//! Knows nothing of addresses: fibers have numbers in the order of their birth, and what they wait for has a kind.

use super::choices::About;
use sisal_park::Reason;
use std::collections::VecDeque;
use std::fmt::{self, Write};
use std::hash::{Hash, Hasher};
use std::mem::discriminant;
use std::panic::Location;
use std::time::Duration;

/// What became of a fiber's turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// It parked.
    Parked(Reason),
    /// It gave way, or was woken already.
    Ready,
    /// It ended.
    Ended,
    /// It never ran here: it starts on another worker.
    Sent,
}

impl Outcome {
    /// The kind, without addresses: they differ from run to run.
    fn kind(self) -> u64 {
        match self {
            Self::Parked(reason) => {
                let mut kind = Kind(4);
                discriminant(&reason).hash(&mut kind);
                kind.0
            }
            Self::Ready => 0,
            Self::Ended => 1,
            Self::Sent => 2,
        }
    }
}

/// Makes a number of a kind: always the same, unlike std's.
struct Kind(u64);

impl Hasher for Kind {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.wrapping_mul(31).wrapping_add(u64::from(*byte));
        }
    }
}

/// How much of a run is written down.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tells {
    /// The hash alone.
    Nothing,
    /// The last turns.
    End,
    /// Each event.
    All,
}

/// Something that has happened during a turn. Fibers by their numbers; who was not a fiber is 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Event {
    Choice { about: About, bound: usize, choice: usize },
    Spawn { by: u64, fiber: u64 },
    Wake { by: u64, fiber: u64 },
}

/// A turn that is over.
#[derive(Clone, Copy, Debug)]
pub(super) struct Turn {
    pub(super) worker: usize,
    pub(super) fiber: u64,
    pub(super) outcome: Outcome,
}

/// Turns that a story holds at the most: the last ones.
const TOLD_MAX: usize = 60;

/// Turns of one fiber in a row.
struct Told {
    turn: Turn,
    at: Duration,
    current: Current,
    /// What became of it.
    end: String,
}

/// The fiber that runs.
struct Current {
    name: Option<String>,
    site: &'static Location<'static>,
    /// Whom it has spawned and woken.
    deeds: String,
}

pub(super) struct Journal {
    hash: u64,
    turns: u64,
    tells: Tells,
    current: Option<Current>,
    told: VecDeque<Told>,
    /// All that others have told: it is rare, and stays when the turns around it are forgotten.
    news: Vec<(Duration, String)>,
    log: String,
}

impl Journal {
    pub(super) fn new(tells: Tells) -> Self {
        // The offset of FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo).
        let hash = 0xcbf2_9ce4_8422_2325;
        Self {
            hash,
            turns: 0,
            tells,
            current: None,
            told: VecDeque::new(),
            news: Vec::new(),
            log: String::new(),
        }
    }

    fn mix(&mut self, value: u64) {
        // FNV-1a by words.
        self.hash = (self.hash ^ value).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    }

    /// A fiber is about to run.
    pub(super) fn begin(&mut self, fiber: u64, name: Option<&str>, site: &'static Location<'static>) {
        self.mix(fiber);
        if self.tells != Tells::Nothing {
            let name = name.map(str::to_owned);
            self.current = Some(Current { name, site, deeds: String::new() });
        }
    }

    pub(super) fn tell(&mut self, at: Duration, event: Event) {
        match event {
            Event::Choice { bound, choice, .. } => self.mix(((bound as u64) << 32) | choice as u64),
            Event::Spawn { by, fiber } => self.mix(1 << 62 | by << 31 | fiber),
            Event::Wake { by, fiber } => self.mix(1 << 63 | by << 31 | fiber),
        }
        if self.tells != Tells::Nothing {
            self.write(at, event);
        }
    }

    #[cold]
    fn write(&mut self, at: Duration, event: Event) {
        if self.tells == Tells::All {
            // A `String` takes it, here and below.
            let _ = writeln!(self.log, "{:>9} µs  {event}", at.as_micros());
        }
        let Some(current) = &mut self.current else { return };
        let _ = match event {
            Event::Choice { .. } => Ok(()),
            Event::Spawn { fiber, .. } => write!(current.deeds, ", spawns #{fiber}"),
            Event::Wake { fiber, .. } => write!(current.deeds, ", wakes #{fiber}"),
        };
    }

    /// Something that others tell of the turn.
    pub(super) fn add_news(&mut self, at: Duration, news: &str) {
        if self.tells == Tells::All {
            let _ = writeln!(self.log, "{:>9} µs  {news}", at.as_micros());
        }
        if let Some(current) = &mut self.current {
            let _ = write!(current.deeds, ", {news}");
            self.news.push((at, news.to_owned()));
        }
    }

    /// A turn is over; `waits_for` says for what, if it does.
    pub(super) fn end(&mut self, at: Duration, turn: Turn, waits_for: impl FnOnce(Reason) -> String) {
        self.turns += 1;
        self.mix(turn.worker as u64);
        self.mix(at.as_nanos() as u64);
        self.mix(turn.outcome.kind());
        let Some(current) = self.current.take() else { return };
        let end = match turn.outcome {
            Outcome::Parked(reason) => format!(", then waits: {}", waits_for(reason)),
            Outcome::Ready => ", then gives way".to_owned(),
            Outcome::Ended => " to its end".to_owned(),
            Outcome::Sent => " to another worker".to_owned(),
        };
        let mut told = Told { turn, at, current, end };
        if self.tells == Tells::All {
            let _ = writeln!(self.log, "{told}");
            return;
        }
        let is_same = |last: &Told| (last.turn.fiber, last.turn.worker) == (turn.fiber, turn.worker);
        if self.told.back().is_some_and(is_same) {
            // Turns of one fiber in a row are one.
            let last = self.told.pop_back().expect("just seen");
            told.current.deeds = last.current.deeds + &told.current.deeds;
        }
        if self.told.len() == TOLD_MAX {
            self.told.pop_front();
        }
        self.told.push_back(told);
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    pub(super) fn turns(&self) -> u64 {
        self.turns
    }

    /// The turns, or all events, one a line.
    pub(super) fn story(&self) -> String {
        if self.tells == Tells::All {
            return self.log.clone();
        }
        let mut story = String::new();
        let first = self.told.front().map_or(Duration::ZERO, |told| told.at);
        for (at, news) in self.news.iter().filter(|(at, _)| *at < first) {
            let _ = writeln!(story, "{:>9} µs  {news}", at.as_micros());
        }
        self.told.iter().fold(story, |story, told| story + &told.to_string() + "\n")
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut by = |by| match by {
            0 => f.write_str("the simulation"),
            by => write!(f, "#{by}"),
        };
        match *self {
            Self::Choice { about, bound, choice } => write!(f, "choice: {about}, {choice} of {bound}"),
            Self::Spawn { by: who, fiber } => by(who).and_then(|()| write!(f, " spawns #{fiber}")),
            Self::Wake { by: who, fiber } => by(who).and_then(|()| write!(f, " wakes #{fiber}")),
        }
    }
}

impl fmt::Display for Told {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Turn { worker, fiber, .. } = self.turn;
        write!(f, "{:>9} µs  worker {worker}: fiber #{fiber}", self.at.as_micros())?;
        self.current.name.as_ref().map_or(Ok(()), |name| write!(f, " '{name}'"))?;
        let verb = if self.turn.outcome == Outcome::Sent { "goes" } else { "runs" };
        write!(f, " ({}) {verb}{}{}", self.current.site, self.current.deeds, self.end)
    }
}
