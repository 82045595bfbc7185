//! A worker on which nothing is ready leaves a moment to who is on its way, before it starts fresh tasks that are better off there.
//!
//! Knows nothing of which come next ([`fresh`](super::fresh)), nor of yields ([`grace`](super::grace)).
//!
//! Once started, a fiber stays. If it computes for long, those that live beside it wait, and their timers and sockets with them.

use super::Worker;
use super::fresh::Shares;
use super::submit::TICKS_A_TRY;
use crate::task::{Task, Timed};
use sisal_base::sync::hint::spin_loop;
use std::time::{Duration, Instant};

/// What our half must have taken for the other to be worth a wait.
const WORTH_A_WAIT: Duration = Duration::from_micros(5);
/// The longest wait: three or four times what somebody who was asleep needs.
const WAIT_MAX: Duration = Duration::from_micros(60);
/// The longest wait for who takes a single one. Measured, two workers, of 40 sleeps of 5 ms beside a fiber that computes for 40 ms, so many ended in
/// time: none with no wait, 17 to 39 with 60 µs, 37 to 40 with 200.
const SINGLE_WAIT_MAX: Duration = Duration::from_micros(200);
/// Pauses between two looks at the clock.
const PAUSES: u32 = 16;

impl Worker {
    /// Where nothing is ready: leaves those that could be started to who is on its way, for a while; once, however long nobody comes.
    /// `true` if something is ready now.
    ///
    /// - The other half, if our half waits. (Where some of it have ended, these are no pipeline, and the others may end as soon.) No longer than
    ///   it has taken until our half waited, so what is done here in vain is at most doubled.
    /// - A single one, if the fiber that ran last, which has spawned it as a rule, waits for a time: it would wait longer where that one
    ///   computes. Once in [`TICKS_A_TRY`] ticks, or as long as loot lasts.
    #[inline]
    pub(super) fn leave_rest_to_called(&self) -> bool {
        !self.fresh.is_empty() && self.leave_some_to_called()
    }

    #[inline(never)]
    fn leave_some_to_called(&self) -> bool {
        (self.division.leaves_rest() || self.has_single_of_timed())
            && !self.has_bound()
            && self.wait_for_called()
    }

    fn has_single_of_timed(&self) -> bool {
        let is_timed = |task: Task| task.header().timed.get() == Timed::Armed;
        self.uncommitted.get().is_some_and(is_timed)
            && self.fresh.len() == 1
            && self.division.shares.get() == Shares::None
            && self.may_wait_for_single()
    }

    fn may_wait_for_single(&self) -> bool {
        let since = self.tick_seen.get().wrapping_sub(self.division.waited_at.get());
        (since >= TICKS_A_TRY || self.crew.wake_limit.is_long()) && self.crew.idle.somebody_searches()
    }

    /// The longest wait that is worth it.
    fn wait_max(&self, begun: Instant) -> Duration {
        if !self.division.leaves_rest() {
            return SINGLE_WAIT_MAX;
        }
        let taken = begun.saturating_duration_since(self.division.made_at.get());
        let live = self.crew.members[self.index].live.count();
        let is_worth_it = taken >= WORTH_A_WAIT && live >= self.division.alive.get();
        if is_worth_it { taken.min(WAIT_MAX) } else { Duration::ZERO }
    }

