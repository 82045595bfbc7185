//! A gate: one word that says who is in, and the line of those who want in. The core of the locks that have a word.
//!
//! Knows nothing of what entering means: a [`Rule`] does (`Mutex`: one; `RwLock`: readers or a writer; `Semaphore`: as many
//! as there are permits).
//!
//! | part of the word | means | moved by |
//! |---|---|---|
//! | `WAITING` | the line is not empty | under the line's lock: set by who is about to stand in it, cleared by who empties it |
//! | `STRICT` | somebody in the line asks newcomers to stay behind (a writer does) | set by who asks; cleared with `WAITING`, so it may outlast who asked |
//! | `COMING` | one was called to try itself, and is on its way | set by who calls it, under the line's lock; cleared by itself alone, under the same lock |
//! | the rest | who is in | entering: a CAS by who enters, or in its name by who leaves; leaving: by who is in |
//!
//! ```text
//!   newcomer ──▶ fits? ──yes──▶ in ──leave──▶ nobody waits, or one is COMING: out
//!      ▲          │ no                │ else
//!      │          ▼                   ▼
//!      │        line ◀──────────── who is in front?
//!      │          ▲                   ├─ does not fit: out
//!      │          │ in front          ├─ shared, or has waited long enough: enters in its name, is woken as one that is in
//!      └─ barges  └── came too late ◀─┴─ else: COMING, woken to try itself
//! ```
//!
//! Invariants:
//! 1. If the line is not empty, then `WAITING` is set, and the next move is owed by somebody: one who is in and has not
//!    left, or one who is `COMING`, or one who has the line's lock and will look at its front.
//! 2. While `WAITING` is set and `COMING` is not, every leaving goes through the line's lock.
//! 3. Whoever is called to try itself loses at most for [`PATIENCE`](line::PATIENCE), a fiber once; then the next to leave enters in its
//!    name, in the same transition by which it leaves, so that no newcomer comes between. After a fiber has lost on its own
//!    worker, the next [`DUE`] of that worker need not lose before.
//! 4. A wait that gives up, or unwinds, looks at the front again after it: it may have held back those behind it.
//!
//! Why not always enter in the waiter's name: the lock would be idle while the waiter wakes up, 12–20 µs for a thread, and
//! each section after it would cost that again. Why not never: a newcomer that runs is faster than one that is woken.
//! A fiber's second turn comes at once: its way back is short, and on one worker a holder that suspends inside its section
//! would otherwise win each time.
//!
//! Races:
//! - *Leave while a waiter joins the line.* A finds that it does not fit. B leaves. A's CAS to `WAITING` fails, since the word
//!   has changed, and A looks again. Had A's CAS come first, B would have seen `WAITING` and waits for the line's lock, which
//!   A holds until it stands in the line.
//! - *A barger while one is coming.* A is `COMING`, C enters and leaves by one CAS each: nobody else needs to be called. A finds
//!   C inside, and in one CAS clears `COMING` and sets `WAITING`: if C left before that, the CAS fails; if after, C comes
//!   to the line's lock. That is why a later barger cannot leave without anybody looking at the line.
//! - *Timeout of the front.* A writer holds back readers and gives up. Nobody leaves for a while; so the writer itself
//!   lets the readers in (invariant 4).
//!
//! The road not taken: leaving the called waiter in the line until it is in. It would keep its place by itself, but pays the
//! line's lock a second time on each wait.

mod coming;
mod line;

use crate::line::Stand;
use coming::Coming;
use line::{Call, Called, DUE, Line, Place, Turn};
use sisal_base::backoff::{Backoff, LOOKS_BEFORE_YIELD};
use sisal_base::sync::asymmetric::note_lock_wait;
use sisal_base::sync::atomic::{AtomicU64, Ordering};
use sisal_base::sync::{SpinGuard, SpinLock};
use sisal_base::thread_pointer::thread_pointer;
use sisal_base::{const_new, fault, ordering};
use sisal_park::{Agent, Cancellable, Outcome, Reason, WaitQueue, WakeBatch, Waker};
use std::cell::Cell;
use std::fmt;
use std::marker::PhantomData;
use std::time::Instant;

/// The line is not empty.
const WAITING: u64 = 1 << 0;
/// Somebody in the line has asked that newcomers stay behind.
const STRICT: u64 = 1 << 1;
/// One was called to try itself.
const COMING: u64 = 1 << 2;
/// The bits that belong to the gate; a rule leaves them as they are.
pub(crate) const FLAGS: u64 = WAITING | STRICT | COMING;
/// The first bit that belongs to the rule.
pub(crate) const RULE_SHIFT: u32 = 3;

