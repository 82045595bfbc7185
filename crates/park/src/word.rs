//! The one word of an agent: whether it runs, and whether a wake came before its sleep.
//!
//! Knows nothing of what an agent is, nor of where one that must run is put.
//!
//! | state | meaning | left by |
//! |---|---|---|
//! | `RUNNING` | runs, stands in a run queue, or has left its stack and is not committed yet | who has resumed it, once its stack is left: `commit` => `PARKED` |
//! | `PARKED` | its stack is left, nobody will run it | a waker: `wake`, `unpark`, `win` => `RUNNING`, and submits it; a bare thread itself: `cancel_park` => `RUNNING` |
//!
//! | bit | set by | taken by |
//! |---|---|---|
//! | `TOKEN` | a wake that met `RUNNING` | the next `commit` or `take_token`; any wait may eat it, since each wait looks again at what it waits for |
//! | `PERMIT` | `unpark` | `take_permit` alone, so that a `recv` between `unpark` and `park` does not eat it |
//!
//! Invariants:
//! 1. Only the one whose transition was `PARKED => RUNNING` submits the agent; so it stands in one queue at most.
//! 2. `PARKED` is set after the stack has been left (`commit` is called by who resumed it), so whoever sees `PARKED` may
//!    run it at once.
//! 3. A wake is a Release RMW always, also when `TOKEN` is there already: the agent that eats the token must see what
//!    *each* waker did before.
//! 4. Every change is an RMW. (A plain store could be overtaken by a waker's RMW, and loom cannot model it.)
//!
//! Races:
//! - *Wake before sleep.* A looks, finds nothing. B provides, wakes A: `RUNNING` gets `TOKEN`. A leaves its stack; commit
//!   finds `TOKEN`, eats it and answers [`Commit::Resume`].
//! - *Wake while the stack is being left.* The same: until commit the word says `RUNNING`, so B does not submit.
//! - *Wake of one who stands in a queue.* B wins and submits A. C provides something else and wakes: A is `RUNNING`, so the
//!   token is kept, A's next wait returns early and looks again. Were it swallowed, A could have looked at C's condition
//!   just before and sleep on.
//! - *Wake of one who has ended.* It is `RUNNING` for ever, so nobody submits it.
//!
//! Roads not taken: a third state for "stands in a queue". No transition would differ, and leaving it would cost one RMW
//! more a resume (5 ns of a ping-pong's 50). A counter of wakes: the same RMWs, and it tells nobody more.

use sisal_base::sync::atomic::{AtomicU32, Ordering};
use sisal_base::{const_new, fault, ordering};

const RUNNING: u32 = 0;
const PARKED: u32 = 1;
const TOKEN: u32 = 1 << 1;
const PERMIT: u32 = 1 << 2;

/// What whoever called [`Word::commit`] must do next.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Commit {
    /// The agent is parked: forget it, a waker submits it.
    Parked,
    /// A wake came first: the agent must run again.
    Resume,
}

/// What a waker must do next.
#[must_use]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wake {
    /// This waker has won: put the agent where it will surely be run.
    Submit,
    /// Nothing, and no further touch of the agent: somebody else runs it, or it has ended.
    Nothing,
}

/// The word; see the module's table.
#[derive(Debug)]
pub struct Word(AtomicU32);

impl Word {
    const_new! {
        /// The word of an agent that runs, or stands in a queue to be run.
        pub const fn running() -> Word {
            Word(AtomicU32::new(RUNNING))
        }
    }

