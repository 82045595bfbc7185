//! Where fresh tasks start, so that homes are even: once started, a fiber stays.
//!
//! Knows nothing of what runs.
//!
//! Homes are chosen by the count of live started fibers (but those that wait for their children), in blocks: when a worker leads the least loaded of two others by
//! some ([`lead`]), the fresh tasks that it would start go to that one's inbox and start there, until that one leads by as many in
//! turn. By luck alone an accept loop keeps every connection on its own worker (measured: half the machine idle); sending each second task away breaks
//! pipelines (sieve 172 ms against 32).
//!
//! Two things the count does not tell:
//!
//! - *Those that are sent end soon.* Then the other worker never leads, and all that is spawned would go there for as long as the crowd lives (a spawn
//!   and join 5.6 µs instead of 0.1, beside twelve that wait). So a detour ends also if nearly none of many has stayed, and the next one
//!   does not begin before this worker has some more, or a while has passed.
//! - *A fiber holds the other worker.* The monitor notices. Nothing is sent there then, and what was, and has not started, is taken back
//!   ([`Crew::take_back`](crate::crew::Crew::take_back)).

use super::Worker;
use crate::sim::About;
use crate::task::{Start, Task};
use sisal_base::sync::atomic::Ordering;
use std::cell::Cell;

/// By how many live fibers a worker that has `own` must lead before its fresh tasks go elsewhere: a quarter, so that 64
/// connections do not all stay with the worker that accepts them (measured with 64 whatever the count: 76 % of the CPU time
/// on one of two workers), but no more than 64, and no fewer than 8, since large blocks keep pipelines together (a sieve on
/// two workers: 32 ms in blocks of 64, 48 ms in blocks of 16). Among more than two workers half as much: one may lead while
/// another is led, so that the counts lie apart by twice as much (measured with a quarter on four workers: 303 and 219 of
/// 1,000 connections; with 64 where they talk much and steal much: 299 and 194).
fn lead(own: usize, workers: usize) -> usize {
    (own / shares(workers)).clamp(LEAD_MIN, lead_max(workers))
}

/// As many as it leads by at most, whatever it has.
fn lead_max(workers: usize) -> usize {
    256 / shares(workers)
}

fn shares(workers: usize) -> usize {
    if workers > 2 { 8 } else { 4 }
}

const LEAD_MIN: usize = 8;

/// A detour is judged after so many, and in vain if less than one in [`STAYS`] has stayed: of connections that mostly end at once, those that do
/// not must be even as well. Then all that is sent in vain takes some 0.4 % of the time.
const JUDGED_AFTER: usize = 64;
const STAYS: usize = 8;
/// The ticks that it rests then: 100 ms.
const REST_TICKS: u32 = 10;

/// Where the fresh tasks of a worker go while it has too many fibers.
pub(super) struct Detour {
    to: Cell<Option<usize>>,
    /// How many have gone there, and how many were there before.
    sent: Cell<usize>,
    before: Cell<usize>,
    /// The number of fibers with which the next one begins, and the tick in which it does so anyway, after one that was in vain.
    rest: Cell<Option<(usize, u32)>>,
}

impl Detour {
    pub(super) fn new() -> Self {
        Self { to: Cell::new(None), sent: Cell::new(0), before: Cell::new(0), rest: Cell::new(None) }
    }

    fn begin(&self, to: usize, before: usize) {
        self.to.set(Some(to));
        self.sent.set(0);
        self.before.set(before);
    }

    /// `there`: how many the other has now.
    fn is_in_vain(&self, there: usize) -> bool {
        let sent = self.sent.get();
        sent >= JUDGED_AFTER && there < self.before.get() + sent / STAYS
    }

    /// Whether the last one was in vain, and nothing has changed. Ticks wrap.
    fn rests(&self, own: usize, tick: u32) -> bool {
        let rests =
            self.rest.get().is_some_and(|(enough, end)| own < enough && end.wrapping_sub(tick) as i32 > 0);
        if !rests {
            self.rest.set(None);
        }
        rests
    }
}

impl Worker {
    /// Sends a task that would start here to another worker, if this one has too many fibers; `false` if it starts here.
    #[inline]
    pub(super) fn send_on(&self, task: Task) -> bool {
        if self.crew.members.len() == 1 || task.header().start.get() != Start::Anywhere {
            return false;
        }
        let Some(other) = self.detour() else { return false };
        let member = &self.crew.members[other];
        self.note_send(task.header().id, other);
        member.send_fresh(task, Start::Sent);
        self.crew.lifecycle.after_deliver(member);
        true
    }

    /// Where fresh tasks start instead, if this worker has too many fibers.
    #[inline]
    fn detour(&self) -> Option<usize> {
        let own = self.crew.members[self.index].live.load();
        if own < LEAD_MIN / 2 {
            // Where few live here and there, the other may never lead.
            self.detour.to.set(None);
        }
        // The other's counter is another core's line: not looked at before there is reason to.
        if own < LEAD_MIN && self.detour.to.get().is_none() { None } else { self.detour_slow(own) }
    }

