//! A worker's tape: its last events, and the names of the fibers that it has run.
//!
//! Knows nothing of what is done with them. Its memory is there before the first event, and never grows: what is new takes the place of
//! what is oldest. Written by its worker alone; the lock is for whoever reads, who copies a few megabytes under it.

use super::event::{Event, Name};
use sisal_base::sync::Mutex;

/// Names that a tape holds. They do not wander off with the events of their fibers.
const NAMES_MAX: usize = 4096;

/// A worker's tape; empty, and without memory, while nobody records.
pub(crate) struct Tape(Mutex<Reels>);

struct Reels {
    events: Reel<Event>,
    names: Reel<Name>,
    /// Names that were ever kept. It goes on where a recording ends, so that no fiber takes a name of that one for one of this.
    names_told: u32,
}

/// The last so many of a row.
struct Reel<T> {
    items: Vec<T>,
    room: usize,
    /// The oldest, once there is no more room.
    next: usize,
}

/// What was on a tape.
pub(crate) struct Copied {
    /// The oldest first.
    pub(crate) events: Vec<Event>,
    pub(crate) names: Vec<Name>,
    /// Whether older events have been lost.
    pub(crate) is_cut: bool,
}

impl Tape {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(Reels { events: Reel::new(0), names: Reel::new(0), names_told: 0 }))
    }

    /// Makes it an empty one with room for so many events. Takes memory, so it is no worker's to call.
    pub(super) fn load(&self, events: usize) {
        let (events, names) = (Reel::new(events), Reel::new(NAMES_MAX));
        let mut reels = self.0.lock();
        let names_told = reels.names_told.wrapping_add(NAMES_MAX as u32);
        *reels = Reels { events, names, names_told };
    }

    /// Gives its memory back.
    pub(super) fn unload(&self) {
        let mut reels = self.0.lock();
        let old = (
            std::mem::replace(&mut reels.events, Reel::new(0)),
            std::mem::replace(&mut reels.names, Reel::new(0)),
        );
        drop(reels);
        drop(old);
    }

    pub(crate) fn keep(&self, event: Event) {
        self.0.lock().events.push(event);
    }

    /// Keeps a name, unless it is there: `told` is what the last call for that fiber has given, or 0. What to say next time.
    pub(crate) fn keep_name(&self, told: u32, name: impl FnOnce() -> Name) -> u32 {
        let mut reels = self.0.lock();
        if told != 0 && reels.names_told.wrapping_sub(told) < NAMES_MAX as u32 / 2 {
            return told;
        }
        reels.names.push(name());
        reels.names_told = reels.names_told.wrapping_add(1).max(1);
        reels.names_told
    }

    pub(super) fn copy(&self) -> Copied {
        let reels = self.0.lock();
        let is_cut = reels.events.is_full();
        Copied { events: reels.events.in_order(), names: reels.names.in_order(), is_cut }
    }
}

impl<T: Copy> Reel<T> {
    fn new(room: usize) -> Self {
        Self { items: Vec::with_capacity(room), room, next: 0 }
    }

    fn is_full(&self) -> bool {
        self.items.len() == self.room
    }

    fn push(&mut self, item: T) {
        if !self.is_full() {
            self.items.push(item);
        } else if let Some(oldest) = self.items.get_mut(self.next) {
            *oldest = item;
            self.next = if self.next + 1 == self.room { 0 } else { self.next + 1 };
        }
    }

    fn in_order(&self) -> Vec<T> {
        let (newer, older) = self.items.split_at(self.next);
        [older, newer].concat()
    }
}

#[cfg(test)]
mod tests {
    use super::super::event::What;
    use super::*;
    use sisal_park::AgentId;

    fn times(tape: &Tape) -> Vec<u64> {
        tape.copy().events.iter().map(|event| event.at_ns).collect()
    }

    #[test]
    fn the_last_events_are_there_in_order() {
        let tape = Tape::new();
        tape.keep(Event { at_ns: 1, what: What::End });
        assert!(times(&tape).is_empty());
        tape.load(3);
        (1..=3).for_each(|at_ns| tape.keep(Event { at_ns, what: What::End }));
        assert_eq!(times(&tape), [1, 2, 3]);
        (4..=8).for_each(|at_ns| tape.keep(Event { at_ns, what: What::End }));
        assert_eq!(times(&tape), [6, 7, 8]);
        assert!(tape.copy().is_cut);
        tape.unload();
        assert!(times(&tape).is_empty());
    }

    #[test]
    fn a_name_is_kept_once_and_again_before_it_is_lost() {
        let name = |n| Name::new(AgentId::from_u64(n), "fiber");
        let tape = Tape::new();
        tape.load(1);
        let told = tape.keep_name(0, || name(1));
        assert_eq!(tape.keep_name(told, || unreachable!()), told);
        assert_eq!(tape.copy().names.len(), 1);
        (0..NAMES_MAX as u64 / 2).for_each(|n| assert_ne!(tape.keep_name(0, || name(n + 2)), 0));
        assert_ne!(tape.keep_name(told, || name(1)), told);
        // Another recording knows it no more.
        let told = tape.keep_name(0, || name(1));
        tape.load(1);
        assert_ne!(tape.keep_name(told, || name(1)), told);
    }
}
