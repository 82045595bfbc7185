//! How work comes to a worker: spawned fresh, or woken.
//!
//! Knows nothing of what runs.

use super::Worker;
use crate::crew::Crew;
use crate::current::with_worker;
use crate::injector::BUNCH_MAX;
use crate::post::Post;
use crate::task::{Header, Start, Task};
use sisal_base::sync::atomic::Ordering;
use sisal_park::WakeKind;
use std::mem;
use std::ptr;
use std::sync::Arc;

/// Ticks after which a sleeper is called for fresh tasks whatever it found the last time: 100 ms. With 10 ms, 8 fibers that lock a mutex for
/// short sections, spawned anew each 3 ms, were split between two workers in two of six processes (43 and 60 ns a section, else 23).
pub(super) const TICKS_A_TRY: u32 = 10;

/// Submits a fresh task of `crew`: to this thread's worker `here`, if it is one of that crew, else through the injector.
#[inline]
pub(crate) fn spawn_fresh(crew: &Arc<Crew>, here: Option<&Worker>, task: Task) {
    match here {
        Some(worker) if worker.serves(crew) => worker.push_fresh(task),
        _ => crew.inject(task),
    }
}

/// Submits a fiber that the caller has just won (`PARKED => RUNNING`) where it last ran. Touches nothing of the fiber once
/// it is submitted.
#[inline]
pub(crate) fn submit_woken(task: Task, kind: WakeKind) {
    let home = task.header().home().expect("a parked fiber has a home");
    let here = with_worker(|worker| match worker {
        Some(worker) => {
            let is_here = ptr::eq(worker.post, home) && !worker.wakes_from_outside();
            worker.note_wake(&task);
            if is_here {
                worker.admit(task, kind);
            }
            is_here
        }
        None => false,
    });
    if !here {
        deliver_woken(home, task);
    }
}

#[inline(never)]
fn deliver_woken(home: &Post, task: Task) {
    with_worker(|worker| {
        worker.into_iter().for_each(|worker| {
            worker.tell_wake(task);
            if home.mailbox.inbox().is_empty() {
                worker.crosstalk.note_word();
            }
        });
    });
    home.deliver(task);
}

impl Worker {
    /// A fresh task of one of our fibers.
    #[inline]
    pub(crate) fn push_fresh(&self, task: Task) {
        let header: &Header = task.header();
        debug_assert!(header.record().is_none(), "a started fiber goes where thieves take");
        self.counters.spawned.add(1);
        if self.attention.is_due_at_spawn() {
            self.attend_spawn(task);
        }
        if header.local {
            return self.bind(task);
        }
        let is_first = self.fresh.is_empty();
        self.division.end();
        if let Err(task) = self.fresh.push(task) {
            self.overflow(task);
        }
        self.offer_if_shared();
        // Only for the first: who spawns one after the other does not put them all off.
        if is_first && self.crew.idle.somebody_searches() && self.sim().is_none() {
            self.grace.begin();
        }
    }

    /// [`offer`](Self::offer), unless this worker is the only one: then there is nobody to offer anything to, and the fence costs 5 ns
    /// (but on x86-64).
    #[inline]
    pub(super) fn offer_if_shared(&self) {
        if self.crew.members.len() > 1 {
            self.offer();
        }
    }

    #[cold]
    #[inline(never)]
    fn attend_spawn(&self, task: Task) {
        self.attention.on_ready(task);
        self.tell_spawn(task);
    }

    /// Wakes one sleeper, if somebody sleeps and nobody searches; but while thefts are worth little, only once in many
    /// offers, and once in [`TICKS_A_TRY`]: what is spawned now may be worth more than what was before. What is skipped is owed, and the monitor pays it with its next tick; or some ticks later, while it is held back because of
    /// crosstalk.
    #[inline]
    pub(super) fn offer(&self) {
        if self.crew.idle.somebody_sleeps() {
            self.offer_slow();
        }
    }

    #[cold]
    fn offer_slow(&self) {
        if self.holds_back() {
            // Relaxed, as in `Idle::owe`: the fence in `somebody_sleeps` came before. What the monitor's look misses its next one finds.
            return self.crew.members[self.index].owes_later.store(true, Ordering::Relaxed);
        }
        let skipped = self.offers_skipped.get();
        if (skipped < self.crew.wake_limit.hold() && !self.is_try_due()) || self.chaos.wakes_late() {
            self.offers_skipped.set(skipped + 1);
            self.crew.idle.owe();
        } else {
            self.offers_skipped.set(0);
            self.called_at.set(self.tick_seen.get());
            self.crew.wake_one();
        }
    }

    /// Whether an offer wakes somebody, however little thefts are worth.
    #[inline]
    pub(super) fn is_try_due(&self) -> bool {
        self.tick_seen.get().wrapping_sub(self.called_at.get()) >= TICKS_A_TRY
    }

    /// A fresh task that must start here.
    pub(super) fn bind(&self, task: Task) {
        task.header().start.set(Start::Here);
        self.crew.members[self.index].live.expect();
        self.bound.with(|bound| bound.push_back(task));
    }

