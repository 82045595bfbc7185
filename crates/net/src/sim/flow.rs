//! One direction of a connection: what was written, and when it arrives.
//!
//! Knows nothing of the other direction, nor of who waits.
//!
//! ```text
//!  writer ─▶ │ data, at 1.2 ms │ data, at 1.5 ms │ end, at 1.5 ms │ ─▶ reader: takes what has arrived by now
//!                                                └ after a cut began: nothing arrives, until the link heals
//! ```

use super::weather::{Chance, Links, Way, choose, pause_after};
use std::collections::VecDeque;
use std::io::{IoSlice, IoSliceMut};
use std::time::{Duration, Instant};

/// How often what is written at once arrives in two pieces.
const SPLITS: f64 = 1.0 / 8.0;
/// How long TCP tries to send before it gives up: Linux's 15 tries.
const GIVES_UP_AFTER: Duration = Duration::from_secs(924);

pub(super) enum What {
    /// Bytes, of which so many are read.
    Data(Vec<u8>, usize),
    /// No more will come.
    End,
    /// The connection is no more.
    Reset,
}

pub(super) struct Segment {
    /// Not before the link heals, if there is none.
    arrives: Option<Instant>,
    pub(super) what: What,
}

pub(super) struct Flow {
    /// Within one process: a pipe or a Unix socket, between whose ends there is nothing.
    way: Option<Way>,
    segments: VecDeque<Segment>,
    unread: usize,
    /// Since when something waits for the link to heal.
    stalls_since: Option<Instant>,
    /// What a reset says: `EPIPE` after an end, as on Linux.
    reset_code: i32,
    /// Its writer will write no more.
    pub(super) has_ended: bool,
    /// Its reader is gone.
    pub(super) is_orphaned: bool,
}

impl Flow {
    pub(super) fn new(way: Option<Way>) -> Self {
        Self {
            way,
            segments: VecDeque::new(),
            unread: 0,
            stalls_since: None,
            reset_code: libc::ECONNRESET,
            has_ended: false,
            is_orphaned: false,
        }
    }

    pub(super) fn way(&self) -> Option<Way> {
        self.way
    }

    pub(super) fn room(&self, links: &Links) -> usize {
        let capacity = links.weather(self.way.unwrap_or_default()).capacity;
        capacity.saturating_sub(self.unread)
    }

