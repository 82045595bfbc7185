//! The ready list: started fibers that run here next, in two chains.
//!
//! Knows nothing of what they do.
//!
//! ```text
//!  called  │ whom a look has found: a timer that fired, a socket that is ready ─┐
//!                                                                               ├─▶ in turn, while there are both
//!  others  │ who has yielded, whom a fiber has woken                           ─┘
//! ```
//!
//! Each chain is first in, first out. So whoever waits for a timer or a socket beside computing fibers waits for one of them,
//! not for all; these have each second turn at least, however many sockets are ready; and among the called nobody is passed.
//! (Were whom the next look finds put before them, clients that ask again at once would be served before those that have
//! waited longer: 64 connections that were never idle had a 99th percentile of four times the median.)
//!
//! Where started fibers migrate, the others stand in a queue from which thieves take, and that has each second turn. Whom a look has found goes
//! there as well, but for the first few if others stand there already. Who may not leave its worker counts as called.
//!
//! Fresh tasks stand elsewhere. One goes before all of these now and then (`turn`), but not in the turn of a called one, and not twice
//! without one of the others between: tasks that spawn tasks would pass them for ever.

use sisal_queue::{Chain, Chained};
use std::mem;
use std::ptr::NonNull;

/// So many at most are kept from thieves because a look has found them.
const CALLED_MAX: usize = 16;

/// The ready list of one worker.
pub(super) struct Ready<T: Chained> {
    called: Chain<T>,
    others: Chain<T>,
    /// Whether the last one taken was called.
    was_called: bool,
    /// Whether the others stand elsewhere.
    migrates: bool,
    is_calling: bool,
    /// The turn in which a fresh task last went before all of these.
    fresh_went: u32,
}

impl<T: Chained> Ready<T> {
    pub(super) const fn new(migrates: bool) -> Self {
        let (called, others) = (Chain::new(), Chain::new());
        Self { called, others, was_called: false, migrates, is_calling: false, fresh_went: 0 }
    }

    /// Behind the others.
    ///
    /// # Safety
    /// As [`Chain::push_back`].
    #[inline]
    pub(super) unsafe fn push_back(&mut self, node: NonNull<T>) {
        // SAFETY: the caller's promise.
        unsafe { self.others.push_back(node) };
    }

    /// Before the others.
    ///
    /// # Safety
    /// As [`Chain::push_back`].
    #[inline]
    pub(super) unsafe fn push_front(&mut self, node: NonNull<T>) {
        // SAFETY: the caller's promise.
        unsafe { self.others.push_front(node) };
    }

    /// Lays the others aside for a look: who is pushed until it [ends](Self::end_look) is called. `elsewhere`: whether some stand there.
    pub(super) fn begin_look(&mut self, elsewhere: bool) -> Chain<T> {
        self.is_calling = elsewhere;
        mem::take(&mut self.others)
    }

    /// Puts the others back.
    pub(super) fn end_look(&mut self, others: Chain<T>) {
        self.is_calling = false;
        self.called.append(mem::replace(&mut self.others, others));
    }

    /// Whether who is ready now is one of the first few whom a look finds while others stand elsewhere.
    pub(super) fn is_calling(&self) -> bool {
        self.is_calling && self.called.len() < CALLED_MAX
    }

    /// Behind the called, where fibers migrate.
    ///
    /// # Safety
    /// As [`Chain::push_back`].
    pub(super) unsafe fn push_called(&mut self, node: NonNull<T>) {
        debug_assert!(self.migrates, "the others would wait for it");
        // SAFETY: the caller's promise.
        unsafe { self.called.push_back(node) };
    }

    /// Whether a fresh task may go before all of these in that turn.
    #[inline]
    pub(super) fn lets_fresh_go_first(&self, turn: u32) -> bool {
        let called_is_due = !self.called.is_empty() && !self.was_called;
        // The turn after it is a called one's, if there is any, and the one after that another's. Turns wrap.
        !called_is_due && turn.wrapping_sub(self.fresh_went) > 1 + u32::from(self.was_called)
    }

    /// It has done so.
    #[inline]
    pub(super) fn fresh_went_first(&mut self, turn: u32) {
        self.fresh_went = turn;
        self.was_called = false;
    }

    /// Takes the oldest of the two chains in turn; `None` also in the turn of those that stand elsewhere.
    #[inline]
    pub(super) fn pop_front(&mut self) -> Option<NonNull<T>> {
        if !self.called.is_empty() {
            return self.pop_in_turn();
        }
        self.was_called = false;
        self.others.pop_front()
    }

    fn pop_in_turn(&mut self) -> Option<NonNull<T>> {
        self.was_called = !self.was_called || (self.others.is_empty() && !self.migrates);
        if self.was_called { self.called.pop_front() } else { self.others.pop_front() }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.called.len() + self.others.len()
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.called.is_empty() & self.others.is_empty()
    }

