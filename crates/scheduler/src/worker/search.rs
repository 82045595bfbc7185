//! What a worker does when it has nothing to do: look at the others, then sleep.
//!
//! Knows nothing of what it finds.
//!
//! At most one worker of a runtime searches. It looks for [`SPIN`] before it sleeps, because a searcher is reached in
//! 60–250 ns, a sleeper in 15,000; but not if its last searches found nothing, so that half-idle servers burn no CPU, nor while its fibers
//! do little but talk to other workers' ([`crosstalk`](super::crosstalk)).
//!
//! *Answers.* Where fibers here and there wake each other in turn, each worker has nothing to do while the other runs. Whose short sleep
//! another worker has ended waits awake for its inbox, [`SHORT`] at the most, as long as that pays. It does so without the
//! permit, whose line both would write: to the idle protocol it is a worker that has not come round yet. So it also looks at
//! what is there for anybody, and then searches.
//!
//! *Patience.* A thief that takes tiny tasks makes them dearer for everybody (spawn and join of a no-op: 107–300 ns
//! against 40). So loot that was used up within [`TINY`] doubles the thief's patience, work of more than [`WORTH`] resets
//! it, and work must have been visible for as long as the patience, a single task at least for [`SINGLE`], before it is
//! taken. A victim that is quick has done it by then.
//!
//! The sleep itself is `sisal-queue`'s idle protocol: announce, look again at every source, sleep in the reactor.

use super::Worker;
use crate::crew::WakeLimit;
use crate::sim::About;
use crate::task::Task;
use crate::trace::What;
use sisal_base::sync::hint::spin_loop;
use sisal_queue::{Roused, Searching, Steal, WakeNext};
use std::cell::Cell;
use std::time::{Duration, Instant};

/// How long a searcher looks before it sleeps.
const SPIN: Duration = Duration::from_micros(20);
/// Searches in vain in a row after which the next one does not spin.
const VAIN_MAX: u32 = 2;
/// A sleep of at most this, ended by another worker, is one that a spin would have saved: the ring itself takes half of it.
const SHORT: Duration = Duration::from_micros(60);
/// Loot used up in this time was not worth a theft.
const TINY: Duration = Duration::from_micros(2);
/// Loot that lasts this long was.
const WORTH: Duration = Duration::from_micros(10);
/// The first and the longest patience.
const PATIENCE_MIN: Duration = Duration::from_micros(1);
const PATIENCE_MAX: Duration = Duration::from_micros(16);
/// How long a single task must have been visible.
const SINGLE: Duration = Duration::from_micros(2);
/// Pauses between two looks at the others' queues.
const PAUSES_A_LOOK: u32 = 16;
/// Such looks, 2 to 3 µs in all, between two at timers and sockets, of a worker that waits for an answer.
const ROUNDS_A_POLL: u32 = 8;

/// What a worker remembers of its searches.
pub(super) struct Search {
    patience: Cell<Duration>,
    /// When the last loot was taken, and how many fibers lived here then, until it is used up.
    looted: Cell<Option<(Instant, usize)>>,
    vain: Cell<u32>,
    /// Whether another worker's fiber has just ended a short sleep.
    mutual: Cell<bool>,
    /// Whether the reactor was turned since any fiber ran.
    has_polled: Cell<bool>,
}

impl Search {
    pub(super) fn new() -> Self {
        Self {
            patience: Cell::new(Duration::ZERO),
            looted: Cell::new(None),
            vain: Cell::new(0),
            mutual: Cell::new(false),
            has_polled: Cell::new(false),
        }
    }

    /// Another worker's fiber has woken one of ours after a sleep of that length. If it was short, fibers here and there wake
    /// each other in turn, as in a ring (861 ns a hop asleep): then the next wake is worth waiting for.
    fn was_rung_after(&self, slept: Duration) {
        if slept <= SHORT {
            self.mutual.set(true);
        }
    }

    /// How long the next search looks.
    fn spin(&self) -> Duration {
        if self.vain.get() < VAIN_MAX { SPIN } else { Duration::ZERO }
    }

    /// Fresh tasks of others are left to them for as long as may be.
    pub(super) fn be_patient(&self) {
        self.patience.set(PATIENCE_MAX);
    }

    /// Judges the last loot, which is used up now. `live`: how many fibers live here. Those that have come to stay, and wait for what they shall
    /// work on, say nothing yet.
    fn judge(&self, limit: &WakeLimit, holds_back: bool, live: usize, now: impl Fn() -> Instant) {
        let Some((looted, before)) = self.looted.take() else { return };
        let lasted = now().saturating_duration_since(looted);
        limit.note_loot(lasted);
        if lasted < TINY && live <= before {
            self.patience.set((self.patience.get() * 2).clamp(PATIENCE_MIN, PATIENCE_MAX));
            limit.tighten();
        } else if lasted > WORTH && !holds_back {
            self.patience.set(Duration::ZERO);
            limit.loosen();
        }
    }
}

