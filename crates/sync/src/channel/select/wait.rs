//! The select itself: try all arms; get into all lines; wait; leave the lines.
//!
//! Knows nothing of channels: arms are `Selectable`.
//!
//! | ticket | means | moved by |
//! |---|---|---|
//! | open | the select waits | |
//! | an arm's position | somebody will do that arm, or has done it | a claimant, under the lock of that arm's line |
//! | `NOBODY` | no arm can be claimed any more | the select: its time is over, or an arm became possible while it got into the lines |
//!
//! Invariants:
//! 1. Arms are attempted only while none is in a line, so whoever attempts has no ticket that another could claim, and the
//!    two ends of a channel in one select never meet each other.
//! 2. The arms in lines are the first `registered` ones, and all have left when a round is over, however it is.
//! 3. An arm that did not win has done nothing.
//! 4. A select that says that nothing could be done has seen a moment at which that was true of all its arms: all stood in
//!    their lines and none had been claimed. (To look at one after the other does not show that: while A looks at the second
//!    arm's channel, B may fill the first one's and then empty the second.)
//!
//! Race, *possible between attempt and line*: A finds nothing to receive. B sends. A's arm, under the lock, sees that it could
//! be done now, so A leaves all lines and begins again. Each such round means that another agent got something done.

use super::super::core::{Until, look_before_park};
use super::super::timer::earlier;
use sisal_base::fault;
use sisal_base::rng::Rng;
use sisal_park::{Agent, Cancellable, Outcome, Reason, Selectable, Ticket, spend, with_current};
use std::time::Instant;

/// No arm: the ticket of a round that is over. Below `usize::MAX`, which says open.
const NOBODY: usize = usize::MAX - 1;

/// How far apart two seeds for the order of arms can be.
const SEEDS: usize = 1 << 30;

/// Something with an arm: an element of the list that a select goes through.
pub(crate) trait HasArm {
    fn arm(&self) -> &dyn Selectable;

    /// Whether an attempt may succeed. If not, it would not have at some moment of this call.
    fn may_happen(&self) -> bool;
}

/// Which arm is tried first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Order {
    /// Any, each with the same chance.
    Fair,
    /// The first one.
    Biased,
}

/// What the select waits for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Goal {
    /// That an arm happens.
    Done,
    /// That an arm could be done.
    Ready,
}

/// Does one of `arms`; its position, after the arms were put into any order. `None` if the time was over first.
#[cfg_attr(not(debug_assertions), inline(always))]
pub(crate) fn select<A: HasArm>(arms: &mut [A], order: Order, until: Until) -> Option<usize> {
    run(arms, Goal::Done, order, until)
}

/// Waits until one of `arms` could be done; its position, after the arms were put into any order.
pub(crate) fn ready<A: HasArm>(arms: &mut [A], order: Order, until: Until) -> Option<usize> {
    run(arms, Goal::Ready, order, until)
}

#[cfg_attr(not(debug_assertions), inline(always))]
fn run<A: HasArm>(arms: &mut [A], goal: Goal, order: Order, until: Until) -> Option<usize> {
    spend();
    with_current(|agent| {
        loop {
            if let Some(position) = look(agent, arms, goal, order) {
                return Some(position);
            }
            let is_over = is_over(agent, until);
            if is_over && arms.len() < 2 {
                return None;
            }
            let round = Round { agent, arms, goal, ticket: Ticket::new(), registered: 0 };
            match round.run(until, is_over) {
                End::Won(position) => return Some(position),
                End::Again => {}
                End::Nothing => return None,
                End::Cancelled if until.deadline().is_some() => return None,
                // There is no error that says so: an arm that has done nothing says it, by that for a disconnect.
                End::Cancelled if arms.is_empty() => return None,
                End::Cancelled => return Some(agent.choose(arms.len())),
            }
        }
    })
}

fn is_over(agent: &dyn Agent, until: Until) -> bool {
    match until {
        Until::Now => true,
        Until::Deadline(deadline) => agent.has_passed(deadline),
        Until::Forever => false,
    }
}

/// Tries each arm once that may be possible, the next one drawn from those that are left.
fn look<A: HasArm>(agent: &dyn Agent, arms: &mut [A], goal: Goal, order: Order) -> Option<usize> {
    let is_it = |arm: &A| match goal {
        Goal::Done => arm.arm().attempt(agent),
        Goal::Ready => arm.arm().is_ready(),
    };
    if order == Order::Biased || arms.len() < 2 {
        return arms.iter().position(is_it);
    }
    let are_few = arms.len() <= u64::BITS as usize;
    if are_few {
        if let Some(position) = look_at_few(agent, arms, is_it) {
            return Some(position);
        }
    }
    let draw = Rng::new(agent.choose(SEEDS) as u64);
    // Those of one channel get into its line in an order that is drawn, too: who comes takes the first.
    (0..arms.len()).find(|&position| {
        arms.swap(position, position + draw.below(arms.len() - position));
        !are_few && arms[position].may_happen() && is_it(&arms[position])
    })
}

