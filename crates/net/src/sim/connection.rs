//! A connection: two flows, and what each of its two sides knows.
//!
//! Knows nothing of how it came about, nor of who waits: each verb says whose bell must ring, by ringing it through [`Rings`].
//!
//! | a side is | since | reads | writes |
//! |---|---|---|---|
//! | open | the beginning | what has arrived; 0 after the other's end | as there is room |
//! | dead | it was told of a reset, or gave up | what has arrived, then 0 | `BrokenPipe` |
//! | gone | its socket was closed | nobody | nobody |

use super::flow::{Flow, What};
use super::weather::{Links, Way};
use crate::Shutdown;
use sisal_reactor::{Bell, Interest};
use socket2::SockAddr;
use std::io::{self, IoSlice, IoSliceMut};
use std::time::Instant;

/// Bells that ring once the network is unlocked.
pub(super) type Rings = Vec<(Bell, Interest)>;

pub(super) struct Side {
    pub(super) address: SockAddr,
    pub(super) bell: Bell,
    is_dead: bool,
    is_gone: bool,
    reads_no_more: bool,
}

impl Side {
    pub(super) fn new(address: SockAddr, bell: Bell) -> Self {
        Self { address, bell, is_dead: false, is_gone: false, reads_no_more: false }
    }
}

/// Side `n` writes flow `n`, and reads the other.
pub(super) struct Connection {
    pub(super) sides: [Side; 2],
    flows: [Flow; 2],
}

/// What an operation works with besides the connection.
pub(super) struct Now<'a> {
    pub(super) links: &'a mut Links,
    pub(super) rings: &'a mut Rings,
    pub(super) at: Instant,
}

/// What the system says.
pub(super) fn error(code: i32) -> io::Error {
    io::Error::from_raw_os_error(code)
}

impl Connection {
    /// Between two hosts, or within a process; `sides[0]` is at the beginning of the way.
    pub(super) fn new(sides: [Side; 2], way: Option<Way>) -> Self {
        Self { sides, flows: [Flow::new(way), Flow::new(way.map(|(from, to)| (to, from)))] }
    }

    fn ring(&self, side: usize, interest: Interest, rings: &mut Rings) {
        rings.push((self.sides[side].bell.clone(), interest));
    }

    fn ring_all(&self, rings: &mut Rings) {
        for side in 0..2 {
            self.ring(side, Interest::Readable, rings);
            self.ring(side, Interest::Writable, rings);
        }
    }

    /// The side is told that there is no connection any more.
    fn die(&mut self, side: usize, rings: &mut Rings) {
        self.sides[side].is_dead = true;
        self.flows[side].give_up();
        self.flows[1 - side].is_orphaned = true;
        self.ring(side, Interest::Readable, rings);
        self.ring(side, Interest::Writable, rings);
    }

    /// The reset that has reached the side, or that it gives up.
    fn take_failure(&mut self, side: usize, now: &mut Now<'_>) -> Option<io::Error> {
        if self.sides[side].is_dead {
            return None;
        }
        let is_over = |at: Option<Instant>| at.is_some_and(|at| at <= now.at);
        let code = if is_over(self.flows[1 - side].reset_at()) {
            self.flows[1 - side].take_reset()
        } else if is_over(self.flows[side].gives_up_at()) {
            libc::ETIMEDOUT
        } else {
            return None;
        };
        self.die(side, now.rings);
        Some(error(code))
    }

    pub(super) fn take_error(&mut self, side: usize, mut now: Now<'_>) -> Option<io::Error> {
        self.take_failure(side, &mut now)
    }

