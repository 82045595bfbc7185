//! The idle protocol: how a worker goes to sleep so that no work is left lying, and who wakes whom.
//!
//! Knows nothing of work, queues and reactors: the caller looks for work, sleeps and rings. This crate's front page tells
//! why no wake-up is lost; here are the states.
//!
//! | [`Sleeper`] | meaning | left by |
//! |---|---|---|
//! | `AWAKE` | runs; or was woken, and has not withdrawn yet | its worker: [`Idle::announce`] => `ASLEEP` |
//! | `ASLEEP` | sleeps, or is about to and looks once more | its worker: [`Idle::withdraw`] => `AWAKE`; a waker: [`Sleeper::wake`] => `AWAKE`, [`Idle::wake_one`] => `AWAKE_TO_SEARCH` |
//! | `AWAKE_TO_SEARCH` | woken, with the permit to search waiting for it | its worker: `withdraw` => `AWAKE` |
//!
//! | word of [`Idle`] | meaning | changed by |
//! |---|---|---|
//! | `sleeping` | workers between announce and withdraw | their own worker |
//! | `searching` | permits given out, at most [`SEARCHERS_MAX`] | who takes and who ends a search; `wake_one` takes one for the sleeper |
//! | `owed` | a wake-up was skipped | [`Idle::owe`] sets, [`Idle::pay`] clears |
//!
//! Invariants:
//! 1. Whoever leaves `AWAKE` through `announce` looks at every source after it, before it sleeps.
//! 2. Whoever ends a search in vain announces next: it looks once more, after the permit was given back.
//! 3. Whoever ends a search with loot wakes another, if one sleeps: there may be more than it took.
//! 4. A permit is one value, [`Searching`], or the state `AWAKE_TO_SEARCH` of one sleeper, or held inside `wake_one`.
//! 5. Whoever wins a CAS from `ASLEEP` rings that worker, once.
//!
//! Orderings. Four `SeqCst` fences decide every race: in `announce` between the announcement and the second look; in
//! [`Idle::somebody_sleeps`] and `Sleeper::wake` between the publication of work and the look for sleepers; in
//! [`Searching::found`] and in `wake_one` between the return of a permit and the look for sleepers. All accesses beside them
//! are Relaxed, but for the Acquire in `withdraw`: it pairs with the waker's fence, so that who is rung sees at its first
//! look what it was rung for. (`SeqCst` loads and stores would do no more, and a model checker would not see them.)

use sisal_base::sync::atomic::{AtomicBool, AtomicU32, Ordering, fence, fence_after_rmw};
use sisal_base::{CachePadded, const_new, fault, ordering};

/// Searchers at a time. One is reached by a submitter in 0.1 µs and finds what there is; a second one only takes the
/// victims' cache lines away.
pub const SEARCHERS_MAX: u32 = 1;

const AWAKE: u32 = 0;
const ASLEEP: u32 = 1;
const AWAKE_TO_SEARCH: u32 = 2;

/// Whether one worker sleeps.
#[derive(Debug)]
pub struct Sleeper(AtomicU32);

/// What the workers know of each other's rest.
#[derive(Debug)]
pub struct Idle {
    // Read at each submit, written at each sleep.
    sleeping: CachePadded<AtomicU32>,
    searching: CachePadded<AtomicU32>,
    owed: CachePadded<AtomicBool>,
}

/// The permit to search. Ends with [`found`](Self::found) or [`give_up`](Self::give_up).
///
/// Submitters wake nobody while somebody searches, so a permit that is just dropped, without the second look that follows
/// `give_up`, could lose a wake-up. It counts as given up, and leaves one [owed](Idle::owe).
#[must_use = "submitters rely on a searcher as long as the permit exists"]
#[derive(Debug)]
pub struct Searching<'a> {
    idle: &'a Idle,
}

/// Whether a searcher that has found something must wake another: [`Idle::wake_one`], or [`Idle::owe`].
#[must_use = "there may be more work than this searcher took"]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WakeNext {
    /// Somebody sleeps, and nobody searches now.
    Yes,
    /// Nobody sleeps.
    No,
}

/// Why a sleeper is awake again.
#[must_use]
#[derive(Debug)]
pub enum Roused<'a> {
    /// Nobody has woken it: it found something at its second look, or its sleep ended for a reason of its own.
    ByMyself,
    /// Somebody has left something for this worker.
    Rung,
    /// There is work for anybody, and this worker is the searcher now.
    RungToSearch(Searching<'a>),
}

impl Idle {
    const_new! {
        /// Nobody searches, nobody sleeps.
        pub const fn new() -> Idle {
            Idle {
                sleeping: CachePadded::new(AtomicU32::new(0)),
                searching: CachePadded::new(AtomicU32::new(0)),
                owed: CachePadded::new(AtomicBool::new(false)),
            }
        }
    }