    fn detour_slow(&self, own: usize) -> Option<usize> {
        let workers = self.crew.members.len();
        let count = |index: usize| {
            let member = &self.crew.members[index];
            if member.is_held.load(Ordering::Relaxed) { usize::MAX } else { member.live.load() }
        };
        // Where they do little but talk to each other, blocks are as large as can be.
        let lead = if self.holds_back() { lead_max(workers) } else { lead(own, workers) };
        let detour = &self.detour;
        if let Some(other) = detour.to.get() {
            let there = count(other);
            let is_in_vain = detour.is_in_vain(there);
            if there < own + lead && !is_in_vain {
                detour.sent.set(detour.sent.get() + 1);
                return Some(other);
            }
            detour.to.set(None);
            let rest = (own + LEAD_MIN, self.tick_seen.get().wrapping_add(REST_TICKS));
            detour.rest.set(is_in_vain.then_some(rest));
        }
        if detour.rests(own, self.tick_seen.get()) {
            return None;
        }
        // The better of two random others, as good as the best of all (M. Mitzenmacher, "The power of two choices", 2001).
        let draw = || (self.index + 1 + self.choose(About::Victim, workers - 1)) % workers;
        let (a, b) = (draw(), draw());
        let (there, other) = (count(a), a).min((count(b), b));
        if own < there.saturating_add(lead) {
            return None;
        }
        detour.begin(other, there);
        Some(other)
    }
}

#[cfg(test)]
mod tests {
    use super::super::submit::tests::{fill_with_talk, first_of_two, workers};
    use super::*;

    /// Else all that a quiet worker spawns would go to another, which need never lead either.
    #[test]
    fn a_detour_ends_with_the_crowd_that_began_it() {
        let (crew, worker) = first_of_two();
        let live = &crew.members[0].live;
        assert_eq!(worker.detour(), None);
        (0..LEAD_MIN + 1).for_each(|_| live.expect());
        assert_eq!(worker.detour(), Some(1));
        (0..LEAD_MIN / 2 + 1).for_each(|_| live.expect_no_more());
        assert_eq!(worker.detour(), Some(1), "some of it is there");
        live.expect_no_more();
        assert_eq!(worker.detour(), None);
        (0..LEAD_MIN / 2 - 1).for_each(|_| live.expect_no_more());
        worker.leave();
    }

    /// A hundred times 1,000 tasks that one of four workers spawns, and of which half are stolen before they start.
    #[test]
    fn homes_are_even_also_where_workers_hold_back() {
        const TASKS: usize = 1_000;
        let (crew, workers) = workers::<4>();
        let live = |index: usize| &crew.members[index].live;
        workers.iter().for_each(fill_with_talk);
        for round in 0..100 {
            for _ in 0..TASKS {
                let starter = workers[0].choose(About::Victim, 2) * workers[0].choose(About::Victim, 4);
                live(workers[starter].detour().unwrap_or(starter)).expect();
            }
            let counts = [0, 1, 2, 3].map(|index| live(index).load());
            let fair = TASKS / 4;
            assert!(
                counts.iter().all(|count| (fair * 8 / 10..=fair * 12 / 10).contains(count)),
                "round {round}: {counts:?} of {TASKS}"
            );
            counts.iter().enumerate().for_each(|(index, count)| {
                (0..*count).for_each(|_| live(index).expect_no_more());
            });
            // As after the last fiber's end.
            workers.iter().for_each(|worker| assert_eq!(worker.detour(), None));
        }
        workers.iter().for_each(Worker::leave);
    }

    /// Beside a crowd that stays: else each short fiber would cost its spawner a wake-up.
    #[test]
    fn a_detour_rests_if_those_that_are_sent_do_not_stay() {
        for stay in [0, 1, STAYS] {
            let (crew, worker) = first_of_two();
            let [here, there] = [0, 1].map(|index| &crew.members[index].live);
            (0..200).for_each(|_| here.expect());
            let sent = (0..1_000)
                .take_while(|index| {
                    let is_sent = worker.detour().is_some();
                    if is_sent && index % STAYS < stay {
                        there.expect();
                    }
                    is_sent
                })
                .count();
            // One is sent where the detour begins; and one in eight is enough.
            let expected = [JUDGED_AFTER + 1, 1_000, 200 + lead(200, 2)]
                [[0, 1, STAYS].iter().position(|of| *of == stay).unwrap()];
            assert_eq!(sent, expected, "{stay} of {STAYS} stay");
            if stay == 0 {
                assert_eq!(worker.detour(), None);
                (0..LEAD_MIN).for_each(|_| here.expect());
                assert_eq!(worker.detour(), Some(1), "some more are here");
                worker.detour.to.set(None);
                let tick = worker.tick_seen.get();
                for (later, expected) in [(REST_TICKS - 1, None), (REST_TICKS, Some(1))] {
                    worker.detour.rest.set(Some((1_000, tick.wrapping_add(REST_TICKS))));
                    worker.tick_seen.set(tick.wrapping_add(later));
                    assert_eq!(worker.detour(), expected, "{later} ticks later");
                }
            }
            [here, there].iter().for_each(|live| (0..live.load()).for_each(|_| live.expect_no_more()));
            worker.leave();
        }
    }

    #[test]
    fn nobody_is_sent_to_a_worker_that_is_held() {
        let (crew, worker) = first_of_two();
        (0..100).for_each(|_| crew.members[0].live.expect());
        for (is_held, expected) in [(false, Some(1)), (true, None), (false, Some(1))] {
            crew.members[1].is_held.store(is_held, Ordering::Relaxed);
            assert_eq!(worker.detour(), expected);
        }
        (0..100).for_each(|_| crew.members[0].live.expect_no_more());
        worker.leave();
    }
}
