//! Which fresh task starts next, and which are left to other workers. Once started, a fiber stays.
//!
//! Knows nothing of started fibers' turns.
//!
//! *Many* are mostly a tree of fibers: the youngest first walks it depth first, so that few of them live at once.
//!
//! *Few* mostly work for each other, as the stages of a pipeline do: the oldest first, which is mostly the source, and shows how much work there
//! is. If it is much, another worker has time to come for the rest; if it is little, the rest starts here all the same. (The others would only park
//! at once.) When another is on its way, or comes when called, they are divided: the older half, which this worker starts, stands at the end where no thief takes.
//!
//! ```text
//!              thieves ─▶ ┌────┬────┬────┬────┐ ◀─ we        (few: 1 2 3 4 were spawned in this order)
//!  undivided              │  1 │  2 │  3 │  4 │
//!  divided, 2 starts      │  3 │  4 │  1 │
//! ```
//!
//! Our half starts with its youngest, which parks at once, as a rule; the source comes last and runs for long. Were one of ours left behind it,
//! a thief with nothing to do yet would come back for it. So neighbours stay together: of 4 stages with 200 ns of work, channels of 64, a message
//! takes 670 ns if the first two live on one worker and the last two on the other, 890 if the inner and the outer ones do, 1,100 on one worker.
//!
//! When our half has started and all of it waits, the other half is left for a while to who is on its way ([`wait`](super::wait)).

use super::Worker;
use crate::crew::Member;
use crate::task::Task;
use std::cell::Cell;
use std::collections::VecDeque;
use std::time::Instant;

/// One fresh task in so many is the oldest.
const TURNS_AN_OLD: u32 = 64;
/// So many are few. Measured: a pipeline of 8 stages with 1 µs of work a message takes 8,700 ns a message if the youngest is
/// first, since all have started within a microsecond; 8, 16 and 32 cost a tree of a million fibers nothing.
const FEW_MAX: usize = 16;

/// How the fresh tasks are divided between this worker and who is on the way.
pub(super) struct Division {
    pub(super) shares: Cell<Shares>,
    pub(super) made_at: Cell<Instant>,
    /// How many fibers live here if all of our half live.
    pub(super) alive: Cell<usize>,
    /// The tick in which somebody was waited for last, for a single one.
    pub(super) waited_at: Cell<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Shares {
    /// All are anybody's.
    None,
    /// So many of our half have not started.
    Ours(u8),
    /// Nobody came for the other half in time: it is anybody's, and is not divided again.
    GivenUp,
}

impl Division {
    /// In the tick `tick`.
    pub(super) fn new(now: Instant, tick: u32) -> Self {
        let never = tick.wrapping_sub(u32::MAX / 2);
        Self {
            shares: Cell::new(Shares::None),
            made_at: Cell::new(now),
            alive: Cell::new(0),
            waited_at: Cell::new(never),
        }
    }

    /// The tasks are others now.
    #[inline(always)]
    pub(super) fn end(&self) {
        self.shares.set(Shares::None);
    }

    /// Whether our half has started.
    #[inline]
    pub(super) fn leaves_rest(&self) -> bool {
        self.shares.get() == Shares::Ours(0)
    }
}

/// How many of `len` fresh tasks a worker starts on which `load` live, so that half of all are there.
fn share_of_owner(len: usize, load: usize) -> usize {
    let load = if load > FEW_MAX { 0 } else { load };
    (len + load).div_ceil(2).saturating_sub(load).max(1).min(len)
}

/// What a thief on which `own` fibers live takes of `len` fresh tasks of a worker on which `load` live: half, but of few more where they leave that
/// one with more than the thief.
fn share_of_thief(len: usize, load: usize, own: usize) -> usize {
    let half = len - len / 2;
    if len.max(load) > FEW_MAX { half } else { half.max((load + len).saturating_sub(own) / 2).min(len) }
}

impl Worker {
    /// The next one; now and then the oldest, so that none waits for ever.
    #[inline]
    pub(super) fn pick_fresh(&self, turn: u32) -> Option<Task> {
        if turn % TURNS_AN_OLD == 0 {
            return self.pick_old();
        }
        let are_few = (2..=FEW_MAX).contains(&self.fresh.len());
        if are_few { self.pick_young_bound().or_else(|| self.pick_of_few()) } else { self.pick_young() }
    }