    /// The permit to search, if it is free. Without it a worker looks once and goes to sleep.
    #[inline]
    pub fn try_search(&self) -> Option<Searching<'_>> {
        if self.take_permit() { Some(Searching { idle: self }) } else { None }
    }

    /// `AWAKE => ASLEEP`. The caller now looks at every source of work once more; then it either
    /// [withdraws](Self::withdraw), or sleeps until it is rung, and withdraws after that.
    ///
    /// # Panics
    /// If the sleeper has announced itself already.
    pub fn announce(&self, sleeper: &Sleeper) {
        let before = sleeper.0.swap(ASLEEP, Ordering::Relaxed);
        assert_eq!(before, AWAKE, "a worker announces its sleep once");
        if !fault!("idle.announce.counts_late") {
            self.sleeping.fetch_add(1, Ordering::Relaxed);
        }
        // Twins: the fences in `somebody_sleeps`, `Sleeper::wake`, `Searching::found` and `wake_one_slow`. Of two fences one
        // is later: if theirs, they see the announcement; if this one, the second look sees what they have published.
        if !fault!("idle.announce.no_fence") {
            fence(ordering!(SeqCst, "idle.announce.acqrel_fence" => AcqRel));
        }
        if fault!("idle.announce.counts_late") {
            self.sleeping.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// `=> AWAKE`: the end of what [`announce`](Self::announce) began, whatever ended the sleep.
    pub fn withdraw(&self, sleeper: &Sleeper) -> Roused<'_> {
        // Acquire: pairs with the fence before the CAS of `Sleeper::wake` and `wake_one_slow`.
        let before = if fault!("idle.withdraw.load_store") {
            let before = sleeper.0.load(Ordering::Acquire);
            sleeper.0.store(AWAKE, Ordering::Relaxed);
            before
        } else {
            sleeper.0.swap(AWAKE, ordering!(Acquire, "idle.withdraw.acquire" => Relaxed))
        };
        if !fault!("idle.withdraw.not_counted") {
            self.sleeping.fetch_sub(1, Ordering::Relaxed);
        }
        match before {
            ASLEEP => Roused::ByMyself,
            AWAKE_TO_SEARCH if !fault!("idle.withdraw.forgets_permit") => {
                Roused::RungToSearch(Searching { idle: self })
            }
            _ => Roused::Rung,
        }
    }

    /// Whether it is worth asking [`wake_one`](Self::wake_one). Comes after the work was published by a read-modify-write, as
    /// every push of this crate does it; one fence and one relaxed load.
    #[inline]
    pub fn somebody_sleeps(&self) -> bool {
        // Twin: the fence in `announce`.
        if !fault!("idle.submit.no_fence") {
            fence_after_rmw(ordering!(SeqCst, "idle.submit.acqrel_fence" => AcqRel));
        }
        self.sleeping.load(Ordering::Relaxed) != 0
    }

    /// Whether somebody searches, or was woken to: one relaxed load. For advice.
    #[inline]
    pub fn somebody_searches(&self) -> bool {
        self.searching.load(Ordering::Relaxed) != 0
    }

    /// Wakes one sleeper to search, unless somebody searches: called after work for anybody was published. The caller
    /// rings the sleeper with the index that is given back.
    ///
    /// `sleepers` are those that announce themselves here, in the same order each time.
    #[inline]
    pub fn wake_one<'a>(&self, sleepers: impl Iterator<Item = &'a Sleeper> + Clone) -> Option<usize> {
        if self.somebody_sleeps() { self.wake_one_slow(sleepers) } else { None }
    }

    /// The story of the phantom: A takes the permit for a sleeper, but all have just been woken for other reasons. B
    /// submits, sees that somebody searches, and wakes nobody. A gives the permit back: nobody searches, one may have gone
    /// to sleep again before B's work came. So A looks again, after a fence: B relied on it.
    #[cold]
    fn wake_one_slow<'a>(&self, sleepers: impl Iterator<Item = &'a Sleeper> + Clone) -> Option<usize> {
        // Comes round again only if somebody else has woken the one that was seen asleep.
        loop {
            // A searcher sees the caller's work, at the latest in its second look after `announce` (invariants 2 and 3).
            // Looks come before the RMW: the line belongs to searchers.
            if self.searching.load(Ordering::Relaxed) >= SEARCHERS_MAX {
                return None;
            }
            let seen_asleep = sleepers.clone().any(|sleeper| sleeper.is_asleep());
            if !seen_asleep || !(fault!("idle.wake_one.takes_no_permit") || self.take_permit()) {
                return None;
            }
            for (index, sleeper) in sleepers.clone().enumerate() {
                if sleeper.rouse(AWAKE_TO_SEARCH) {
                    return Some(index);
                }
            }
            self.return_permit();
            if fault!("idle.wake_one.no_second_look") {
                return None;
            }
            // Twin: the fence in `announce`.
            if !fault!("idle.wake_one.no_fence") {
                fence(Ordering::SeqCst);
            }
        }
    }

    /// Says that a wake-up was due and has been skipped: [`pay`](Self::pay) makes up for it. Comes after
    /// [`somebody_sleeps`](Self::somebody_sleeps) or [`Searching::found`], whose fence it relies on.
    #[inline]
    pub fn owe(&self) {
        // Look first: who skips wake-ups does so often.
        if !self.owed.load(Ordering::Relaxed) {
            self.owed.swap(true, Ordering::Relaxed);
        }
    }

    /// [`wake_one`](Self::wake_one), if a wake-up is owed. Called in regular intervals while anybody is awake.
    pub fn pay<'a>(&self, sleepers: impl Iterator<Item = &'a Sleeper> + Clone) -> Option<usize> {
        if !self.owed.load(Ordering::Relaxed) {
            return None;
        }
        // Cleared first: what is owed from here on is for the next tick.
        if !fault!("idle.pay.clears_late") {
            self.owed.swap(false, Ordering::Relaxed);
        }
        let woken = self.wake_one(sleepers);
        if fault!("idle.pay.clears_late") {
            self.owed.swap(false, Ordering::Relaxed);
        }
        woken
    }

    #[inline]
    fn take_permit(&self) -> bool {
        let mut searching = self.searching.load(Ordering::Relaxed);
        if fault!("idle.permit.no_cas") {
            self.searching.swap(searching + 1, Ordering::AcqRel);
            return searching < SEARCHERS_MAX;
        }
        while searching < SEARCHERS_MAX {
            match self.searching.compare_exchange_weak(
                searching,
                searching + 1,
                Ordering::Relaxed,
                Ordering::Relaxed,
            ) {
                Ok(_) => return true,
                Err(seen) => searching = seen,
            }
        }
        false
    }

    /// Whether it was the last permit that was out.
    #[inline]
    fn return_permit(&self) -> bool {
        let before = self.searching.fetch_sub(1, Ordering::Relaxed);
        debug_assert!(before > 0, "invariant 4: a permit is returned once");
        before == 1
    }
}

