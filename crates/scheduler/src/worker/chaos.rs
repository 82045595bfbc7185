//! Chaos, for tests: choices that are right but unlikely, drawn from a seed, so that rare orders come often.
//!
//! Knows nothing of what is tested. Each perturbation is something that may happen anyway; see [`Builder::chaos`].
//!
//! | where | what |
//! |---|---|
//! | queues | a turn takes from another queue than it would, or looks around early; the ready list begins elsewhere |
//! | steals | at once, without patience, or not at all this time |
//! | wakes | a sleeper is woken late, by the next tick; who is woken passes those that are ready; the stack has been left for a while before `PARKED` is committed |
//! | parks | are committed at once, not one fiber later; return early, for no reason |
//! | slices | end at any operation that looks |
//!
//! A simulation ([`sim`](crate::sim)) makes the same choices, and all others, from one record instead of dice a worker.
//!
//! [`Builder::chaos`]: crate::runtime::Builder::chaos

use super::Worker;
use super::ready::Ready;
use crate::sim::{About, Sim};
use crate::task::Task;
use sisal_base::rng::Rng;
use sisal_base::sync::hint::spin_loop;
use std::rc::Rc;
use std::time::Instant;

/// Pauses of the longest delay: about 10 µs.
const PAUSES_MAX: usize = 256;
/// One turn in so many is perturbed, one park in so many returns early, and so on.
const ODDS: usize = 4;
/// Early returns make others run more, so they are rarer.
const ODDS_OF_EARLY_RETURN: usize = 16;

/// Where the choices come from.
enum Dice {
    /// A worker's own, beside the others'.
    Own(Rng),
    /// A simulation's, in which all workers choose in turn.
    Sim(Rc<Sim>),
}

impl Dice {
    fn below(&self, about: About, bound: usize) -> usize {
        match self {
            Self::Own(rng) => rng.below(bound),
            Self::Sim(sim) => sim.choose(about, bound),
        }
    }

    fn strikes(&self, about: About, odds: usize) -> bool {
        match self {
            Self::Own(rng) => rng.below(odds) == 0,
            Self::Sim(sim) => sim.strikes(about, odds),
        }
    }
}

/// A worker's dice; `None` in production.
pub(super) struct Chaos(Option<Dice>);

impl Chaos {
    pub(super) fn new(sim: Option<Rc<Sim>>, seed: Option<u64>, worker: usize) -> Self {
        let own = || seed.map(|seed| Dice::Own(Rng::new(seed.wrapping_mul(31).wrapping_add(worker as u64))));
        Self(sim.map(Dice::Sim).or_else(own))
    }

    /// The simulation, if this is one's worker.
    #[inline(always)]
    pub(super) fn sim(&self) -> Option<&Rc<Sim>> {
        match &self.0 {
            Some(Dice::Sim(sim)) => Some(sim),
            _ => None,
        }
    }

    /// Whether the park that was just made is committed at once. A simulation looks at each word after each turn.
    #[inline(always)]
    pub(super) fn commits_at_once(&self) -> bool {
        match &self.0 {
            None => false,
            Some(Dice::Own(rng)) => rng.below(ODDS) == 0,
            Some(Dice::Sim(_)) => true,
        }
    }

    /// The time.
    #[inline(always)]
    pub(super) fn now(&self) -> Instant {
        match self.sim() {
            None => Instant::now(),
            Some(sim) => sim.instant(),
        }
    }

    /// A choice of a simulation.
    #[inline(always)]
    pub(super) fn choose(&self, about: About, bound: usize) -> Option<usize> {
        self.sim().map(|sim| sim.choose(about, bound))
    }

    /// How many a thief takes at the most, of so many that it could take.
    #[inline(always)]
    pub(super) fn loot_max(&self, half: usize) -> usize {
        match self.choose(About::StealSize, half) {
            None | Some(0) => half,
            Some(some) => some,
        }
    }

