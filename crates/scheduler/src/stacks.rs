//! Stacks for whoever runs now, besides those of the fibers themselves: from the worker's own cache, and on a bare thread
//! from a cache of that thread's.
//!
//! Knows nothing of what they are for.

use crate::current::with_worker;
use crate::overflow;
use sisal_coro::{AltStack, Cache, Class, Pool, Stack};
use std::cell::RefCell;
use std::io;

thread_local! {
    /// Made by the first stack that a bare thread asks for. Workers have a cache anyway.
    static OWN: RefCell<Own> = RefCell::new({
        overflow::prepare();
        Own { cache: Cache::new(Pool::global()), _alt_stack: sisal_coro::overflow::arm_thread() }
    });
}

/// What a bare thread needs that runs on stacks of ours.
struct Own {
    cache: Cache,
    /// For the message of an overflow.
    _alt_stack: AltStack,
}

/// A stack of this class: the one that this thread gave back last, if there is one.
///
/// # Errors
/// If there is no room for another stack; the text says which limit to raise.
#[inline]
pub fn take_stack(class: Class) -> io::Result<Stack> {
    with_worker(|worker| match worker {
        Some(worker) => worker.take_stack(class),
        None => take_on_thread(class),
    })
}

/// Gives a stack back.
#[inline]
pub fn give_stack(stack: Stack) {
    with_worker(|worker| match worker {
        Some(worker) => worker.give_stack(stack),
        None => give_on_thread(stack),
    });
}

/// In a destructor of a thread-local, where the cache may be gone: from the pool.
#[inline(never)]
fn take_on_thread(class: Class) -> io::Result<Stack> {
    OWN.try_with(|own| own.borrow_mut().cache.take(class)).unwrap_or_else(|_| Pool::global().take(class))
}

#[inline(never)]
fn give_on_thread(stack: Stack) {
    let mut stack = Some(stack);
    let _ = OWN.try_with(|own| stack.take().map(|stack| own.borrow_mut().cache.give(stack)));
    if let Some(stack) = stack {
        Pool::global().give(stack);
    }
}