impl Default for Idle {
    fn default() -> Self {
        Self::new()
    }
}

impl Searching<'_> {
    /// Ends the search of one who has found something, be it in a source of its own.
    pub fn found(self) -> WakeNext {
        let idle = self.end();
        if fault!("idle.found.wakes_nobody") || !idle.return_permit() {
            return WakeNext::No;
        }
        // Twin: the fence in `announce`. Whoever saw this search and so woke nobody did it before this fence.
        if !fault!("idle.found.no_fence") {
            fence(Ordering::SeqCst);
        }
        if idle.sleeping.load(Ordering::Relaxed) != 0 { WakeNext::Yes } else { WakeNext::No }
    }

    /// Ends the search of one who has found nothing, and [announces](Idle::announce) itself next (invariant 2).
    pub fn give_up(self) {
        let idle = self.end();
        if !fault!("idle.give_up.keeps_permit") {
            idle.return_permit();
        }
    }
}

impl<'a> Searching<'a> {
    /// The permit ends here; its drop does not run.
    fn end(self) -> &'a Idle {
        let idle = self.idle;
        std::mem::forget(self);
        idle
    }
}

impl Drop for Searching<'_> {
    fn drop(&mut self) {
        self.idle.return_permit();
        // As in `found`: whoever saw this search did it before this fence, and is owed what it did not do.
        if !fault!("idle.drop.no_fence") {
            fence(Ordering::SeqCst);
        }
        if !fault!("idle.drop.owes_nothing") {
            self.idle.owe();
        }
    }
}

impl Sleeper {
    const_new! {
        /// Of a worker that is awake.
        pub const fn new() -> Sleeper {
            Sleeper(AtomicU32::new(AWAKE))
        }
    }

    /// Wakes this worker, if it sleeps: called after something was published for it alone. `true` if the caller must ring.
    #[inline]
    #[must_use = "a sleeper that is not rung sleeps on"]
    pub fn wake(&self) -> bool {
        // Twin: the fence in `Idle::announce`.
        if !fault!("sleeper.wake.no_fence") {
            fence(ordering!(SeqCst, "sleeper.wake.acqrel_fence" => AcqRel));
        }
        self.is_asleep() && self.rouse(AWAKE)
    }

    /// Whether it has announced that it sleeps, and nobody has woken it since: one relaxed load.
    #[inline]
    pub fn is_asleep(&self) -> bool {
        self.0.load(Ordering::Relaxed) == ASLEEP
    }

    /// `ASLEEP => to`. One CAS, not repeated: if it fails, the worker is awake, and looks again before it sleeps again.
    fn rouse(&self, to: u32) -> bool {
        if fault!("sleeper.rouse.no_cas") {
            return self.0.swap(to, Ordering::AcqRel) == ASLEEP;
        }
        self.0.compare_exchange(ASLEEP, to, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }
}

impl Default for Sleeper {
    fn default() -> Self {
        Self::new()
    }
}