    /// The local queue is full: its older half goes where everybody looks.
    #[cold]
    fn overflow(&self, task: Task) {
        let injector = &self.crew.injector;
        let empty = || self.arrays.with(|arrays| arrays.take(injector));
        let mut bunch = Vec::new();
        self.fresh.take_older_half(&mut |task| {
            if bunch.is_empty() {
                bunch = empty();
            }
            bunch.push(task);
            if bunch.len() == BUNCH_MAX {
                injector.push_bunch(mem::take(&mut bunch));
            }
        });
        injector.push_bunch(bunch);
        if let Err(task) = self.fresh.push(task) {
            injector.push(task);
        }
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::current;
    use crate::runtime::Builder;
    use crate::spawn;
    use sisal_base::sync::hint::spin_loop;
    use sisal_queue::Roused;
    use sisal_reactor::Reactor;
    use std::cell::Cell;
    use std::time::{Duration, Instant};

    /// Lets the worker hear so much talk that it holds offers back.
    pub(in crate::worker) fn fill_with_talk(worker: &Worker) {
        const INTERVAL: Duration = Duration::from_millis(1);
        let begun = worker.now() + INTERVAL;
        worker.crosstalk.judge(begun, worker.tick_seen.get());
        (0..1_000).for_each(|_| worker.crosstalk.note_word());
        assert!(worker.crosstalk.judge(begun + INTERVAL, worker.tick_seen.get()));
        assert!(worker.holds_back());
    }

    /// Workers without threads: nothing moves by itself.
    pub(in crate::worker) fn workers<const N: usize>() -> (Arc<Crew>, [Worker; N]) {
        let reactors = (0..N).map(|_| Reactor::new().unwrap()).collect();
        let (crew, ends) = Builder::new().crew(reactors).unwrap();
        let worker = |(index, (fresh, movable))| Worker::new(index, Arc::clone(&crew), fresh, movable, None);
        let workers: Vec<_> = ends.into_iter().enumerate().map(worker).collect();
        (crew, workers.try_into().ok().unwrap())
    }

    pub(in crate::worker) fn first_of_two() -> (Arc<Crew>, Worker) {
        let (crew, [first, _]) = workers();
        (crew, first)
    }

    /// Lest what was worth nothing once is never tried again.
    #[test]
    fn an_offer_is_made_now_and_then_whatever_the_last_ones_were_worth() {
        let (crew, worker) = first_of_two();
        crew.wake_limit.tighten();
        let called_at = worker.tick_seen.get();
        worker.called_at.set(called_at.wrapping_sub(TICKS_A_TRY));
        let sleeper = crew.members[1].post.mailbox.sleeper();
        let is_called = || {
            crew.idle.announce(sleeper);
            worker.offer();
            let is_called = !sleeper.is_asleep();
            if let Roused::RungToSearch(searching) = crew.idle.withdraw(sleeper) {
                searching.give_up();
            }
            is_called
        };
        assert_eq!([is_called(), is_called()], [true, false]);
        worker.tick_seen.set(called_at.wrapping_add(TICKS_A_TRY - 1));
        assert!(!is_called());
        worker.tick_seen.set(called_at.wrapping_add(TICKS_A_TRY));
        assert!(is_called());
        worker.leave();
    }

    #[test]
    fn who_holds_back_calls_nobody_and_notes_it() {
        for holds_back in [false, true] {
            let (crew, worker) = first_of_two();
            let sleeper = crew.members[1].post.mailbox.sleeper();
            crew.idle.announce(sleeper);
            if holds_back {
                fill_with_talk(&worker);
            }
            current::enter(&worker, || drop(spawn(|| ())));
            // As after a yield.
            worker.fresh_is_due.set(true);
            worker.keep(worker.pick(1).expect("a fresh task"));
            // At once or, where orders are drawn (`SISAL_CHAOS`), by the next tick.
            let is_called = !sleeper.is_asleep() || crew.idle.pay(crew.sleepers()).is_some();
            let owes_later = crew.members[0].owes_later.load(Ordering::Relaxed);
            assert_eq!((is_called, owes_later), (!holds_back, holds_back));
            worker.leave();
        }
    }

    /// The worker that has spawned it does not come round until it has run, so only the other one can run it.
    #[test]
    fn what_is_held_back_is_come_for() {
        fn spin_until(what: &str, holds: impl Fn() -> bool) {
            let begun = Instant::now();
            while !holds() {
                assert!(begun.elapsed() < Duration::from_secs(10), "not within 10 s: {what}");
                spin_loop();
            }
        }
        let runtime = Builder::new().workers(2).hog_threshold(Duration::MAX).build().unwrap();
        let crew = runtime.handle().crew();
        let index = || with_worker(|worker| worker.expect("a fiber's").index());
        runtime.run(|| {
            let other = 1 - index();
            let sleeper = crew.members[other].post.mailbox.sleeper();
            let awake_at = Cell::new(crew.monitor.tick());
            // Ticks have paid what was owed before.
            spin_until("the other worker sleeps", || {
                let tick = crew.monitor.tick();
                if !sleeper.is_asleep() {
                    awake_at.set(tick);
                }
                tick.wrapping_sub(awake_at.get()) > 1
            });
            with_worker(|worker| fill_with_talk(worker.expect("a fiber's")));
            let fiber = spawn(index);
            spin_until("the other worker comes for it", || fiber.is_finished());
            assert_eq!(fiber.join().unwrap(), other);
        });
    }
}