/// What it costs a fiber that one of another worker was in, beside its wake-up, in half microseconds.
const WAIT: u32 = 2;

/// What the word means above the gate's flags.
pub(crate) trait Rule {
    /// What a waiter wants.
    type Want: Copy;

    /// The word once `want` is in; `None` while it does not fit. Leaves the flags as they are.
    fn enter(word: u64, want: Self::Want) -> Option<u64>;

    /// The word once who entered with `want` is out again. Leaves the flags as they are.
    fn leave(word: u64, want: Self::Want) -> u64;

    /// Whether a newcomer that fits may pass those who have asked that none does.
    fn may_pass(want: Self::Want) -> bool;

    /// Whether one who waits asks that no newcomer pass.
    fn holds_back(want: Self::Want) -> bool;

    /// Whether it is called to try itself as long as it is not impatient. `false`: it is always let in by who leaves.
    fn tries_itself(want: Self::Want) -> bool;
}

/// The word and the line.
pub(crate) struct Gate<R> {
    word: AtomicU64,
    coming: Coming,
    line: SpinLock<Line>,
    rule: PhantomData<fn(R)>,
}

impl<R: Rule> Gate<R> {
    const_new! {
        /// A gate whose word is `word`.
        pub(crate) const fn new(word: u64) -> Gate<R> {
            Gate {
                word: AtomicU64::new(word),
                coming: Coming::new(),
                line: SpinLock::new(Line { queue: WaitQueue::new(), due: 0 }),
                rule: PhantomData,
            }
        }
    }

    /// The word, for looks that decide nothing.
    #[inline]
    pub(crate) fn word(&self) -> u64 {
        self.word.load(Ordering::Relaxed)
    }

    /// Whether somebody stands in the line right now.
    #[inline]
    pub(crate) fn has_waiters(&self) -> bool {
        self.word() & WAITING != 0
    }

    /// Where the gate is, which names it in reports.
    #[inline]
    pub(crate) fn address(&self) -> usize {
        (&raw const *self).addr()
    }

    /// Where the word is, for reports that read it while somebody waits.
    #[inline]
    pub(crate) fn word_address(&self) -> usize {
        (&raw const self.word).expose_provenance()
    }

    /// Enters if nobody is in, and nobody waits: the word is 0. One RMW, and none if it fails.
    #[inline(always)]
    pub(crate) fn enter_empty(&self, next: u64) -> bool {
        // Acquire: pairs with the Release in `leave`.
        let success = ordering!(Acquire, "gate.enter.relaxed" => Relaxed);
        self.word() == 0 && self.word.compare_exchange(0, next, success, Ordering::Relaxed).is_ok()
    }

    /// Enters if `want` fits and passes nobody whom it may not pass.
    #[inline]
    pub(crate) fn try_enter(&self, want: R::Want) -> bool {
        let mut word = self.word();
        loop {
            if word & STRICT != 0 && !R::may_pass(want) {
                return false;
            }
            let Some(next) = R::enter(word, want) else { return false };
            // Acquire: pairs with the Release in `leave`.
            let success = ordering!(Acquire, "gate.enter.relaxed" => Relaxed);
            match self.word.compare_exchange_weak(word, next, success, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(seen) => word = seen,
            }
        }
    }

    /// Changes the word for one who is in, unless `change` finds that it may not; `false` then. Lets nobody in.
    #[inline]
    pub(crate) fn change(&self, change: impl Fn(u64) -> Option<u64>) -> bool {
        let mut word = self.word();
        loop {
            let Some(next) = change(word) else { return false };
            // Acquire: pairs with the Release in `leave` of who was in beside it.
            let success = ordering!(Acquire, "gate.change.relaxed" => Relaxed);
            match self.word.compare_exchange_weak(word, next, success, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(seen) => word = seen,
            }
        }
    }

    /// Changes the word by `give`, lets in who can come in then, and gives the word after the change. `fair` hands over
    /// also to those who are patient.
    #[inline]
    pub(crate) fn leave(&self, fair: bool, give: impl Fn(u64) -> u64) -> u64 {
        let mut word = self.word();
        // Somebody who is coming will look at the line; invariant 2.
        while word & WAITING == 0 || (word & COMING != 0 && !fair) || fault!("gate.leave.forgets_line") {
            let next = give(word);
            // Release: pairs with the Acquire of who enters.
            let success = ordering!(Release, "gate.leave.relaxed" => Relaxed);
            match self.word.compare_exchange_weak(word, next, success, Ordering::Relaxed) {
                Ok(_) => return next,
                Err(seen) => word = seen,
            }
        }
        self.leave_slow(fair, &give)
    }