    fn pick_of_few(&self) -> Option<Task> {
        match self.division.shares.get() {
            Shares::Ours(left @ 1..) => {
                self.division.shares.set(Shares::Ours(left - 1));
                self.fresh.pop_young()
            }
            Shares::None if self.somebody_comes() => self.divide(),
            _ => self.fresh.pop_old(),
        }
    }

    /// Whether another worker is on its way, if need be because it is called now. Where calls are held back, the spawn's offer was counted.
    #[inline]
    fn somebody_comes(&self) -> bool {
        let idle = &self.crew.idle;
        idle.somebody_searches()
            || (self.crew.wake_limit.hold() == 0 || self.is_try_due()) && {
                self.offer_if_shared();
                idle.somebody_searches()
            }
    }

    /// Divides those that are there, and takes the first.
    #[cold]
    #[inline(never)]
    fn divide(&self) -> Option<Task> {
        let mut tasks = [const { None }; FEW_MAX];
        let mut count = 0;
        for place in &mut tasks {
            *place = self.fresh.pop_old();
            count += usize::from(place.is_some());
        }
        let live = &self.crew.members[self.index].live;
        let (ours, others) = tasks[..count].split_at(share_of_owner(count, live.load()));
        self.division.alive.set(live.count() + ours.len());
        let (first, ours) = ours.split_last()?;
        others.iter().chain(ours).flatten().for_each(|task| self.keep(*task));
        self.division.shares.set(Shares::Ours(ours.len() as u8));
        self.division.made_at.set(self.now());
        if self.sim().is_none() {
            self.grace.begin();
        }
        // They were seen nowhere for a moment.
        self.offer_if_shared();
        *first
    }

    /// At a look: the oldest and the youngest in turn. Where each turn is so long that it looks around, those behind many others would wait for
    /// all of them, or for ever. But few are divided first, and our half goes first; not where some are bound to this worker: they have no end
    /// if they spawn each other.
    pub(super) fn pick_fresh_at_look(&self) -> Option<Task> {
        let is_ours = match self.division.shares.get() {
            Shares::None => (2..=FEW_MAX).contains(&self.fresh.len()) && self.crew.idle.somebody_searches(),
            Shares::Ours(left) => left > 0,
            Shares::GivenUp => false,
        };
        if is_ours && !self.has_bound() {
            return self.pick_fresh(1);
        }
        let oldest = self.oldest_at_look.get();
        self.oldest_at_look.set(!oldest);
        if oldest { self.pick_old() } else { self.pick_young() }
    }

    /// The youngest fresh task.
    #[inline]
    fn pick_young(&self) -> Option<Task> {
        self.pick_young_bound().or_else(|| self.fresh.pop_young())
    }

    #[inline]
    fn pick_young_bound(&self) -> Option<Task> {
        self.pick_bound(VecDeque::pop_back).or_else(|| self.pick_sent(VecDeque::pop_back))
    }

    /// The oldest fresh task of each kind, in turn: no kind starves another by spawning more of its own.
    fn pick_old(&self) -> Option<Task> {
        const KINDS: usize = 3;
        let from = self.old_from.get();
        self.old_from.set((from + 1) % KINDS);
        (from..from + KINDS).find_map(|kind| match kind % KINDS {
            0 => self.fresh.pop_old(),
            1 => self.pick_bound(VecDeque::pop_front),
            _ => self.pick_sent(VecDeque::pop_front),
        })
    }

    #[inline]
    pub(super) fn pick_bound(&self, end: impl FnOnce(&mut VecDeque<Task>) -> Option<Task>) -> Option<Task> {
        let task = self.bound.with(end)?;
        self.crew.members[self.index].live.expect_no_more();
        Some(task)
    }

