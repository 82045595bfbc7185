//! What a coroutine and its resumer share: the link in the stack's header room, and the exchange in the resumer's frame.
//!
//! Knows nothing of switches. The invariants stand in `mod.rs`.

use std::any::Any;
use std::cell::Cell;
use std::mem::MaybeUninit;
use std::panic::resume_unwind;

use crate::stack::HEADER_BYTES;

/// What the two sides share.
pub(super) struct Link {
    pub(super) exchange: Cell<*mut ()>,
    /// The coroutine is being dropped: each yield unwinds.
    pub(super) unwinds: Cell<bool>,
}

const _: () = assert!(size_of::<Link>() <= HEADER_BYTES && align_of::<Link>() <= 64);

/// The half of an exchange that a yielder knows.
pub(super) struct Passage<R, Y> {
    pub(super) resumed_with: MaybeUninit<R>,
    pub(super) yielded: MaybeUninit<Y>,
}

/// How a body ended.
pub(super) enum Outcome<T> {
    Returned(T),
    Panicked(Box<dyn Any + Send>),
    Unwound,
}

/// `repr(C)`: a pointer to it is a pointer to its passage.
#[repr(C)]
pub(super) struct Exchange<R, Y, T> {
    pub(super) passage: Passage<R, Y>,
    pub(super) outcome: MaybeUninit<Outcome<T>>,
}

impl<R, Y, T> Exchange<R, Y, T> {
    #[inline(always)]
    pub(super) fn bringing(resumed_with: MaybeUninit<R>) -> Self {
        let passage = Passage { resumed_with, yielded: MaybeUninit::uninit() };
        Self { passage, outcome: MaybeUninit::uninit() }
    }
}

/// Takes the end out of its exchange.
#[inline]
pub(super) fn finish<T>(outcome: Outcome<T>) -> T {
    match outcome {
        Outcome::Returned(value) => value,
        Outcome::Panicked(payload) => resume_unwind(payload),
        Outcome::Unwound => unreachable!("a coroutine that is resumed is not being dropped"),
    }
}
