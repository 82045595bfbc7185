//! The intrusive doubly linked list: nodes live where their owners put them, on a waiter's stack or in a task.
//!
//! Knows nothing of what a node is, and locks nothing: whoever owns the [`List`] keeps it behind a lock or on one thread.
//!
//! ```text
//!  List            node on A's stack     node on B's stack
//!  ┌──────┐        ┌───────────┐         ┌───────────┐
//!  │ head ├───────▶│ next      ├────────▶│ next  ╳   │
//!  │ tail ├──┐     │ prev  ╳   │◀────────┤ prev      │
//!  └──────┘  │     │ linked    │         │ linked    │
//!            │     └───────────┘         └───────────┘
//!            └──────────────────────────────▲
//! ```
//!
//! Invariants:
//! 1. A node with `linked` is in exactly one list; one without is in none.
//! 2. A linked node stays where it is in memory and lives; who links it promises that (`unsafe`).
//! 3. The links of a node are touched by the owner of its list alone.
//! 4. `next` and `prev` of a node without `linked` mean nothing.

use std::cell::Cell;
use std::fmt;
use std::ptr::NonNull;

/// The part of a node that the list uses.
pub struct Links<T> {
    next: Cell<Option<NonNull<T>>>,
    prev: Cell<Option<NonNull<T>>>,
    linked: Cell<bool>,
}

impl<T> Links<T> {
    /// Links of a node that is in no list.
    pub const fn new() -> Self {
        Self { next: Cell::new(None), prev: Cell::new(None), linked: Cell::new(false) }
    }

    /// Whether the node is in a list. Only the owner of that list may ask.
    #[inline]
    pub fn is_linked(&self) -> bool {
        self.linked.get()
    }
}

impl<T> Default for Links<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T> fmt::Debug for Links<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").finish_non_exhaustive()
    }
}

/// A type with room for [`Links`].
///
/// # Safety
/// `links` gives the same place for the same node each time, inside the node.
pub unsafe trait Linked: Sized {
    /// Where the links of `node` are.
    ///
    /// # Safety
    /// `node` points to a live value.
    unsafe fn links(node: NonNull<Self>) -> NonNull<Links<Self>>;
}

/// A first-in, first-out list of nodes that it does not own.
pub struct List<T: Linked> {
    head: Option<NonNull<T>>,
    tail: Option<NonNull<T>>,
}

// SAFETY: invariant 3: the list's owner is the only one who touches the nodes' links, wherever that owner is.
unsafe impl<T: Linked> Send for List<T> {}

impl<T: Linked> List<T> {
    /// An empty list.
    pub const fn new() -> Self {
        Self { head: None, tail: None }
    }

    /// Whether there is no node.
    #[inline]
    pub const fn is_empty(&self) -> bool {
        self.head.is_none()
    }

    /// The oldest node.
    #[inline]
    pub const fn front(&self) -> Option<NonNull<T>> {
        self.head
    }

    /// Whether there is one node and no other.
    #[inline]
    pub fn is_single(&self) -> bool {
        self.head.is_some() && self.head == self.tail
    }

    /// Links `node` behind all others.
    ///
    /// # Safety
    /// `node` is in no list, and lives and stays in place until it has left this one.
    ///
    /// # Panics
    /// If the node is linked already.
    #[inline]
    pub unsafe fn push_back(&mut self, node: NonNull<T>) {
        // SAFETY: the caller's promise; the links belong to this list from here on (invariant 3).
        let links = unsafe { T::links(node).as_ref() };
        assert!(!links.linked.replace(true), "a node can be in one list only");
        links.next.set(None);
        links.prev.set(self.tail);
        match self.tail {
            // SAFETY: a linked node lives (invariant 2).
            Some(tail) => unsafe { T::links(tail).as_ref() }.next.set(Some(node)),
            None => self.head = Some(node),
        }
        self.tail = Some(node);
    }

    /// Links `node` before all others.
    ///
    /// # Safety
    /// As [`push_back`](Self::push_back).
    ///
    /// # Panics
    /// If the node is linked already.
    #[inline]
    pub unsafe fn push_front(&mut self, node: NonNull<T>) {
        // SAFETY: the caller's promise; the links belong to this list from here on (invariant 3).
        let links = unsafe { T::links(node).as_ref() };
        assert!(!links.linked.replace(true), "a node can be in one list only");
        links.next.set(self.head);
        links.prev.set(None);
        match self.head {
            // SAFETY: a linked node lives (invariant 2).
            Some(head) => unsafe { T::links(head).as_ref() }.prev.set(Some(node)),
            None => self.tail = Some(node),
        }
        self.head = Some(node);
    }

