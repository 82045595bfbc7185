//! The choices of one run: drawn from a seed and written down, or given.
//!
//! Knows nothing of what is chosen.
//!
//! Zero is always the calm choice: who ran goes on, nothing unlikely strikes. So a list of choices that is cut short, or in
//! which some were made zero, is a calmer run of the same program, and that is how failures shrink.

use super::schedule::{Plan, Schedule};
use sisal_base::rng::Rng;
use std::cell::{Cell, RefCell};
use std::fmt;

/// How wild the runs of a seed are: the unlikely is so many times less likely. Many bugs need few switches at the right place, others
/// need many.
const TEMPERS: [usize; 4] = [1, 1, 4, 16];
/// Choices that are written down; what comes later cannot be given again.
const KEPT_MAX: usize = 1 << 24;
/// The odds that a worker loses its turn in a run that keeps to one.
const ODDS_OF_SWITCH: usize = 4;
/// Operations of a slice that ends, in a wild run: fewer than so many.
const SLICE_MAX: usize = 8;

/// What a choice is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum About {
    /// Which worker has its turn.
    Worker,
    /// Which fiber of all that are ready has its turn, by priorities.
    Fiber,
    /// From which of a worker's queues, and where in it.
    Queue,
    /// Whether who was handed something, or woken, keeps the place in front.
    ReadyFirst,
    /// Whether a turn looks at timers, the injector and the rest.
    Look,
    /// At whom a thief looks first.
    Victim,
    /// How much it takes.
    StealSize,
    /// Whether a wake-up of a sleeping worker is late.
    LateWake,
    /// Whether who is woken passes those that are ready.
    WakeOrder,
    /// Which of the timers of one moment fires first.
    TimerTie,
    /// Whether a park returns for no reason.
    EarlyReturn,
    /// After how many operations a time slice ends.
    Slice,
    /// When a call that blocks begins and ends.
    BlockingEnd,
    /// What an operation asks for: at which arm a select looks first, what the simulated network does.
    Agent,
}

impl fmt::Display for About {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Worker => "worker",
            Self::Fiber => "fiber",
            Self::Queue => "queue",
            Self::ReadyFirst => "ready-first",
            Self::Look => "look around",
            Self::Victim => "victim",
            Self::StealSize => "steal size",
            Self::LateWake => "late wake",
            Self::WakeOrder => "wake order",
            Self::TimerTie => "timer tie",
            Self::EarlyReturn => "early return",
            Self::Slice => "slice",
            Self::BlockingEnd => "blocking end",
            Self::Agent => "operation",
        })
    }
}

pub(super) struct Choices {
    rng: Rng,
    temper: usize,
    /// The worker that ran goes on, as a rule.
    sticks: bool,
    plan: Plan,
    given: Option<Vec<u32>>,
    made: RefCell<Vec<u32>>,
    count: Cell<u64>,
}

impl Choices {
    pub(super) fn new(seed: u64, schedule: Schedule, given: Option<Vec<u32>>) -> Self {
        let rng = Rng::new(seed);
        // The first numbers of neighbouring seeds are alike.
        (0..4).for_each(|_| {
            let _ = rng.next_u64();
        });
        let (temper, sticks) = (TEMPERS[rng.below(TEMPERS.len())], rng.below(2) == 0);
        let plan = schedule.plan(&rng);
        Self { rng, temper, sticks, plan, given, made: RefCell::new(Vec::new()), count: Cell::new(0) }
    }

    /// Whether fibers have priorities, and nothing else decides.
    pub(super) fn plan(&self) -> Plan {
        self.plan
    }

    /// A choice in `0..bound`.
    pub(super) fn choose(&self, bound: usize) -> usize {
        self.make(bound, || self.rng.below(bound))
    }

    /// The choice that is given, or else that of `wish`.
    pub(super) fn make(&self, bound: usize, wish: impl FnOnce() -> usize) -> usize {
        if bound <= 1 {
            return 0;
        }
        let count = self.count.get();
        self.count.set(count + 1);
        let choice = match &self.given {
            None => wish(),
            Some(given) => given.get(count as usize).map_or(0, |&choice| choice as usize % bound),
        };
        let mut made = self.made.borrow_mut();
        if made.len() < KEPT_MAX {
            made.push(choice as u32);
        }
        choice
    }

    /// A number for a priority, which is no choice: what comes of it is.
    pub(super) fn draw(&self) -> u64 {
        self.rng.next_u64()
    }

    /// How unlikely something of these odds is in this run; `None` if it never happens.
    pub(super) fn odds(&self, odds: usize) -> Option<usize> {
        (self.plan == Plan::Random).then_some(odds * self.temper)
    }

    /// How many choices there are for the length of a slice, of which 0 is one that does not end soon.
    pub(super) fn slices(&self) -> usize {
        SLICE_MAX * self.temper
    }

    /// The odds that the worker that ran loses its turn; `None` if it has no better right to it than others.
    pub(super) fn odds_of_switch(&self) -> Option<usize> {
        self.sticks.then_some(ODDS_OF_SWITCH * self.temper)
    }

    /// How many there were.
    pub(super) fn count(&self) -> u64 {
        self.count.get()
    }

    pub(super) fn take(&self) -> Vec<u32> {
        self.made.take()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_made_can_be_given() {
        let first = Choices::new(7, Schedule::Random, None);
        let drawn: Vec<_> = (2..100).map(|bound| first.choose(bound)).collect();
        let again = Choices::new(7, Schedule::Random, Some(first.take()));
        assert_eq!(drawn, (2..100).map(|bound| again.choose(bound)).collect::<Vec<_>>());
        assert_eq!(again.choose(9), 0, "beyond the list all is calm");
    }
}