/// Looks at 64 arms at the most before it tries one: where one arm alone may be possible, as a rule, there is nothing to draw, and the
/// processor knows what comes. (Of arms tried in an order that is drawn it mispredicts each: half of a select over 4.)
#[cfg_attr(not(debug_assertions), inline(always))]
fn look_at_few<A: HasArm>(agent: &dyn Agent, arms: &[A], is_it: impl Fn(&A) -> bool) -> Option<usize> {
    let mut left = 0_u64;
    for (position, arm) in arms.iter().enumerate() {
        left |= u64::from(arm.may_happen()) << position;
    }
    while left != 0 {
        let is_single = left & (left - 1) == 0;
        let drawn = if is_single { left.trailing_zeros() as usize } else { draw(agent, left, arms.len()) };
        if is_it(&arms[drawn]) {
            return Some(drawn);
        }
        left &= !(1 << drawn);
    }
    None
}

/// The position of one of the bits that are set, each with the same chance.
fn draw(agent: &dyn Agent, bits: u64, len: usize) -> usize {
    let (mut to_pass, mut drawn) = (agent.choose(bits.count_ones() as usize) as i32 + 1, 0);
    // To the end, whatever was drawn: no branch depends on it.
    for position in 0..len {
        to_pass -= (bits >> position & 1) as i32;
        drawn += usize::from(to_pass > 0);
    }
    drawn
}

/// How a round has ended.
enum End {
    Won(usize),
    /// Something became possible, or the time of some arm has come.
    Again,
    /// The time was over, and nothing could be done.
    Nothing,
    Cancelled,
}

/// One time in the lines.
struct Round<'a, A: HasArm> {
    agent: &'a dyn Agent,
    arms: &'a [A],
    goal: Goal,
    ticket: Ticket,
    registered: usize,
}

impl<A: HasArm> Round<'_, A> {
    fn run(mut self, until: Until, is_over: bool) -> End {
        let mut end = End::Again;
        if !self.register() {
            // There is something to try again.
        } else if is_over {
            end = End::Nothing;
        } else {
            let due = self.arms.iter().filter_map(|arm| arm.arm().due()).reduce(Instant::min);
            if matches!(self.wait(earlier(due, until.deadline())), Outcome::Cancelled(_)) {
                end = End::Cancelled;
            }
        }
        if !fault!("chan.select.stays_open") {
            self.ticket.claim(NOBODY);
        }
        let winner = self.leave();
        match winner {
            None => end,
            Some(_) if self.goal == Goal::Ready => End::Again,
            Some(winner) if self.arms[winner].arm().accept(self.agent) => End::Won(winner),
            Some(_) => End::Again,
        }
    }

    /// Gets into all lines; `false` if there is nothing to wait for, since an arm has become possible.
    fn register(&mut self) -> bool {
        for (position, arm) in self.arms.iter().enumerate() {
            let (arm, ticket) = (arm.arm(), &self.ticket);
            // SAFETY: the ticket lives in this round, and the arms are borrowed by it; `leave` and `accept`, or the drop of
            // the round, end both before either moves.
            let is_in_line = unsafe {
                match self.goal {
                    Goal::Done => arm.register(self.agent, ticket, position),
                    Goal::Ready => arm.watch(self.agent, ticket, position),
                }
            };
            if !is_in_line && !fault!("chan.select.registers_blindly") {
                return false;
            }
            self.registered = position + 1;
        }
        true
    }

    /// Parks until somebody has claimed an arm, until `deadline`, or until cancelled.
    fn wait(&self, deadline: Option<Instant>) -> Outcome {
        look_before_park(self.agent, || self.ticket.winner().is_some());
        let reason = Reason::Select(self.arms.len());
        while self.ticket.winner().is_none() {
            let outcome = self.agent.park(deadline, reason, Cancellable::Always);
            if outcome != Outcome::Woken {
                return outcome;
            }
        }
        Outcome::Woken
    }

    /// Leaves all lines but that of the arm that was claimed, which is finished with when its claimant has done his part.
    fn leave(&mut self) -> Option<usize> {
        let winner = self.ticket.winner().filter(|&winner| winner != NOBODY);
        while self.registered > 0 {
            self.registered -= 1;
            let arm = self.arms[self.registered].arm();
            match self.goal {
                Goal::Done if winner == Some(self.registered) => {}
                Goal::Done => arm.unregister(false),
                Goal::Ready => arm.unwatch(winner == Some(self.registered)),
            }
        }
        winner
    }
}

impl<A: HasArm> Drop for Round<'_, A> {
    fn drop(&mut self) {
        // Only what a park that unwinds (one that is forbidden) has left.
        if self.registered > 0 {
            self.ticket.claim(NOBODY);
            if let Some(winner) = self.leave() {
                if self.goal == Goal::Done {
                    self.arms[winner].arm().unregister(true);
                }
            }
        }
    }
}
