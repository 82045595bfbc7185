//! What has happened, as a hash of everything and, on request, as a story.
//!
//! Knows nothing of addresses: fibers have numbers in the order of their birth, and what they wait for has a kind.

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

/// Turns that a story holds at the most: the last ones.
const TOLD_MAX: usize = 60;

struct Turn {
    worker: usize,
    fiber: u64,
    name: Option<String>,
    site: &'static Location<'static>,
    at: Duration,
    outcome: Outcome,
}

pub(super) struct Journal {
    hash: u64,
    turns: u64,
    tells: bool,
    current: (u64, Option<String>, Option<&'static Location<'static>>),
    told: VecDeque<Turn>,
}

impl Journal {
    pub(super) fn new(tells: bool) -> Self {
        let told = VecDeque::new();
        // The offset of FNV-1a (G. Fowler, L. C. Noll, K.-P. Vo).
        Self { hash: 0xcbf2_9ce4_8422_2325, turns: 0, tells, current: (0, None, None), told }
    }

    fn mix(&mut self, value: u64) {
        // FNV-1a by words.
        self.hash = (self.hash ^ value).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    }

    pub(super) fn choose(&mut self, bound: usize, choice: usize) {
        self.mix(((bound as u64) << 32) | choice as u64);
    }

    pub(super) fn begin(&mut self, fiber: u64, name: Option<&str>, site: &'static Location<'static>) {
        self.mix(fiber);
        let name = if self.tells { name.map(str::to_owned) } else { None };
        self.current = (fiber, name, Some(site));
    }

    pub(super) fn end(&mut self, worker: usize, at: Duration, outcome: Outcome) {
        self.turns += 1;
        self.mix(worker as u64);
        self.mix(at.as_nanos() as u64);
        self.mix(outcome.kind());
        if !self.tells {
            return;
        }
        let (fiber, name, Some(site)) = (self.current.0, self.current.1.take(), self.current.2) else {
            return;
        };
        // Turns of one fiber in a row are one.
        if let Some(last) = self.told.back_mut().filter(|last| (last.fiber, last.worker) == (fiber, worker)) {
            (last.at, last.outcome) = (at, outcome);
            return;
        }
        if self.told.len() == TOLD_MAX {
            self.told.pop_front();
        }
        self.told.push_back(Turn { worker, fiber, name, site, at, outcome });
    }

    pub(super) fn hash(&self) -> u64 {
        self.hash
    }

    pub(super) fn turns(&self) -> u64 {
        self.turns
    }

    /// The turns, one a line.
    pub(super) fn story(&self) -> String {
        let mut story = String::new();
        for turn in &self.told {
            // A `String` takes it.
            let _ = writeln!(story, "  {turn}");
        }
        story
    }
}

impl fmt::Display for Turn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:>9} µs  worker {}: fiber #{}", self.at.as_micros(), self.worker, self.fiber)?;
        self.name.as_ref().map_or(Ok(()), |name| write!(f, " '{name}'"))?;
        write!(f, " ({}) ", self.site)?;
        match self.outcome {
            Outcome::Parked(reason) => write!(f, "runs, then waits: {reason}"),
            Outcome::Ready => f.write_str("runs, then gives way"),
            Outcome::Ended => f.write_str("runs to its end"),
            Outcome::Sent => f.write_str("goes to another worker"),
        }
    }
}