impl Worker {
    /// Finds a task, asleep or awake; `None` at the end of the worker's life. `has_looked`: at timers and sockets, just now.
    #[cold]
    #[inline(never)]
    pub(super) fn search(&self, has_looked: bool) -> Option<Task> {
        let live = self.crew.members[self.index].live.load();
        self.search.judge(&self.crew.wake_limit, self.holds_back(), live, || self.now());
        // At once: what has overflowed is work of our own, and is worth neither a permit nor a look at the sockets each time.
        if let Some(task) = self.take_injected() {
            return Some(task);
        }
        self.search.has_polled.set(has_looked);
        self.let_last_go();
        self.counters.searches.add(1);
        if let Some(task) = self.await_answer() {
            return Some(task);
        }
        let mut permit = None;
        loop {
            if self.must_end() {
                return None;
            }
            // The kernel need not be asked again for what a look or a sleep has just brought.
            if self.search.has_polled.take() {
                self.serve_timers();
            } else {
                self.serve_timers_and_reactor();
            }
            self.notice_close();
            self.answer_dumps();
            self.look_at_recorder();
            if !self.post.mailbox.inbox().is_empty() {
                self.drain_inbox();
            }
            let own = self.pick(1);
            if own.is_some() {
                if let Some(searching) = permit {
                    self.end_search(searching);
                }
                return own;
            }
            let was_rung = permit.is_some();
            if let Some(searching) = permit.take().or_else(|| self.crew.idle.try_search()) {
                let found = self.look_at_others();
                if was_rung && found.is_none() {
                    // Whoever rang has done it by itself meanwhile.
                    self.crew.wake_limit.tighten();
                }
                self.remember(found.is_some());
                if found.is_some() {
                    self.end_search(searching);
                    return found;
                }
                searching.give_up();
            }
            permit = self.sleep();
        }
    }

    /// Commits the park of the fiber that ran last, which may be gone then, and whose name this thread bears no longer.
    pub(super) fn let_last_go(&self) {
        debug_assert!(self.current.get().is_none(), "a fiber runs");
        // SAFETY: no fiber runs now; whatever this worker calls from here on speaks for the thread.
        unsafe { sisal_park::agent::install(None) };
        self.commit_last();
    }

    /// A fiber that another worker wakes, if it does so soon and that is to be expected.
    fn await_answer(&self) -> Option<Task> {
        // Nobody can be woken where nobody lives; but who has come from another worker stands in that one's table.
        let somebody_lives = || self.crew.limits.migrate || self.crew.members[self.index].live.count() > 0;
        if !self.search.mutual.get() || self.sim().is_some() || !somebody_lives() {
            return None;
        }
        let (inbox, begun) = (self.post.mailbox.inbox(), self.now());
        for round in 1_u32.. {
            for _ in 0..PAUSES_A_LOOK {
                if !inbox.is_empty() {
                    self.drain_inbox();
                    return self.pick(1);
                }
                spin_loop();
            }
            if round % ROUNDS_A_POLL == 0 {
                self.serve_timers_and_reactor();
                if let Some(own) = self.pick(1) {
                    return Some(own);
                }
            }
            if self.anything_left() {
                return None;
            }
            if self.now() - begun >= SHORT {
                break;
            }
        }
        self.search.mutual.set(false);
        self.search.vain.set(VAIN_MAX);
        None
    }

    /// Who has found something and was the last to search wakes the next.
    fn end_search(&self, searching: Searching<'_>) {
        if searching.found() == WakeNext::Yes {
            self.offer();
        }
    }

    fn remember(&self, found: bool) {
        self.search.vain.set(if found { 0 } else { self.search.vain.get().saturating_add(1) });
    }

    /// Looks at the injector, the inbox and the other workers' queues, until something is found or it is time to sleep.
    fn look_at_others(&self) -> Option<Task> {
        let others = self.crew.members.len() - 1;
        let spins = others > 0 && self.sim().is_none() && !self.holds_back();
        let spin = if spins { self.search.spin() } else { Duration::ZERO };
        let mut since = self.now();
        let mut visible_since: Option<Instant> = None;
        loop {
            if let Some(task) = self.take_injected() {
                return Some(task);
            }
            if !self.post.mailbox.inbox().is_empty() {
                self.drain_inbox();
                return self.pick(1);
            }
            if others > 0 {
                let now = self.now();
                match self.most_loaded() {
                    None => visible_since = None,
                    Some((victim, len)) => {
                        let seen = *visible_since.get_or_insert(now);
                        let least = if len == 1 { SINGLE } else { Duration::ZERO };
                        let patience = self.search.patience.get().max(least);
                        if now - seen >= patience || self.chaos.steals_at_once() {
                            if let Some(task) = self.steal_from(victim) {
                                let live = self.crew.members[self.index].live.load();
                                self.search.looted.set(Some((now, live)));
                                return Some(task);
                            }
                            visible_since = None;
                        }
                        // The clock of the spin stands still while there is something to see.
                        since = now;
                    }
                }
            }
            let nothing = visible_since.is_none() && self.now() - since >= spin;
            if nothing || self.must_end() {
                return None;
            }
            (0..PAUSES_A_LOOK).for_each(|_| spin_loop());
        }
    }