    /// Whether another has said who is to run now.
    #[inline(always)]
    pub(super) fn is_told_whom(&self) -> bool {
        self.sim().is_some_and(|sim| sim.wanted().is_some())
    }

    /// Whether one that is woken passes those that are ready.
    #[inline(always)]
    pub(super) fn lets_pass(&self) -> bool {
        self.strikes(About::WakeOrder, ODDS)
    }

    /// Puts timers of one moment into another order.
    #[inline(always)]
    pub(super) fn mix_ties<T>(&self, due: &mut [T], is_tie: impl Fn(&T, &T) -> bool) {
        let Some(sim) = self.sim() else { return };
        for place in 0..due.len() {
            let ties = due[place..].iter().take_while(|other| is_tie(&due[place], other)).count();
            due.swap(place, place + sim.choose(About::TimerTie, ties));
        }
    }

    /// Whether to do the unlikely, this time.
    #[inline(always)]
    fn strikes(&self, about: About, odds: usize) -> bool {
        match &self.0 {
            None => false,
            Some(dice) => dice.strikes(about, odds),
        }
    }

    /// Whether the running fiber's slice ends now.
    #[inline(always)]
    pub(super) fn ends_slice(&self) -> bool {
        match self.sim() {
            None => self.strikes(About::Slice, ODDS),
            Some(sim) => {
                // It hears of each operation.
                sisal_park::agent::spend_next();
                sim.ends_slice()
            }
        }
    }

    /// Whether a park returns for no reason.
    #[inline(always)]
    pub(super) fn returns_early(&self) -> bool {
        self.strikes(About::EarlyReturn, ODDS_OF_EARLY_RETURN)
    }

    /// Whether a wake-up for fresh work is left to the monitor.
    #[inline(always)]
    pub(super) fn wakes_late(&self) -> bool {
        self.strikes(About::LateWake, ODDS)
    }

    /// Whether a thief forgets its patience.
    #[inline(always)]
    pub(super) fn steals_at_once(&self) -> bool {
        // In a simulation time stands still while a worker looks.
        self.sim().is_some() || self.strikes(About::Victim, ODDS)
    }

    /// Whether a turn looks around early.
    #[inline(always)]
    pub(super) fn looks_around(&self) -> bool {
        self.strikes(About::Look, ODDS)
    }

    /// Widens the window between leaving a stack and committing the park.
    #[inline(always)]
    pub(super) fn delay(&self) {
        // On one OS thread nobody would see it.
        if let Some(dice @ Dice::Own(_)) = &self.0 {
            Self::delay_slow(dice);
        }
    }

    #[cold]
    fn delay_slow(dice: &Dice) {
        if dice.strikes(About::Look, ODDS) {
            (0..dice.below(About::Look, PAUSES_MAX)).for_each(|_| spin_loop());
        }
    }
}

impl Worker {
    /// A task that would not have been next, now and then, or that another has named.
    #[inline(always)]
    pub(super) fn pick_oddly(&self) -> Option<Task> {
        match &self.chaos.0 {
            None => None,
            Some(dice) => self.pick_oddly_slow(dice),
        }
    }

    #[cold]
    fn pick_oddly_slow(&self, dice: &Dice) -> Option<Task> {
        if let Dice::Sim(sim) = dice {
            if let Some(wanted) = sim.wanted() {
                return self.pick_wanted(sim, wanted);
            }
        }
        if !dice.strikes(About::Queue, ODDS) {
            return None;
        }
        if let Some(task) = self.first.take() {
            if dice.below(About::ReadyFirst, 2) == 0 {
                // Ready-first loses its place.
                self.push_ready(task);
            } else {
                self.first.set(Some(task));
            }
        }
        if dice.below(About::Queue, 2) == 0 {
            return self.pick_fresh(dice.below(About::Queue, 2) as u32);
        }
        let skipped = self.ready.with(|ready| dice.below(About::Queue, ready.len().max(1)));
        for _ in 0..skipped {
            if let Some(node) = self.ready.with(Ready::pop_front) {
                self.push_home(node);
            }
        }
        None
    }
}