    /// Whether somebody is here whom a look has found.
    #[inline]
    pub(super) fn has_called(&self) -> bool {
        !self.called.is_empty()
    }

    /// Probably those that come after the next: what to prefetch. See [`Chain::behind_front`].
    #[inline]
    pub(super) fn soon(&self) -> [Option<NonNull<T>>; 3] {
        let chain = if self.called.is_empty() { &self.others } else { &self.called };
        chain.behind_front()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sisal_queue::Link;

    struct Node {
        value: u32,
        link: Link<Node>,
    }

    // SAFETY: `link` is a field.
    unsafe impl Chained for Node {
        unsafe fn next(this: NonNull<Self>) -> NonNull<Link<Self>> {
            // SAFETY: a field of a live value.
            unsafe { NonNull::new_unchecked(&raw mut (*this.as_ptr()).link) }
        }
    }

    /// A ready list, and nodes that outlive it.
    struct Bench {
        ready: Ready<Node>,
        nodes: Vec<Node>,
    }

    impl Bench {
        fn new(migrates: bool) -> Self {
            let nodes = (0..100).map(|value| Node { value, link: Link::new() }).collect();
            Self { ready: Ready::new(migrates), nodes }
        }

        fn push(&mut self, values: &[u32]) {
            for &value in values {
                // SAFETY: the nodes outlive the list and do not move; each stands in it once.
                unsafe { self.ready.push_back(NonNull::from(&self.nodes[value as usize])) };
            }
        }

        fn call(&mut self, values: &[u32]) {
            let others = self.ready.begin_look(false);
            self.push(values);
            self.ready.end_look(others);
        }

        fn pop(&mut self, count: usize) -> Vec<u32> {
            // SAFETY: as above.
            let value = |node: NonNull<Node>| unsafe { node.as_ref() }.value;
            (0..count).map_while(|_| self.ready.pop_front()).map(value).collect()
        }
    }

    #[test]
    fn the_called_wait_for_one_other_and_the_others_have_each_second_turn() {
        let mut bench = Bench::new(false);
        bench.push(&[1, 2, 3]);
        bench.call(&[11]);
        assert_eq!((bench.ready.len(), bench.pop(2)), (4, vec![11, 1]));
        // However many there are.
        bench.call(&[12, 13, 14, 15]);
        assert_eq!(bench.pop(9), [12, 2, 13, 3, 14, 15]);
        assert!(bench.ready.is_empty());
    }

    #[test]
    fn a_fresh_task_goes_before_neither_a_called_one_nor_another_twice() {
        let mut bench = Bench::new(false);
        bench.push(&[1, 2, 3, 4]);
        bench.call(&[11, 12]);
        // Asks in each turn; zeros are fresh tasks.
        let mut turns = (100..).map(|turn| {
            if !bench.ready.lets_fresh_go_first(turn) {
                return bench.pop(1)[0];
            }
            bench.ready.fresh_went_first(turn);
            0
        });
        let order: Vec<u32> = turns.by_ref().take(9).collect();
        assert_eq!(order, [11, 0, 12, 1, 0, 2, 0, 3, 0]);
    }

    #[test]
    fn those_that_stand_elsewhere_have_each_second_turn() {
        let mut bench = Bench::new(true);
        for node in &bench.nodes[1..3] {
            // SAFETY: as above.
            unsafe { bench.ready.push_called(NonNull::from(node)) };
        }
        let turns = [bench.pop(9), bench.pop(9), bench.pop(9), bench.pop(9)];
        assert_eq!(turns, [vec![1], vec![2], vec![], vec![]]);
    }

    #[test]
    fn the_first_few_of_a_look_are_called() {
        let mut bench = Bench::new(true);
        assert!(!bench.ready.is_calling(), "there is no look");
        let others = bench.ready.begin_look(false);
        assert!(!bench.ready.is_calling(), "there is nobody to pass");
        bench.ready.end_look(others);
        let others = bench.ready.begin_look(true);
        let called = bench.nodes.iter().take_while(|node| {
            let is_calling = bench.ready.is_calling();
            // SAFETY: as above.
            unsafe { bench.ready.push_called(NonNull::from(*node)) };
            is_calling
        });
        assert_eq!(called.count(), CALLED_MAX);
        bench.ready.end_look(others);
        assert!(!bench.ready.is_calling());
    }

    #[test]
    fn the_called_pass_none_that_were_called_before() {
        let mut bench = Bench::new(false);
        bench.call(&[1, 2, 3, 4]);
        assert_eq!(bench.pop(2), [1, 2]);
        bench.call(&[5, 6]);
        assert_eq!(bench.pop(1), [3]);
        bench.call(&[]);
        bench.call(&[1]);
        bench.push(&[99]);
        assert_eq!(bench.pop(9), [99, 4, 5, 6, 1]);
    }
}