    #[inline]
    pub(super) fn pick_sent(&self, end: impl FnOnce(&mut VecDeque<Task>) -> Option<Task>) -> Option<Task> {
        if self.has_sent.get() { self.pick_of_sent(end) } else { None }
    }

    #[inline(never)]
    fn pick_of_sent(&self, end: impl FnOnce(&mut VecDeque<Task>) -> Option<Task>) -> Option<Task> {
        let member = &self.crew.members[self.index];
        let mut sent = member.sent.lock();
        let task = end(&mut sent);
        self.has_sent.set(!sent.is_empty());
        drop(sent);
        task.inspect(|_| member.live.expect_no_more())
    }

    /// Whether some are here that no thief takes.
    #[inline]
    pub(super) fn has_bound(&self) -> bool {
        self.bound.with(|bound| !bound.is_empty()) || self.has_sent.get()
    }

    /// Whether a fresh task is here to be started.
    #[inline]
    pub(super) fn has_fresh(&self) -> bool {
        !self.fresh.is_empty() || self.has_bound()
    }

    /// Whether those that could be started here, the last one or the other half, are left to another worker for a while.
    #[inline]
    pub(super) fn leaves_fresh(&self) -> bool {
        self.grace.is_on() && (self.fresh.len() == 1 || self.division.leaves_rest()) && !self.has_bound()
    }

    /// Calls another worker, if one sleeps, for fresh work that a fiber which yields has left; `true` if it is to be left to that one for a
    /// while. Who yields has more to do, and would share this worker for long with what is started here. Those who talk mostly wait instead, and
    /// are better off on one worker. Once a tick, whatever wake-ups were worth lately; more often while they are worth it.
    #[inline]
    pub(super) fn leaves_fresh_to_called(&self) -> bool {
        self.crew.members.len() > 1
            && (self.called_at.get() != self.tick_seen.get() || self.crew.wake_limit.hold() == 0)
            && self.crew.idle.somebody_sleeps()
            && self.call_for_fresh()
    }

    #[cold]
    #[inline(never)]
    fn call_for_fresh(&self) -> bool {
        self.called_at.set(self.tick_seen.get());
        if self.fresh.is_empty() || self.sim().is_some() || self.holds_back() {
            return false;
        }
        self.crew.wake_one();
        self.grace.begin();
        self.leaves_fresh()
    }

