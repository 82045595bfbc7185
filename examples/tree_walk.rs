//! A recursive walk of a tree as an iterator, and two trees compared leaf by leaf: the same-fringe problem.
//!
//! Look at: `walk` is the recursion one would write anyway, with `yield_` where it would print. Two trees of different shape are
//! compared without a list of either, and the comparison stops at the first difference.
//!
//! ```text
//! $ cargo run --release --example tree_walk
//! in order: 1 2 3 4 5 6 7
//! balanced and degenerate have the same fringe: true
//! after a change: false, seen after 4 leaves
//! ```

use sisal::coroutine::{self, Yielder};
use std::cell::Cell;
use std::rc::Rc;

enum Tree {
    Empty,
    Node(Box<Tree>, i32, Box<Tree>),
}

use Tree::{Empty, Node};

/// A tree of the values in `range`, whose root is where `split` says.
fn tree(range: std::ops::Range<i32>, split: &dyn Fn(&std::ops::Range<i32>) -> i32) -> Tree {
    if range.is_empty() {
        return Empty;
    }
    let root = split(&range);
    Node(Box::new(tree(range.start..root, split)), root, Box::new(tree(root + 1..range.end, split)))
}

fn walk(tree: &Tree, yielder: &Yielder<(), i32>) {
    if let Node(left, value, right) = tree {
        walk(left, yielder);
        yielder.yield_(*value);
        walk(right, yielder);
    }
}

fn values(tree: Tree) -> impl Iterator<Item = i32> {
    coroutine::iter(move |yielder| walk(&tree, yielder))
}

fn main() {
    let balanced = || tree(1..8, &|range| (range.start + range.end) / 2);
    let degenerate = || tree(1..8, &|range| range.start);

    let in_order: Vec<String> = values(balanced()).map(|value| value.to_string()).collect();
    println!("in order: {}", in_order.join(" "));

    let same = values(balanced()).eq(values(degenerate()));
    println!("balanced and degenerate have the same fringe: {same}");

    let seen = Rc::new(Cell::new(0));
    let counted = values(balanced()).inspect(|_| seen.set(seen.get() + 1));
    let changed = values(degenerate()).map(|value| if value == 4 { 40 } else { value });
    let same_after_change = counted.eq(changed);
    println!("after a change: {same_after_change}, seen after {} leaves", seen.get());
    assert!(same && !same_after_change && seen.get() == 4);
}
