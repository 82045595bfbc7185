//! Suspending in the middle of a panic: a `Drop` that waits while its frames unwind.
//!
//! Knows nothing of fibers. std counts panics for each OS thread, and has no way to set that count; but whoever shares the
//! thread meanwhile must not see it (`panicking()` true, mutexes poisoned), and the fiber must find it again.
//!
//! *Weights.* A weight is a coroutine of ours, suspended in a `Drop` while it unwinds. Making one adds 1 to the count of the
//! thread that makes it; finishing one takes 1 from the count of the thread that finishes it. Hence:
//!
//! ```text
//!  fiber panics        worker's count 1
//!  lay_down: finish a weight          0    others run, and panic, and count, undisturbed
//!  take_up:  make a weight            1    the fiber unwinds on
//!  the fiber's panic is caught        0    and the new weight is in stock for the next time
//! ```
//!
//! The first weight of all is made by a thread of its own, which ends with its count at 1 and nobody to look at it.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread;

use crate::class::Class;
use crate::pool::Pool;
use crate::switch::{Resumable, Resumed, SendResumable, Suspender};

/// Weights that nobody needs now. As many as there ever were fibers at once that waited while unwinding.
static STOCK: Mutex<Vec<SendResumable>> = Mutex::new(Vec::new());

/// Never poisoned in earnest: nothing panics while it is held, but std looks at the thread's count, which is what changes
/// here.
fn stock() -> MutexGuard<'static, Vec<SendResumable>> {
    STOCK.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Takes this thread's panics off its count; how many there were. Before the thread goes to others while a panic unwinds
/// the caller's frames.
///
/// ```
/// use sisal_coro::panics;
/// use std::thread::panicking;
///
/// struct Waits;
/// impl Drop for Waits {
///     fn drop(&mut self) {
///         assert!(panicking());
///         let count = panics::lay_down();
///         assert!(!panicking());
///         panics::take_up(count);
///         assert!(panicking());
///     }
/// }
/// let caught = std::panic::catch_unwind(|| {
///     let _waits = Waits;
///     std::panic::resume_unwind(Box::new(()));
/// });
/// assert!(caught.is_err() && !panicking());
/// ```
pub fn lay_down() -> u32 {
    let mut count = 0;
    while thread::panicking() {
        let stocked = stock().pop();
        let mut weight = stocked.unwrap_or_else(make_elsewhere).into_inner();
        assert!(weight.resume() == Resumed::Finished, "a weight ends when it is resumed");
        Pool::global().give(weight.into_stack());
        count += 1;
    }
    count
}

/// Adds `count` panics to this thread's count: the same as were laid down, once the thread is the caller's again.
pub fn take_up(count: u32) {
    for _ in 0..count {
        let weight = make();
        stock().push(weight);
    }
}

struct Held<'a>(&'a Suspender);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        self.0.suspend();
    }
}

fn make() -> SendResumable {
    let stack = Pool::global().take(Class::DEFAULT).unwrap_or_else(|error| {
        eprintln!("sisal: cannot wait while a panic unwinds: {error}");
        std::process::abort();
    });
    let mut weight = Resumable::new(stack, |suspender| {
        let _ = catch_unwind(AssertUnwindSafe(|| {
            let _held = Held(suspender);
            resume_unwind(Box::new(()));
        }));
    });
    assert!(weight.resume() == Resumed::Suspended, "a weight waits in its drop");
    // SAFETY: its frames hold nothing but the suspender, a panic's payload and std's unwinder, which keeps all it needs on
    // the stack and in the exception; what it left in the thread is the count, which is the point.
    unsafe { weight.assume_send() }
}

#[cold]
fn make_elsewhere() -> SendResumable {
    match thread::Builder::new().name("sisal-unwind".into()).spawn(make).map(thread::JoinHandle::join) {
        Ok(Ok(weight)) => weight,
        _ => {
            eprintln!("sisal: cannot wait while a panic unwinds: no thread to be had");
            std::process::abort();
        }
    }
}