    /// `RUNNING => PARKED`, or eats the token. Called by who resumed the agent, once its stack is left (invariant 2).
    #[inline]
    pub fn commit(&self) -> Commit {
        if fault!("word.commit.blind") {
            self.0.swap(PARKED, Ordering::AcqRel);
            return Commit::Parked;
        }
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            debug_assert_eq!(word & PARKED, RUNNING, "only a running agent parks");
            let (next, answer) = if word & TOKEN == 0 {
                (word | PARKED, Commit::Parked)
            } else {
                (word & !TOKEN, Commit::Resume)
            };
            // Release: the next to run it, by the Acquire in `wake`, sees all that it wrote to its stack.
            // Acquire: it sees what the waker did whose token it eats (pairs with the Release in `wake`).
            let success = ordering!(AcqRel, "word.commit.relaxed" => Relaxed);
            match self.0.compare_exchange_weak(word, next, success, Ordering::Relaxed) {
                Ok(_) => return answer,
                Err(seen) => word = seen,
            }
        }
    }

    /// `PARKED => RUNNING`, or leaves a token.
    #[inline]
    pub fn wake(&self) -> Wake {
        self.wake_with(0)
    }

    /// [`wake`](Self::wake), and leaves the permit of `fiber::park`.
    #[inline]
    pub fn unpark(&self) -> Wake {
        self.wake_with(PERMIT)
    }

    #[inline]
    fn wake_with(&self, permit: u32) -> Wake {
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            let (next, answer) = match word & PARKED {
                // PARKED => RUNNING
                PARKED => ((word & !PARKED) | permit, Wake::Submit),
                _ if fault!("word.wake.no_token") => (word | permit, Wake::Nothing),
                _ => (word | TOKEN | permit, Wake::Nothing),
            };
            if fault!("word.wake.token_early_out") && word == next {
                return Wake::Nothing;
            }
            // Release: pairs with the Acquire of `commit`, `take_token` and `take_permit`. Acquire: this waker
            // may run the agent, and must see its stack (pairs with the Release in `commit`).
            let success = ordering!(AcqRel, "word.wake.relaxed" => Relaxed);
            match self.0.compare_exchange_weak(word, next, success, Ordering::Relaxed) {
                Ok(_) => return answer,
                Err(seen) => word = seen,
            }
        }
    }

    /// Eats the token, if there is one: a park that need not leave its stack.
    #[inline]
    pub fn take_token(&self) -> bool {
        // Acquire: pairs with the Release in `wake`.
        self.0.load(Ordering::Relaxed) & TOKEN != 0
            && self.0.fetch_and(!TOKEN, Ordering::Acquire) & TOKEN != 0
    }

    /// Eats the permit of `fiber::park`, if there is one.
    #[inline]
    pub fn take_permit(&self) -> bool {
        // Acquire: pairs with the Release in `unpark`.
        self.0.load(Ordering::Relaxed) & PERMIT != 0
            && self.0.fetch_and(!PERMIT, Ordering::Acquire) & PERMIT != 0
    }

    /// `PARKED => RUNNING`, and nothing if it is not parked: for a waker that must not leave a token yet. Whoever wins must
    /// submit the agent, and nothing of it ends before that.
    #[inline]
    pub fn win(&self) -> bool {
        let mut word = self.0.load(Ordering::Relaxed);
        while word & PARKED != 0 || fault!("word.win.runs_who_runs") {
            // As in `wake`.
            let success = ordering!(AcqRel, "word.win.relaxed" => Relaxed);
            match self.0.compare_exchange_weak(word, word & !PARKED, success, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(seen) => word = seen,
            }
        }
        false
    }

    /// `PARKED => RUNNING`, by a bare thread whose own wait has timed out; `false` if a waker was faster.
    pub fn cancel_park(&self) -> bool {
        let mut word = self.0.load(Ordering::Relaxed);
        while word & PARKED != 0 {
            match self.0.compare_exchange_weak(word, word & !PARKED, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return true,
                Err(seen) => word = seen,
            }
        }
        false
    }

    /// Whether the agent is parked right now, for its own thread and for reports.
    #[inline]
    pub fn is_parked(&self) -> bool {
        self.0.load(Ordering::Acquire) & PARKED != 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_before_the_sleep_is_kept() {
        let word = Word::running();
        assert_eq!(word.wake(), Wake::Nothing);
        assert_eq!(word.commit(), Commit::Resume);
        assert_eq!(word.commit(), Commit::Parked);
    }

    #[test]
    fn one_waker_wins_and_the_other_leaves_a_token() {
        let word = Word::running();
        assert_eq!(word.commit(), Commit::Parked);
        assert_eq!((word.wake(), word.wake()), (Wake::Submit, Wake::Nothing));
        assert!(word.take_token() && !word.take_token());
    }

    #[test]
    fn who_does_not_win_leaves_no_token() {
        let word = Word::running();
        assert!(!word.win());
        assert_eq!(word.commit(), Commit::Parked);
        assert!(word.win() && !word.win());
        assert!(!word.take_token());
    }

    #[test]
    fn a_permit_outlives_other_waits() {
        let word = Word::running();
        assert_eq!(word.unpark(), Wake::Nothing);
        assert!(word.take_token());
        assert!(word.take_permit() && !word.take_permit());
    }
}
