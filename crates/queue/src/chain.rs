//! The ready list: a first-in, first-out chain of nodes with one link each, for one owner and without atomics.
//!
//! Knows nothing of what a node is. Nodes live where their owners put them; the chain does not own them.
//!
//! ```text
//!  Chain           node A       node B       node C
//!  ┌──────┐        ┌──────┐     ┌──────┐     ┌──────┐
//!  │ front├───────▶│ next ├────▶│ next ├────▶│ next ╳
//!  │ back ├──┐     └──────┘     └──────┘     └──────┘
//!  │ len  │  └──────────────────────────────────▲
//!  └──────┘
//! ```
//!
//! Invariants:
//! 1. A node stands in one chain or [`Inbox`](crate::Inbox) at most; who pushes it promises that.
//! 2. It lives and stays in place until it has been popped; who pushes it promises that.
//! 3. Its link is touched by the owner of that chain alone; before it stands in one, by who pushes it.

use sisal_base::sync::UnsafeCell;
use sisal_base::{const_new, fault};
use std::fmt;
use std::ptr::NonNull;

/// The part of a node that a chain uses.
pub struct Link<T> {
    next: UnsafeCell<Option<NonNull<T>>>,
}

impl<T> Link<T> {
    const_new! {
        /// The link of a node that stands nowhere.
        pub const fn new() -> Link<T> {
            Link { next: UnsafeCell::new(None) }
        }
    }
}

impl<T> Default for Link<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Link<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Link").finish_non_exhaustive()
    }
}

/// A type with room for one [`Link`].
///
/// # Safety
/// `next` gives the same place for the same node each time, inside the node.
pub unsafe trait Chained: Sized {
    /// Where the link of `this` is.
    ///
    /// # Safety
    /// `this` points to a live value.
    unsafe fn next(this: NonNull<Self>) -> NonNull<Link<Self>>;
}

/// The node behind `node`.
///
/// # Safety
/// `node` lives, and its link is the caller's (invariants 2 and 3).
#[inline(always)]
pub(crate) unsafe fn next_of<T: Chained>(node: NonNull<T>) -> Option<NonNull<T>> {
    // SAFETY: the caller's promise.
    unsafe { T::next(node).as_ref().next.with(|next| *next) }
}

/// Puts `next` behind `node`.
///
/// # Safety
/// As for [`next_of`].
#[inline(always)]
pub(crate) unsafe fn set_next<T: Chained>(node: NonNull<T>, next: Option<NonNull<T>>) {
    // SAFETY: the caller's promise.
    unsafe { T::next(node).as_ref().next.with_mut(|place| *place = next) }
}

/// A first-in, first-out list of nodes that it does not own.
pub struct Chain<T: Chained> {
    front: Option<NonNull<T>>,
    // Dangling while `front` is `None`.
    back: NonNull<T>,
    len: usize,
}

// SAFETY: invariant 3: the chain's owner is the only one who touches the nodes' links, wherever that owner is.
unsafe impl<T: Chained> Send for Chain<T> {}

impl<T: Chained> Chain<T> {
    /// An empty chain.
    pub const fn new() -> Self {
        Self { front: None, back: NonNull::dangling(), len: 0 }
    }

    /// Puts `node` behind all others.
    ///
    /// # Safety
    /// `node` stands in no chain or inbox, and lives and stays in place until it has been popped.
    #[inline]
    pub unsafe fn push_back(&mut self, node: NonNull<T>) {
        // SAFETY: the caller's promise; the link is this chain's from here on.
        unsafe { set_next(node, None) };
        if self.front.is_none() {
            self.front = Some(node);
        } else {
            // SAFETY: a node in the chain (invariants 2 and 3).
            unsafe { set_next(self.back, Some(node)) };
        }
        self.back = node;
        self.len += 1;
    }

    /// Puts `node` before all others.
    ///
    /// # Safety
    /// As for [`push_back`](Self::push_back).
    #[inline]
    pub unsafe fn push_front(&mut self, node: NonNull<T>) {
        // SAFETY: the caller's promise; the link is this chain's from here on.
        unsafe { set_next(node, self.front) };
        if self.front.is_none() {
            self.back = node;
        }
        self.front = Some(node);
        self.len += 1;
    }

