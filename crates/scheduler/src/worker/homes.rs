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
//!   and join 5.6 µs instead of 0.1, beside twelve that wait). So a detour of many of whom nearly none has stayed is in vain: it ends, and
//!   the fibers by which this worker leads are *excused*, which is to say, not counted from then on. The next one is for those that come to stay
//!   on top of them; since some may come among very many that do not, it is judged after twice as many.
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

/// A detour is in vain if so few have stayed as make no lead, of so many at first and at last. (4,096 sent in vain take 23 ms, but only once
/// for each lead's worth of fibers that come to stay here.)
const JUDGED_AFTER_MIN: usize = 64;
const JUDGED_AFTER_MAX: usize = 4_096;

/// Where the fresh tasks of a worker go while it has too many fibers.
pub(super) struct Detour {
    to: Cell<Option<usize>>,
    /// How many have gone there since it was judged last, and the fewest that were there since.
    sent: Cell<usize>,
    before: Cell<usize>,
    /// How many of those that live here do not count: see above.
    excused: Cell<usize>,
    /// How many are sent before it is judged.
    judged_after: Cell<usize>,
}

impl Detour {
    pub(super) fn new() -> Self {
        Self {
            to: Cell::new(None),
            sent: Cell::new(0),
            before: Cell::new(0),
            excused: Cell::new(0),
            judged_after: Cell::new(JUDGED_AFTER_MIN),
        }
    }

    fn begin(&self, to: usize, there: usize) {
        self.to.set(Some(to));
        self.begin_count(there);
    }

    fn begin_count(&self, there: usize) {
        self.sent.set(0);
        self.before.set(there);
    }

    /// There is no crowd any more.
    #[cold]
    fn forget(&self) {
        self.to.set(None);
        self.excused.set(0);
        self.judged_after.set(JUDGED_AFTER_MIN);
    }

    /// The fibers that count, of `own`.
    #[inline]
    fn counted(&self, own: usize) -> usize {
        match self.excused.get() {
            0 => own,
            excused => {
                // Who is excused may have gone, and others have come.
                self.excused.set(excused.min(own));
                own - excused.min(own)
            }
        }
    }

    /// One more is sent, to where `there` are; `false` if those before were in vain, of a worker where `own` count.
    fn send_one(&self, there: usize, own: usize) -> bool {
        self.before.set(self.before.get().min(there));
        if self.sent.get() >= self.judged_after.get() {
            if there < self.before.get() + LEAD_MIN {
                self.excused.set(self.excused.get() + own.saturating_sub(there));
                self.judged_after.set((self.judged_after.get() * 2).min(JUDGED_AFTER_MAX));
                return false;
            }
            self.begin_count(there);
        }
        self.sent.set(self.sent.get() + 1);
        true
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
        // Release: pairs with the Acquire in `take_back`. Also if it is set: that might just be seen.
        member.was_sent_some.store(true, Ordering::Release);
        self.crew.lifecycle.after_deliver(member);
        true
    }

    /// Where fresh tasks start instead, if this worker has too many fibers.
    #[inline]
    fn detour(&self) -> Option<usize> {
        let own = self.crew.members[self.index].live.load();
        if own < LEAD_MIN / 2 {
            if self.detour.to.get().is_some() || self.detour.excused.get() > 0 {
                // Where few live here and there, the other may never lead.
                self.detour.forget();
            }
            return None;
        }
        let own = self.detour.counted(own);
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
        if let Some(other) = self.detour.to.get() {
            let there = count(other);
            let is_led = there >= own + lead;
            if !is_led && self.detour.send_one(there, own) {
                return Some(other);
            }
            self.detour.to.set(None);
            if !is_led {
                return None;
            }
        }
        // The better of two random others, as good as the best of all (M. Mitzenmacher, "The power of two choices", 2001).
        let draw = || (self.index + 1 + self.choose(About::Victim, workers - 1)) % workers;
        let (a, b) = (draw(), draw());
        let (there, other) = (count(a), a).min((count(b), b));
        if own < there.saturating_add(lead) {
            return None;
        }
        self.detour.begin(other, there);
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

    /// How many of `count` go elsewhere, none of whom stays.
    fn sent(worker: &Worker, count: usize) -> usize {
        (0..count).filter(|_| worker.detour().is_some()).count()
    }

    /// Beside a crowd that stays: else each short fiber would cost its spawner a wake-up.
    #[test]
    fn those_that_do_not_stay_are_sent_away_no_more() {
        let (crew, worker) = first_of_two();
        let [here, there] = [0, 1].map(|index| &crew.members[index].live);
        (0..200).for_each(|_| here.expect());
        // The one that begins a detour comes on top.
        assert_eq!([sent(&worker, 10_000), sent(&worker, 10_000)], [JUDGED_AFTER_MIN + 1, 0]);
        (1..LEAD_MIN).for_each(|_| here.expect());
        assert_eq!(sent(&worker, 10_000), 0);
        here.expect();
        assert_eq!([sent(&worker, 10_000), sent(&worker, 10_000)], [2 * JUDGED_AFTER_MIN + 1, 0]);
        // Most of the crowd goes, and another one comes.
        (0..188).for_each(|_| here.expect_no_more());
        assert_eq!(sent(&worker, 10_000), 0);
        (0..600).for_each(|_| [here, there][worker.detour().unwrap_or(0)].expect());
        let counts = [here.load(), there.load()];
        assert!(counts.iter().all(|count| (240..=380).contains(count)), "{counts:?}");
        [here, there].iter().for_each(|live| (0..live.load()).for_each(|_| live.expect_no_more()));
        worker.leave();
    }

    /// Connections, say, each of which spawns some that end at once.
    #[test]
    fn those_that_stay_among_many_that_do_not_are_sent_as_well() {
        fn spread<const N: usize>(one_in: usize) -> Vec<usize> {
            let (crew, workers) = workers::<N>();
            let live = |index: usize| &crew.members[index].live;
            for _ in 0..1_000 * one_in {
                let home = workers[0].detour().unwrap_or(0);
                if workers[0].choose(About::Victim, one_in) == 0 {
                    live(home).expect();
                }
            }
            let counts: Vec<_> = (0..N).map(|index| live(index).load()).collect();
            counts
                .iter()
                .enumerate()
                .for_each(|(index, count)| (0..*count).for_each(|_| live(index).expect_no_more()));
            workers.iter().for_each(Worker::leave);
            counts
        }
        for one_in in [1, 5, 20, 100, 300] {
            for counts in [spread::<2>(one_in), spread::<4>(one_in)] {
                let fair = counts.iter().sum::<usize>() / counts.len();
                let is_fair = |count: &usize| (fair * 2 / 3..=fair * 3 / 2).contains(count);
                assert!(counts.iter().all(is_fair), "one in {one_in} stays: {counts:?}");
            }
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