    #[cold]
    #[inline(never)]
    fn wait_for_called(&self) -> bool {
        let begun = self.now();
        let max = self.wait_max(begun);
        if !self.division.leaves_rest() {
            self.division.waited_at.set(self.tick_seen.get());
        }
        self.division.shares.set(Shares::GivenUp);
        if max.is_zero() || self.sim().is_some() {
            return false;
        }
        // Who wakes it meanwhile, from wherever, is to end the wait.
        self.let_last_go();
        let timers = self.wheel.with(|wheel| wheel.next_wait(begun)).unwrap_or(max);
        let (len, end) = (self.fresh.len(), begun + max.min(timers));
        let is_ready = || !self.post.mailbox.inbox().is_empty() || self.ready.with(|ready| !ready.is_empty());
        while !is_ready() && self.crew.idle.somebody_searches() && self.fresh.len() == len && self.now() < end
        {
            (0..PAUSES).for_each(|_| spin_loop());
        }
        self.drain_inbox();
        // No look around: the time of the wait is no turn's, by which the next look is set.
        self.look(|| self.fire_timers(self.now()));
        self.ready.with(|ready| !ready.is_empty()) || !self.movable.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::super::fresh::tests::picked;
    use super::*;
    use sisal_park::Wake;
    use std::cell::Cell;
    use std::collections::VecDeque;

    /// Else each of many short tasks would wait for a wake-up.
    #[test]
    fn a_half_that_took_no_time_waits_for_nobody() {
        let pick = |worker: &Worker, _| {
            assert!(!worker.leave_rest_to_called());
            worker.pick_fresh(1)
        };
        assert_eq!(picked(4, true, pick).len(), 4);
    }

    /// As if our half had taken long enough for the other to be worth a wait, and so many of it had ended.
    fn made_long_ago(worker: &Worker, ended: usize) {
        worker.division.made_at.set(worker.now() - WORTH_A_WAIT);
        worker.division.alive.set(ended);
    }

    #[test]
    fn who_is_called_and_does_not_come_is_not_waited_for_twice() {
        let pick = |worker: &Worker, index| {
            if index == 2 {
                let begun = worker.now();
                made_long_ago(worker, 0);
                assert!(!worker.leave_rest_to_called() && worker.now() - begun >= WORTH_A_WAIT);
            }
            let task = worker.pick_fresh(1);
            assert_eq!(worker.division.leaves_rest(), index == 1, "as if it were divided again");
            task
        };
        assert_eq!(picked(4, true, pick), [1, 0, 2, 3]);
    }

    /// Two fresh tasks, of which the older was taken; what `check` finds then.
    fn when_one_of_two_has_gone<R>(check: impl Fn(&Worker, Task) -> R) -> R {
        let found = Cell::new(None);
        let pick = |worker: &Worker, index| {
            let task = worker.pick_fresh(1)?;
            if index == 0 {
                found.set(Some(check(worker, task)));
            }
            Some(task)
        };
        assert_eq!(picked(2, true, pick), [0, 1]);
        found.take().unwrap()
    }

    /// The fiber that parked last is often the source, and what it waits for may come from anywhere.
    #[test]
    fn who_has_just_parked_ends_the_wait_when_it_is_woken() {
        when_one_of_two_has_gone(|worker, task| {
            made_long_ago(worker, 0);
            worker.uncommitted.set(Some(task));
            assert_eq!(task.header().word.wake(), Wake::Nothing);
            assert!(worker.leave_rest_to_called(), "it stands in the ready list");
            assert!(worker.pop_ready().is_some());
        });
    }

    #[test]
    fn a_half_of_which_one_has_ended_waits_for_nobody() {
        when_one_of_two_has_gone(|worker, task| {
            made_long_ago(worker, 1);
            worker.uncommitted.set(Some(task));
            assert!(!worker.leave_rest_to_called());
            assert!(worker.uncommitted.take().is_some(), "it has waited");
        });
    }

    /// Nobody else may start them.
    #[test]
    fn nobody_is_waited_for_while_there_are_bound_tasks() {
        when_one_of_two_has_gone(|worker, task| {
            made_long_ago(worker, 0);
            worker.bind(task);
            assert!(!worker.leave_rest_to_called() && worker.division.leaves_rest());
            assert!(worker.pick_bound(VecDeque::pop_back).is_some());
        });
    }

    /// Whether a single fresh task is left to who was called, when the fiber that has just parked waits so.
    fn waits(timed: Timed, prepare: impl Fn(&Worker)) -> bool {
        when_one_of_two_has_gone(|worker, task| {
            worker.division.end();
            prepare(worker);
            worker.uncommitted.set(Some(task));
            task.header().timed.set(timed);
            assert!(!worker.leave_rest_to_called());
            let has_waited = worker.uncommitted.take().is_none();
            task.header().timed.set(Timed::No);
            assert!(!worker.leave_rest_to_called(), "it is waited for once");
            has_waited
        })
    }

    #[test]
    fn a_single_one_of_a_fiber_that_sleeps_is_left_to_the_called() {
        assert!(waits(Timed::Armed, |_| ()));
        assert!(!waits(Timed::No, |_| ()), "a join");
    }

    /// Else who spawns a short task each millisecond has each of them wait.
    #[test]
    fn singles_are_waited_for_now_and_then_or_while_they_last() {
        let waited = |worker: &Worker| worker.division.waited_at.set(worker.tick_seen.get());
        assert!(!waits(Timed::Armed, waited));
        assert!(waits(Timed::Armed, |worker| {
            waited(worker);
            worker.crew.wake_limit.note_loot(Duration::from_millis(2));
        }));
        assert!(!waits(Timed::Armed, |worker| {
            waited(worker);
            let lengths = [Duration::from_millis(2), Duration::from_micros(20)];
            lengths.into_iter().for_each(|lasted| worker.crew.wake_limit.note_loot(lasted));
        }));
    }
}
