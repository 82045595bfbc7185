//! Whether the caller is inside of the panic hook, between the start of a panic and its unwinding.
//!
//! Knows nothing of what the hook does. std counts a panic from before its hook is called until it is caught, and does not say which
//! of the two it is. But only in the first is the function of std that calls the hook on the stack: what runs later, in the
//! destructors of the frames that unwind, was called from those frames. Which function that is, is found out once, by two
//! panics of different kinds (`panic!` and `panic_any`) and the functions that have led to the hook:
//!
//! ```text
//!  by panic!                      by panic_any
//!  note                           note               innermost
//!  the hook                       the hook
//!  std, which calls the hook  =   std, which calls the hook     the last that both have
//!  std, for panic!            ≠   std, for panic_any
//!  ask                            ask
//! ```
//!
//! If it was not found (std does otherwise one day, or somebody else sets a hook at that moment, and then sees such a panic), the answer
//! is always no.

use sisal_base::sync::atomic::{AtomicUsize, Ordering};
use std::any::Any;
use std::panic::{catch_unwind, panic_any};
use std::sync::{Mutex, PoisonError};
use std::{mem, thread};

const QUESTION: &str = "sisal asks from where panic hooks are called";

/// More than lie between a hook and what both panics have in common.
const FRAMES_MAX: usize = 16;

/// The start of the function that calls the hook; 0 as long as it is not known.
static CALLER: AtomicUsize = AtomicUsize::new(0);

/// What has led to the hook, innermost first.
static WAY: Mutex<Vec<usize>> = Mutex::new(Vec::new());

/// Finds out who calls the hook, which is to call [`note`] for these panics. To be called once.
pub(crate) fn ask() {
    if cfg!(panic = "abort") {
        // No destructor runs after a hook, and no panic can be made for the sake of an answer.
        return;
    }
    let way = |panics: fn()| {
        let _ = catch_unwind(panics);
        mem::take(&mut *WAY.lock().unwrap_or_else(PoisonError::into_inner))
    };
    let (one, other) = (way(|| panic!("{QUESTION}")), way(|| panic_any(QUESTION)));
    let common = one.iter().zip(&other).take_while(|(one, other)| one == other).last();
    // Relaxed: a number, which is all there is to see.
    CALLER.store(common.map_or(0, |(&caller, _)| caller), Ordering::Relaxed);
}

/// Whether `payload` is of a panic that [`ask`] makes, of which nothing is to be printed. Notes who has called the hook if it is.
pub(crate) fn note(payload: &(dyn Any + Send)) -> bool {
    let is_question = payload.downcast_ref::<&str>().is_some_and(|text| *text == QUESTION)
        || payload.downcast_ref::<String>().is_some_and(|text| text == QUESTION);
    if is_question {
        let mut way = WAY.lock().unwrap_or_else(PoisonError::into_inner);
        walk(|function| {
            way.push(function);
            way.len() < FRAMES_MAX
        });
    }
    is_question
}

/// Whether the caller, whose thread panics, is inside of the hook. Some µs.
pub(crate) fn is_on_stack() -> bool {
    debug_assert!(thread::panicking());
    let caller = CALLER.load(Ordering::Relaxed);
    let mut found = false;
    if caller != 0 {
        walk(|function| {
            found = function == caller;
            !found
        });
    }
    found
}

/// Calls `f` with the start of each function on the stack, the innermost first, until it says that it is enough.
fn walk(mut f: impl FnMut(usize) -> bool) {
    backtrace::trace(|frame| f(frame.symbol_address().addr()));
}