    /// Takes the oldest node.
    #[inline]
    pub fn pop_front(&mut self) -> Option<NonNull<T>> {
        let node = self.front?;
        // SAFETY: a node in the chain (invariants 2 and 3).
        self.front = unsafe { next_of(node) };
        self.len -= 1;
        Some(node)
    }

    /// Puts all nodes of `other` behind all others.
    #[inline]
    pub fn append(&mut self, other: Chain<T>) {
        if other.front.is_none() {
            return;
        }
        if self.front.is_none() {
            self.front = other.front;
        } else {
            // SAFETY: a node in the chain (invariants 2 and 3).
            unsafe { set_next(self.back, other.front) };
        }
        self.back = other.back;
        self.len += other.len;
    }

    /// How many nodes there are.
    #[inline]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no node.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.front.is_none()
    }

    /// The oldest node, left where it is.
    #[inline]
    pub const fn front(&self) -> Option<NonNull<T>> {
        self.front
    }

    /// The three nodes behind the oldest, left where they are: what to prefetch while others run. It reads all but the last.
    #[inline]
    pub fn behind_front(&self) -> [Option<NonNull<T>>; 3] {
        // SAFETY: nodes in the chain (invariants 2 and 3).
        let behind = |node: Option<NonNull<T>>| node.and_then(|node| unsafe { next_of(node) });
        let second = behind(self.front);
        let third = behind(second);
        [second, third, behind(third)]
    }

    /// The chain of nodes linked youngest first from `top` on, turned round.
    ///
    /// # Safety
    /// These nodes and their links are the caller's, as for [`push_back`](Self::push_back).
    pub(crate) unsafe fn from_stack(top: Option<NonNull<T>>) -> Self {
        let mut chain = Self::new();
        let mut next = top;
        while let Some(node) = next {
            // SAFETY: the caller's promise.
            unsafe {
                next = next_of(node);
                if fault!("inbox.take.youngest_first") {
                    chain.push_back(node)
                } else {
                    chain.push_front(node)
                }
            }
        }
        chain
    }
}

impl<T: Chained> Default for Chain<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Chained> fmt::Debug for Chain<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Chain").field("len", &self.len).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    fn nodes(values: std::ops::Range<u32>) -> Vec<Node> {
        values.map(|value| Node { value, link: Link::new() }).collect()
    }

    fn pop(chain: &mut Chain<Node>) -> Option<u32> {
        // SAFETY: the nodes of these tests outlive their chains.
        chain.pop_front().map(|node| unsafe { node.as_ref() }.value)
    }

    #[test]
    fn first_in_first_out_and_again() {
        let nodes = nodes(0..3);
        let mut chain = Chain::new();
        for _ in 0..2 {
            for node in &nodes {
                // SAFETY: `nodes` outlives `chain` and does not move; each stands in it once.
                unsafe { chain.push_back(NonNull::from(node)) };
            }
            assert_eq!(chain.len(), 3);
            assert_eq!(chain.front(), Some(NonNull::from(&nodes[0])));
            assert_eq!(
                chain.behind_front(),
                [Some(NonNull::from(&nodes[1])), Some(NonNull::from(&nodes[2])), None]
            );
            assert_eq!([pop(&mut chain), pop(&mut chain), pop(&mut chain)], [Some(0), Some(1), Some(2)]);
            assert!(pop(&mut chain).is_none() && chain.is_empty() && chain.behind_front() == [None; 3]);
        }
    }

    #[test]
    fn front_and_append() {
        let nodes = nodes(0..6);
        let (mut chain, mut other) = (Chain::new(), Chain::new());
        // SAFETY: `nodes` outlives both and does not move; each stands in one.
        unsafe {
            chain.push_front(NonNull::from(&nodes[1]));
            chain.push_front(NonNull::from(&nodes[0]));
            chain.push_back(NonNull::from(&nodes[2]));
            other.push_back(NonNull::from(&nodes[3]));
            other.push_back(NonNull::from(&nodes[4]));
        }
        chain.append(Chain::new());
        chain.append(other);
        let mut joined = Chain::new();
        joined.append(chain);
        // SAFETY: as above.
        unsafe { joined.push_back(NonNull::from(&nodes[5])) };
        assert_eq!(joined.len(), 6);
        let values: Vec<u32> = std::iter::from_fn(|| pop(&mut joined)).collect();
        assert_eq!(values, [0, 1, 2, 3, 4, 5]);
    }
}
