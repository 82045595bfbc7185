//! Who waits for whom in a circle.
//!
//! Knows nothing of how the fibers were looked at, but that each was looked at while it was parked, and had been when the dump began.
//!
//! Why a circle is true although its fibers were looked at one after another. Each of them was parked from the beginning to its own
//! look. Take the one that was looked at last, L: until then it could neither release nor end. The one that waits for L was seen waiting for
//! L, so it was parked still at that moment; so was the one that waits for that one, and so on round the circle. At that moment all were
//! parked, each for the next.

use super::{Dump, FiberDump, FiberState};
use crate::handle::FiberId;
use std::collections::HashMap;

impl Dump {
    pub(crate) fn find_deadlocks(&mut self) {
        let next: HashMap<FiberId, FiberId> = self.fibers.iter().filter_map(edge).collect();
        self.deadlocks = cycles(&next, |id| self.number(id));
    }
}

/// From a fiber to the one that alone can end its wait. A wait with a deadline ends by itself.
fn edge(fiber: &FiberDump) -> Option<(FiberId, FiberId)> {
    let lasts = fiber.state == FiberState::Parked && fiber.since_before && fiber.left.is_none();
    lasts.then_some((fiber.id, fiber.awaits?))
}

/// The circles of a graph in which from each node at most one edge goes out; each begins with its smallest number.
fn cycles(next: &HashMap<FiberId, FiberId>, number: impl Fn(FiberId) -> u64) -> Vec<Vec<FiberId>> {
    // The walk on which a node was seen first.
    let mut seen: HashMap<FiberId, usize> = HashMap::new();
    let mut cycles = Vec::new();
    let mut starts: Vec<_> = next.keys().copied().collect();
    starts.sort_unstable_by_key(|id| number(*id));
    for (walk, start) in starts.into_iter().enumerate() {
        let mut at = start;
        while !seen.contains_key(&at) {
            seen.insert(at, walk);
            match next.get(&at) {
                Some(to) => at = *to,
                None => break,
            }
        }
        // Back on its own way, and not at its loose end.
        if seen.get(&at) == Some(&walk) && next.contains_key(&at) {
            let follow = |id: &FiberId| Some(next[id]).filter(|to| *to != at);
            let mut cycle: Vec<_> = std::iter::successors(Some(at), follow).collect();
            let first = (0..cycle.len()).min_by_key(|&place| number(cycle[place])).unwrap_or(0);
            cycle.rotate_left(first);
            cycles.push(cycle);
        }
    }
    cycles
}

#[cfg(test)]
mod tests {
    use super::*;
    use sisal_park::AgentId;

    fn id(number: u64) -> FiberId {
        FiberId::new(AgentId::from_u64(number))
    }

    fn found(edges: &[(u64, u64)]) -> Vec<Vec<u64>> {
        let next = edges.iter().map(|(from, to)| (id(*from), id(*to))).collect();
        let number = |fiber: &FiberId| (1..100).find(|n| id(*n) == *fiber).unwrap();
        cycles(&next, FiberId::as_u64).iter().map(|cycle| cycle.iter().map(number).collect()).collect()
    }

    #[test]
    fn circles_are_found_once_and_tails_are_left_out() {
        assert_eq!(found(&[(1, 2), (2, 1)]), [[1, 2]]);
        assert_eq!(found(&[(1, 5), (2, 5), (5, 7), (7, 6), (6, 5), (8, 2)]), [[5, 7, 6]]);
        assert_eq!(found(&[(3, 4), (4, 3), (1, 2), (2, 1)]), [[1, 2], [3, 4]]);
        assert_eq!(found(&[(9, 9)]), [[9]]);
    }

    #[test]
    fn chains_are_no_circles() {
        assert_eq!(found(&[(1, 2), (2, 3), (4, 3)]), Vec::<Vec<u64>>::new());
    }
}