    /// What this worker takes of `len` fresh tasks of `victim`.
    pub(super) fn share_of(&self, victim: &Member, len: usize) -> usize {
        share_of_thief(len, victim.live.load(), self.crew.members[self.index].live.load())
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::submit::tests::{first_of_two, workers};
    use super::*;
    use crate::current;
    use crate::spawn;
    use std::iter;

    /// Spawns so many on the first of two workers, of which the other sleeps or not; then which `pick` gives, as often as that does.
    pub(in crate::worker) fn picked(
        count: usize,
        sleeps: bool,
        pick: impl Fn(&Worker, usize) -> Option<Task>,
    ) -> Vec<usize> {
        let (crew, worker) = first_of_two();
        if sleeps {
            crew.idle.announce(crew.members[1].post.mailbox.sleeper());
        }
        let spawn_one = |_| current::enter(&worker, || spawn(|| ()).fiber().id().as_u64());
        let ids: Vec<_> = (0..count).map(spawn_one).collect();
        let picked: Vec<_> = (0..count).map_while(|index| pick(&worker, index)).collect();
        let place = |task: &Task| ids.iter().position(|id| *id == task.header().id.as_u64()).unwrap();
        let places = picked.iter().map(place).collect();
        picked.into_iter().for_each(|task| worker.keep(task));
        worker.leave();
        places
    }

    #[test]
    fn of_few_the_oldest_starts_first_and_of_many_the_youngest() {
        for (count, expected) in [(4, vec![0, 1, 2, 3]), (18, vec![17, 16, 0, 1])] {
            let first_four =
                picked(count, false, |worker, index| (index < 4).then(|| worker.pick_fresh(1))?);
            assert_eq!(first_four, expected);
        }
    }

    /// Lest the youngest waits for all others where each of them runs for long.
    #[test]
    fn a_look_takes_the_oldest_and_the_youngest_in_turn() {
        let mut places =
            picked(4, false, |worker, index| (index < 2).then(|| worker.pick_fresh_at_look())?);
        places.sort_unstable();
        assert_eq!(places, [0, 3]);
    }

    #[test]
    fn who_is_on_the_way_is_left_the_younger_half_of_few() {
        let by_turns = picked(5, true, |worker, _| worker.pick_fresh(1));
        assert_eq!(by_turns, [2, 1, 0, 3, 4]);
        // The other half is left, for as long as somebody is on the way.
        assert_eq!(picked(5, true, |worker, _| worker.pick_at_look()), [2, 1, 0]);
        let many = picked(18, true, |worker, index| (index < 2).then(|| worker.pick_fresh(1))?);
        assert_eq!(many, [17, 16]);
    }

    /// They go on for ever if each spawns the next.
    #[test]
    fn looks_take_others_beside_bound_tasks() {
        let pick = |worker: &Worker, index| {
            if index != 1 {
                return worker.pick_fresh(1);
            }
            let bound = worker.fresh.pop_old()?;
            let other = (0..4).find_map(|_| {
                worker.bind(bound);
                worker.pick_fresh_at_look().filter(|task| !std::ptr::eq(task.header(), bound.header()))
            });
            worker.keep(worker.pick_bound(VecDeque::pop_back)?);
            other
        };
        assert_eq!(picked(3, true, pick), [1, 0, 2]);
    }

    #[test]
    fn what_comes_from_elsewhere_was_not_divided() {
        let pick = |worker: &Worker, index| {
            if index < 2 {
                return worker.pick_fresh(1);
            }
            // As if a thief had been here.
            worker.crew.injector.push(worker.fresh.pop_old()?);
            assert!(worker.division.leaves_rest());
            let task = worker.take_injected();
            assert!(!worker.division.leaves_rest());
            task
        };
        assert_eq!(picked(3, true, pick), [1, 0, 2]);
    }

    /// One theft takes half of the queue at most.
    #[test]
    fn a_thief_takes_as_many_as_make_both_equal() {
        let (crew, [thief, victim]) = workers();
        let spawn_one = |_| current::enter(&victim, || spawn(|| ()).fiber().id().as_u64());
        let ids: Vec<_> = (0..6).map(spawn_one).collect();
        (0..4).for_each(|_| crew.members[1].live.expect());
        thief.division.shares.set(Shares::Ours(0));
        let first = thief.steal_from(1).unwrap();
        assert!(!thief.division.leaves_rest(), "of what was here before");
        let rest: Vec<_> = iter::from_fn(|| thief.fresh.pop_old()).collect();
        let taken: Vec<_> = iter::once(&first).chain(&rest).map(|task| task.header().id.as_u64()).collect();
        assert_eq!((taken, victim.fresh.len()), (ids[..5].to_vec(), 1));
        iter::once(first).chain(rest).for_each(|task| thief.keep(task));
        (0..4).for_each(|_| crew.members[1].live.expect_no_more());
        [thief, victim].iter().for_each(Worker::leave);
    }

    #[test]
    fn half_of_all_is_to_live_with_each() {
        let owner: Vec<_> = [(0, 0), (4, 0), (4, 1), (3, 1), (2, 2), (5, 0), (1, 9), (4, 100)]
            .map(|(len, load)| share_of_owner(len, load))
            .into();
        assert_eq!(owner, [0, 2, 2, 1, 1, 3, 1, 2]);
        let thief: Vec<_> = [(4, 1, 0), (2, 2, 0), (2, 2, 2), (1, 9, 0), (3, 0, 5), (10, 100, 0), (30, 2, 0)]
            .map(|(len, load, own)| share_of_thief(len, load, own))
            .into();
        assert_eq!(thief, [2, 2, 1, 1, 2, 5, 15]);
    }
}