    /// The first other worker from a random one on that has something to steal. Only looks at lengths: a thief that tries
    /// compare-and-swap all the time costs its victim 15 times its push.
    fn most_loaded(&self) -> Option<(usize, usize)> {
        let workers = self.crew.members.len();
        let start = self.choose(About::Victim, workers);
        (0..workers)
            .map(|offset| (start + offset) % workers)
            .filter(|&index| index != self.index)
            .map(|index| (index, self.stealable(index)))
            .find(|&(_, len)| len > 0)
    }

    fn stealable(&self, index: usize) -> usize {
        let member = &self.crew.members[index];
        let movable = if self.crew.limits.migrate { member.movable.len() } else { 0 };
        member.fresh.len() + movable
    }

    pub(super) fn steal_from(&self, index: usize) -> Option<Task> {
        let member = &self.crew.members[index];
        self.counters.steals_tried.add(1);
        let most = self.chaos.loot_max(self.share_of(member, member.fresh.len()));
        if let Steal::Taken { first, moved } = member.fresh.steal_into(&self.fresh, most) {
            debug_assert!(first.header().record().is_none(), "a started fiber was stolen");
            self.counters.steals_won.add(1);
            self.tell_steal(first, index);
            // The oldest of them goes now.
            self.oldest_at_look.set(false);
            self.division.end();
            // One theft takes half at most. The others one by one, so that they stay in order.
            for _ in 1 + moved..most {
                let Steal::Taken { first, .. } = member.fresh.steal_into(&self.fresh, 1) else { break };
                self.keep(first);
            }
            return Some(first);
        }
        if !self.crew.limits.migrate {
            return None;
        }
        match member.movable.steal_half_into(&self.movable) {
            Steal::Taken { first, .. } => {
                self.counters.steals_won.add(1);
                self.tell_steal(first, index);
                Some(first)
            }
            Steal::Empty | Steal::Busy => None,
        }
    }

    /// Whether anything is to be had that this worker would miss asleep.
    fn anything_left(&self) -> bool {
        !self.post.mailbox.inbox().is_empty()
            || !self.crew.injector.is_empty()
            || self.most_loaded().is_some()
            || self.must_end()
            || self.has_close_to_notice()
            || self.is_asked()
    }

    /// Announces the sleep, looks again, sleeps. Gives the permit to search, if that is what it was woken for.
    fn sleep(&self) -> Option<Searching<'_>> {
        let sleeper = self.post.mailbox.sleeper();
        self.crew.idle.announce(sleeper);
        let mut slept = Duration::MAX;
        if !self.anything_left() {
            let begun = self.now();
            let wait = self.wheel.with(|wheel| wheel.next_wait(begun));
            self.publish_queues();
            self.tell_sleep(What::Sleep);
            let events = self.look(|| self.turn_reactor(wait));
            self.counters.io_events.add(events);
            self.search.has_polled.set(true);
            self.tell_sleep(What::Rise);
            let now = self.now();
            self.looks.slept(now, self.counters.turns.get() as u32);
            slept = now.saturating_duration_since(begun);
        } else if let Some(sim) = self.sim() {
            // Whoever may search for it has been rung, and needs this OS thread.
            sim.pause(self.index);
        }
        let roused = self.crew.idle.withdraw(sleeper);
        self.crew.monitor.worker_is_awake();
        self.counters.sleeps.add(1);
        let tick = self.crew.monitor.tick();
        if tick != self.tick_seen.replace(tick) {
            self.attention.want();
        }
        self.counters.wakeups.add(u64::from(!matches!(roused, Roused::ByMyself)));
        match roused {
            Roused::RungToSearch(searching) => Some(searching),
            Roused::Rung => {
                self.search.was_rung_after(slept);
                None
            }
            Roused::ByMyself => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Else nobody would be called any more for the stages of a pipeline, which wait for their first message.
    #[test]
    fn loot_that_stays_and_waits_is_not_worth_nothing() {
        for (live, is_tight) in [(2, true), (3, false)] {
            let (search, limit, start) = (Search::new(), WakeLimit::new(), Instant::now());
            search.looted.set(Some((start, 2)));
            search.judge(&limit, false, live, || start + TINY / 2);
            assert_eq!((limit.hold() > 0, search.patience.get() > Duration::ZERO), (is_tight, is_tight));
        }
    }
}