    /// Looks at the front of the line, in case that those who leave have not.
    #[cold]
    pub(crate) fn look_again(&self) {
        self.leave_slow(false, &|word| word);
    }

    #[cold]
    fn leave_slow(&self, fair: bool, give: &dyn Fn(u64) -> u64) -> u64 {
        let mut line = self.line.lock();
        let (word, turn) = self.let_in(&line, give, fair);
        if let Turn::In { one: false } = turn {
            return self.let_many_in(line, fair);
        }
        let called = self.call_one(&mut line, turn);
        drop(line);
        called.wake();
        word
    }

    /// Calls the one in front, who was let in, and those behind it who can come in, too.
    #[inline(never)]
    fn let_many_in<'a>(&'a self, mut line: SpinGuard<'a, Line>, fair: bool) -> u64 {
        let mut batch = WakeBatch::new();
        loop {
            batch.push(self.call(&mut line, Call::In));
            if !batch.has_room() {
                drop(line);
                batch.wake_all();
                line = self.line.lock();
            }
            // Always: one that was let in may have gone again, also unwoken, so that the next one could be called as well.
            let (word, turn) = self.let_in(&line, &|word| word, fair);
            if let Turn::In { one: false } = turn {
                continue;
            }
            let called = self.call_one(&mut line, turn);
            drop(line);
            batch.wake_all();
            called.wake();
            return word;
        }
    }

    /// Leaves by `give`, and lets in the one in front in the same transition, if it can come in. The word after it.
    fn let_in(&self, line: &Line, give: &dyn Fn(u64) -> u64, fair: bool) -> (u64, Turn) {
        loop {
            let word = self.word();
            let (next, turn) = self.decide(line, give(word), fair);
            // Release: pairs with the Acquire of who enters. Acquire: who is let in sees what all did who have left, through
            // us and its `done` mark.
            let success = ordering!(AcqRel, "gate.let_in.relaxed" => Relaxed);
            if fault!("gate.let_in.no_cas") {
                self.word.swap(next, success);
            } else if self.word.compare_exchange(word, next, success, Ordering::Relaxed).is_err() {
                continue;
            }
            return (next, turn);
        }
    }

    /// Does for the one in front what was decided; not for those who are let in together.
    fn call_one(&self, line: &mut Line, turn: Turn) -> Called {
        match turn {
            Turn::Out => Called::Nobody,
            Turn::Try => Called::Coming(self.call(line, Call::Try { by: thread_pointer() })),
            Turn::In { .. } => {
                line.due = line.due.saturating_sub(1);
                Called::HandedOver(self.call(line, Call::In))
            }
        }
    }

    /// Takes the front waiter out of the line, tells it how it is called, and gives its waker.
    fn call(&self, line: &mut Line, call: Call) -> Waker {
        let claimed = line.queue.pop().expect("a line that was not empty, under its lock");
        // SAFETY: as in `decide`; it lives until `finish`.
        let place = unsafe { &*claimed.packet().cast::<Place<R::Want>>() };
        place.called.set(call);
        if let Call::Try { .. } = call {
            self.coming.set(place.home);
        }
        claimed.finish()
    }

    /// What becomes of the word `out` and of the one in front.
    fn decide(&self, line: &Line, out: u64, fair: bool) -> (u64, Turn) {
        let Some(packet) = line.queue.front_packet() else { return (out & !(WAITING | STRICT), Turn::Out) };
        // SAFETY: each packet in this line is a `Place` in the frame of `enter_slow`, which lives while its waiter stands here.
        let place = unsafe { &*packet.cast::<Place<R::Want>>() };
        let Some(next) = R::enter(out, place.want) else { return (out, Turn::Out) };
        let emptied = if line.queue.is_single() { WAITING | STRICT } else { 0 };
        let one = R::tries_itself(place.want);
        if one && out & COMING != 0 && !fair {
            return (out, Turn::Out);
        }
        if one && !fair && !place.is_impatient(line.due) {
            return ((out & !emptied) | COMING, Turn::Try);
        }
        (next & !emptied, Turn::In { one })
    }

    /// Waits until it is in; `false` if the deadline, or with it a cancel, came first. Inline, up to the park, in who calls it: each frame
    /// that a fiber comes back through is a return that the processor does not predict.
    #[cfg_attr(not(debug_assertions), inline(always))]
    pub(crate) fn enter_slow(
        &self,
        agent: &dyn Agent,
        want: R::Want,
        deadline: Option<Instant>,
        reason: Reason,
    ) -> bool {
        let spins = agent.spins();
        let since = (spins > 0 && R::tries_itself(want)).then(|| agent.now());
        if spins == 0 && deadline.is_none() && self.would_pass_called(want) {
            agent.yield_now();
        }
        let home = thread_pointer();
        let place = Place { want, since, came_back: Cell::new(false), home, called: Cell::new(Call::NotYet) };
        if self.try_enter(want) {
            return true;
        }
        let mut called_by = 0;
        loop {
            let came_back = place.came_back.get();
            if self.spin(spins, want, came_back) {
                return true;
            }
            let mut line = self.line.lock();
            if self.enter_or_announce(want, came_back) {
                return true;
            }
            if came_back && called_by == home {
                line.due = DUE;
            }
            let stand = Stand {
                agent,
                packet: (&raw const place).cast_mut().cast(),
                deadline,
                reason,
                // A timed form ends early at a cancel, as if its time were over; a plain one really waits.
                cancellable: if deadline.is_some() { Cancellable::Always } else { Cancellable::Never },
                in_front: came_back,
            };
            let give_up = GiveUp { gate: self, place: &place };
            let outcome = stand.stand(&self.line, line, |line| &mut line.queue, || ());
            if outcome != Outcome::Woken {
                // Invariant 4.
                drop(give_up);
                return false;
            }
            std::mem::forget(give_up);
            match place.called.get() {
                Call::In => return true,
                Call::Try { by } => {
                    called_by = by;
                    if by != home && spins == 0 {
                        note_lock_wait(WAIT);
                    }
                }
                Call::NotYet => {}
            }
            place.came_back.set(true);
            place.called.set(Call::NotYet);
        }
    }

    /// Whether one who waits for this worker was called, and is to go first now.
    #[inline]
    fn would_pass_called(&self, want: R::Want) -> bool {
        let word = self.word();
        word & COMING != 0 && R::enter(word, want).is_some() && self.coming.counts_out(thread_pointer())
    }

    /// Under the line's lock: enters, or sets `WAITING`. Who has come back is coming no more in either case, and passes those
    /// who wait.
    fn enter_or_announce(&self, want: R::Want, came_back: bool) -> bool {
        loop {
            let word = self.word();
            let passes = came_back || word & STRICT == 0 || R::may_pass(want);
            let entered = R::enter(word, want).filter(|_| passes && !fault!("gate.announce.blind"));
            let kept = if came_back && !fault!("gate.coming.stays") { !COMING } else { !0 };
            let announced = word | WAITING | if R::holds_back(want) { STRICT } else { 0 };
            let next = entered.unwrap_or(announced) & kept;
            if next == word {
                // The line was announced before, and we have its lock: nobody takes that back, and who leaves comes to the line; or
                // somebody is `COMING`, who does.
                return false;
            }
            // Acquire: pairs with the Release in `leave`. Nothing was written that a Release would have to publish.
            let success = ordering!(Acquire, "gate.enter.relaxed" => Relaxed);
            if self.word.compare_exchange(word, next, success, Ordering::Relaxed).is_ok() {
                return entered.is_some();
            }
        }
    }

    /// Looks a bounded number of times, while nobody waits who must not be passed. Never on a fiber, which has `spins` 0; and
    /// without giving the core away, which can take longer than all the rest: who has come so far parks.
    fn spin(&self, spins: u32, want: R::Want, came_back: bool) -> bool {
        let mut backoff = Backoff::new();
        for _ in 0..spins.min(LOOKS_BEFORE_YIELD) {
            let word = self.word();
            if came_back && R::enter(word, want).is_some() {
                // It enters under the line's lock, where it also clears `COMING`.
                return false;
            }
            if !came_back && word & WAITING != 0 {
                return false;
            }
            if !came_back && self.try_enter(want) {
                return true;
            }
            backoff.look_away();
        }
        false
    }
}

/// Ends a wait that has not entered: at its deadline, or by unwinding, if the park was one that is forbidden.
struct GiveUp<'a, R: Rule> {
    gate: &'a Gate<R>,
    place: &'a Place<R::Want>,
}

impl<R: Rule> Drop for GiveUp<'_, R> {
    fn drop(&mut self) {
        if fault!("gate.give_up.no_look") {
            return;
        }
        let want = self.place.want;
        match self.place.called.get() {
            Call::NotYet => self.gate.look_again(),
            // Called after all, while it was unwinding: it gives back what it got.
            Call::In => drop(self.gate.leave(false, |word| R::leave(word, want))),
            Call::Try { .. } => {
                // Relaxed: it was not inside, so it publishes nothing; the look comes after by the line's lock.
                self.gate.word.fetch_and(!COMING, Ordering::Relaxed);
                self.gate.look_again();
            }
        }
    }
}

impl<R: Rule> fmt::Debug for Gate<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate").field("word", &format_args!("{:#x}", self.word())).finish_non_exhaustive()
    }
}