    /// Takes as much of the slices as there is room for.
    pub(super) fn write(&mut self, slices: &[IoSlice<'_>], links: &mut Links, now: Instant) -> usize {
        let room = self.room(links);
        let mut bytes = Vec::new();
        for slice in slices {
            bytes.extend_from_slice(&slice[..slice.len().min(room - bytes.len())]);
        }
        let count = bytes.len();
        self.unread += count;
        if count > 1 && self.way.is_some() && Chance::of(SPLITS).strikes() {
            let (first, second) = bytes.split_at(1 + choose(count - 1));
            self.push(What::Data(first.to_vec(), 0), links, now);
            self.push(What::Data(second.to_vec(), 0), links, now);
        } else {
            self.push(What::Data(bytes, 0), links, now);
        }
        count
    }

    /// Sends an end, or a reset, or data that is counted already.
    pub(super) fn push(&mut self, what: What, links: &mut Links, now: Instant) {
        let bytes = if let What::Data(bytes, _) = &what { bytes.len() } else { 0 };
        let arrives = match self.way {
            None => Some(now),
            Some(_) if self.stalls_since.is_some() => None,
            Some(way) => links.arrival_at_last(way, bytes, now),
        };
        if arrives.is_none() {
            self.stalls_since.get_or_insert(now);
        }
        self.push_at(what, arrives);
    }

    /// Lets it arrive then, but nothing before what was sent earlier.
    pub(super) fn push_at(&mut self, what: What, arrives: Option<Instant>) {
        if self.is_reset() {
            return;
        }
        if matches!(what, What::Reset) && self.has_ended {
            self.reset_code = libc::EPIPE;
        }
        let last = self.segments.back().and_then(|last| last.arrives);
        self.segments.push_back(Segment { arrives: arrives.max(last.filter(|_| arrives.is_some())), what });
    }

    /// Forgets what has not been read, and sends a reset in its place.
    pub(super) fn reset(&mut self, arrives: Option<Instant>) {
        self.clear();
        self.push_at(What::Reset, arrives);
    }

    fn is_reset(&self) -> bool {
        self.segments.back().is_some_and(|last| matches!(last.what, What::Reset))
    }

    pub(super) fn clear(&mut self) {
        self.segments.clear();
        self.unread = 0;
        self.stalls_since = None;
    }

    /// Forgets what waits for the link to heal. What is under way arrives.
    pub(super) fn give_up(&mut self) {
        self.segments.retain(|segment| segment.arrives.is_some());
        self.stalls_since = None;
    }

    pub(super) fn has_data(&self) -> bool {
        self.unread > 0
    }

    /// Fills the slices with what has arrived; how many bytes that were.
    pub(super) fn read(&mut self, slices: &mut [IoSliceMut<'_>], peeks: bool, now: Instant) -> usize {
        let (mut count, mut slices) = (0, slices.iter_mut().map(|slice| &mut **slice));
        let mut room: &mut [u8] = slices.next().unwrap_or_default();
        for segment in
            self.segments.iter_mut().take_while(|segment| segment.arrives.is_some_and(|at| at <= now))
        {
            let What::Data(bytes, read) = &mut segment.what else { break };
            let mut from = *read;
            while from < bytes.len() {
                while room.is_empty() {
                    let Some(next) = slices.next() else { break };
                    room = next;
                }
                let part = room.len().min(bytes.len() - from);
                if part == 0 {
                    break;
                }
                let (filled, rest) = std::mem::take(&mut room).split_at_mut(part);
                filled.copy_from_slice(&bytes[from..from + part]);
                (room, from, count) = (rest, from + part, count + part);
            }
            let is_used_up = from == bytes.len();
            if !peeks {
                *read = from;
            }
            if !is_used_up {
                break;
            }
        }
        if !peeks {
            self.unread -= count;
            while matches!(self.segments.front(), Some(Segment { what: What::Data(bytes, read), .. }) if *read == bytes.len())
            {
                self.segments.pop_front();
            }
        }
        count
    }

    /// What has arrived first.
    pub(super) fn front(&self, now: Instant) -> Option<&What> {
        let front = self.segments.front().filter(|front| front.arrives.is_some_and(|at| at <= now));
        front.map(|front| &front.what)
    }

    /// When there will be something to read that has not arrived yet.
    pub(super) fn next_arrival(&self, now: Instant) -> Option<Instant> {
        self.segments.iter().find_map(|segment| segment.arrives.filter(|at| *at > now))
    }

    /// When a reset arrives that is under way or has arrived.
    pub(super) fn reset_at(&self) -> Option<Instant> {
        self.segments.back().filter(|last| matches!(last.what, What::Reset)).and_then(|last| last.arrives)
    }

    /// Takes the reset away that has arrived; its code.
    pub(super) fn take_reset(&mut self) -> i32 {
        self.segments.pop_back();
        self.reset_code
    }

    /// When its writer gives up.
    pub(super) fn gives_up_at(&self) -> Option<Instant> {
        self.stalls_since.map(|since| since + GIVES_UP_AFTER)
    }

    /// The link is whole again: what waits for it arrives. Whether there was anything.
    pub(super) fn heal(&mut self, links: &mut Links, now: Instant) -> bool {
        let (Some(way), Some(since)) = (self.way, self.stalls_since.take()) else { return false };
        let again = now + pause_after(now - since);
        let mut at = again;
        for segment in self.segments.iter_mut().filter(|segment| segment.arrives.is_none()) {
            let bytes = if let What::Data(bytes, _) = &segment.what { bytes.len() } else { 0 };
            at = at.max(links.arrival(way, bytes, again));
            segment.arrives = Some(at);
        }
        true
    }
}