    pub(super) fn read(
        &mut self,
        side: usize,
        slices: &mut [IoSliceMut<'_>],
        peeks: bool,
        mut now: Now<'_>,
    ) -> io::Result<usize> {
        if slices.iter().all(|slice| slice.is_empty()) {
            return Ok(0);
        }
        let flow = &mut self.flows[1 - side];
        let count = flow.read(slices, peeks, now.at);
        if count > 0 {
            if !peeks {
                self.ring(1 - side, Interest::Writable, now.rings);
            }
            return Ok(count);
        }
        if matches!(flow.front(now.at), Some(What::End)) {
            return Ok(0);
        }
        if let Some(error) = self.take_failure(side, &mut now) {
            return Err(error);
        }
        if self.sides[side].is_dead || self.sides[side].reads_no_more {
            return Ok(0);
        }
        Err(io::ErrorKind::WouldBlock.into())
    }

    pub(super) fn write(
        &mut self,
        side: usize,
        slices: &[IoSlice<'_>],
        mut now: Now<'_>,
    ) -> io::Result<usize> {
        if let Some(error) = self.take_failure(side, &mut now) {
            return Err(error);
        }
        let flow = &mut self.flows[side];
        if self.sides[side].is_dead || flow.has_ended {
            return Err(error(libc::EPIPE));
        }
        let wanted: usize = slices.iter().map(|slice| slice.len()).sum();
        if wanted == 0 {
            return Ok(0);
        }
        if flow.is_orphaned {
            return self.write_to_nobody(side, wanted, now);
        }
        let count = flow.write(slices, now.links, now.at);
        if count == 0 {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        self.ring(1 - side, Interest::Readable, now.rings);
        if flow_breaks(&self.flows[side], now.links) {
            self.break_off(&mut now);
        }
        Ok(count)
    }

    /// The other side is gone. Its host answers with a reset; a pipe's writer knows at once.
    fn write_to_nobody(&mut self, side: usize, count: usize, now: Now<'_>) -> io::Result<usize> {
        let Some(way) = self.flows[side].way() else { return Err(error(libc::EPIPE)) };
        if self.flows[1 - side].reset_at().is_none() {
            let there = now.links.arrival_at_last(way, count, now.at);
            let back = there.and_then(|there| now.links.arrival_at_last((way.1, way.0), 0, there));
            match back {
                Some(_) => self.flows[1 - side].push_at(What::Reset, back),
                None => self.flows[side].push(What::End, now.links, now.at),
            }
            self.ring(side, Interest::Readable, now.rings);
            self.ring(side, Interest::Writable, now.rings);
        }
        Ok(count)
    }

    /// Both sides are told that the connection is no more, and what is under way is lost.
    pub(super) fn break_off(&mut self, now: &mut Now<'_>) {
        for side in 0..2 {
            if !self.sides[side].is_dead && !self.sides[side].is_gone {
                self.flows[1 - side].reset(Some(now.at));
            }
        }
        self.ring_all(now.rings);
    }

    pub(super) fn shutdown(&mut self, side: usize, how: Shutdown, now: Now<'_>) -> io::Result<()> {
        if self.sides[side].is_dead {
            return Err(error(libc::ENOTCONN));
        }
        if how != Shutdown::Read && !self.flows[side].has_ended {
            self.flows[side].has_ended = true;
            self.flows[side].push(What::End, now.links, now.at);
            self.ring(1 - side, Interest::Readable, now.rings);
            self.ring(side, Interest::Writable, now.rings);
        }
        if how != Shutdown::Write {
            self.sides[side].reads_no_more = true;
            self.ring(side, Interest::Readable, now.rings);
        }
        Ok(())
    }

    /// The side's socket is closed; whether that was the last one.
    pub(super) fn close(&mut self, side: usize, throws_away: bool, now: Now<'_>) -> bool {
        self.sides[side].is_gone = true;
        let has_unread = self.flows[1 - side].has_data();
        self.flows[1 - side].clear();
        self.flows[1 - side].is_orphaned = true;
        if !self.sides[side].is_dead && !self.sides[1 - side].is_gone {
            if throws_away {
                self.flows[side].clear();
            }
            if throws_away || has_unread {
                self.flows[side].push(What::Reset, now.links, now.at);
            } else if !self.flows[side].has_ended {
                self.flows[side].push(What::End, now.links, now.at);
            }
            self.flows[side].has_ended = true;
            self.ring(1 - side, Interest::Readable, now.rings);
            // Whoever waits for room need not wait any more: nobody takes its bytes.
            self.ring(1 - side, Interest::Writable, now.rings);
        }
        self.sides[1 - side].is_gone
    }

    pub(super) fn is_dead(&self, side: usize) -> bool {
        self.sides[side].is_dead
    }

    pub(super) fn is_ready(&self, side: usize, interest: Interest, links: &Links, now: Instant) -> bool {
        let (this, reads, writes) = (&self.sides[side], &self.flows[1 - side], &self.flows[side]);
        let is_over = |at: Option<Instant>| at.is_some_and(|at| at <= now);
        if this.is_dead || is_over(reads.reset_at()) || is_over(writes.gives_up_at()) {
            return true;
        }
        match interest {
            Interest::Readable => this.reads_no_more || reads.front(now).is_some(),
            Interest::Writable => writes.has_ended || writes.is_orphaned || writes.room(links) > 0,
        }
    }

    /// When time alone changes something for who waits.
    pub(super) fn changes_at(&self, side: usize, interest: Interest, now: Instant) -> Option<Instant> {
        let (reads, writes) = (&self.flows[1 - side], &self.flows[side]);
        let next = match interest {
            Interest::Readable => reads.next_arrival(now),
            Interest::Writable => reads.reset_at(),
        };
        next.into_iter().chain(writes.gives_up_at()).filter(|at| *at > now).min()
    }

    /// The link that this way is, is whole again.
    pub(super) fn heal(&mut self, way: Way, now: &mut Now<'_>) {
        for side in 0..2 {
            if self.flows[side].way() == Some(way) && self.flows[side].heal(now.links, now.at) {
                if self.sides[1 - side].is_gone {
                    self.flows[1 - side].push(What::Reset, now.links, now.at);
                    self.ring(side, Interest::Readable, now.rings);
                    self.ring(side, Interest::Writable, now.rings);
                }
                self.ring(1 - side, Interest::Readable, now.rings);
                self.ring(1 - side, Interest::Writable, now.rings);
            }
        }
    }

    /// Whether it is a connection of that host, or between hosts of these ways.
    pub(super) fn goes(&self, ways: &[Way]) -> bool {
        self.flows.iter().any(|flow| flow.way().is_some_and(|way| ways.contains(&way)))
    }

    pub(super) fn touches(&self, host: u32) -> bool {
        self.flows[0].way().is_some_and(|(from, to)| from == host || to == host)
    }
}

/// Whether this write breaks the connection.
fn flow_breaks(flow: &Flow, links: &Links) -> bool {
    flow.way().is_some_and(|way| links.weather(way).resets.strikes())
}