    /// Unlinks the oldest node.
    #[inline]
    pub fn pop_front(&mut self) -> Option<NonNull<T>> {
        let node = self.head?;
        // SAFETY: a linked node lives (invariant 2).
        let links = unsafe { T::links(node).as_ref() };
        links.linked.set(false);
        self.head = links.next.get();
        match self.head {
            // SAFETY: as above.
            Some(next) => unsafe { T::links(next).as_ref() }.prev.set(None),
            None => self.tail = None,
        }
        Some(node)
    }

    /// Unlinks `node`; `false` if it was not linked.
    ///
    /// # Safety
    /// `node` lives, and is in this list or in none.
    #[inline]
    pub unsafe fn remove(&mut self, node: NonNull<T>) -> bool {
        // SAFETY: the caller's promise.
        let links = unsafe { T::links(node).as_ref() };
        if !links.linked.replace(false) {
            return false;
        }
        let (next, prev) = (links.next.get(), links.prev.get());
        match prev {
            // SAFETY: a linked node lives (invariant 2).
            Some(prev) => unsafe { T::links(prev).as_ref() }.next.set(next),
            None => self.head = next,
        }
        match next {
            // SAFETY: as above.
            Some(next) => unsafe { T::links(next).as_ref() }.prev.set(prev),
            None => self.tail = prev,
        }
        true
    }

    /// The nodes from the oldest on. The list is borrowed meanwhile, so none can leave.
    pub fn iter(&self) -> impl Iterator<Item = NonNull<T>> + '_ {
        let mut next = self.head;
        std::iter::from_fn(move || {
            let node = next?;
            // SAFETY: a linked node lives (invariant 2).
            next = unsafe { T::links(node).as_ref() }.next.get();
            Some(node)
        })
    }
}

impl<T: Linked> Default for List<T> {
    fn default() -> Self {
        Self::new()
    }
}

impl<T: Linked> fmt::Debug for List<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("List").field("len", &self.iter().count()).finish()
    }
}

#[cfg(all(test, not(sisal_loom)))]
mod tests {
    use super::*;

    struct Node {
        value: u32,
        links: Links<Node>,
    }

    // SAFETY: `links` is a field.
    unsafe impl Linked for Node {
        unsafe fn links(node: NonNull<Self>) -> NonNull<Links<Self>> {
            // SAFETY: a field of a live value.
            unsafe { NonNull::new_unchecked(&raw mut (*node.as_ptr()).links) }
        }
    }

    fn values(list: &List<Node>) -> Vec<u32> {
        // SAFETY: the nodes of these tests outlive their lists.
        list.iter().map(|node| unsafe { node.as_ref() }.value).collect()
    }

    #[test]
    fn first_in_first_out_with_removal_anywhere() {
        let nodes: Vec<Node> = (0..4).map(|value| Node { value, links: Links::new() }).collect();
        let mut list = List::new();
        for node in &nodes {
            // SAFETY: `nodes` outlives `list` and does not move.
            unsafe { list.push_back(NonNull::from(node)) };
        }
        assert_eq!(values(&list), [0, 1, 2, 3]);
        // SAFETY: in this list, or in none.
        unsafe {
            assert!(list.remove(NonNull::from(&nodes[2])));
            assert!(!list.remove(NonNull::from(&nodes[2])));
            assert!(list.remove(NonNull::from(&nodes[3])));
        }
        assert_eq!(values(&list), [0, 1]);
        // SAFETY: in no list since `remove`; `nodes` outlives `list`.
        unsafe { list.push_front(NonNull::from(&nodes[3])) };
        assert_eq!(values(&list), [3, 0, 1]);
        assert!(list.pop_front().is_some() && list.pop_front().is_some() && list.is_single());
        assert!(list.pop_front().is_some() && list.pop_front().is_none() && !list.is_single());
        assert!(list.is_empty() && !nodes[0].links.is_linked());
    }
}
