//! The default runtime: started by its first use, never dropped.
//!
//! Knows nothing of who uses it.

use super::{Builder, Handle, Runtime, every_crew};
use crate::current::{pool_crew, with_worker};
use std::io;
use std::sync::{Arc, Mutex, Once, OnceLock, PoisonError};

static DEFAULT: OnceLock<Handle> = OnceLock::new();
/// Held while the default runtime starts, so that two first uses do not start two.
static STARTING: Mutex<()> = Mutex::new(());

/// The default runtime.
///
/// # Panics
/// If it has to be started and cannot be.
pub(crate) fn default_runtime() -> &'static Handle {
    DEFAULT.get().unwrap_or_else(start)
}

#[cold]
fn start() -> &'static Handle {
    let _starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    DEFAULT.get_or_init(|| match Builder::new().build() {
        Ok(runtime) => last(runtime),
        Err(error) => panic!("cannot start the default runtime: {error}"),
    })
}

/// Makes `runtime` the default one.
pub(super) fn set(runtime: Runtime) -> io::Result<()> {
    let _starting = STARTING.lock().unwrap_or_else(PoisonError::into_inner);
    if DEFAULT.get().is_some() {
        return Err(io::Error::other("there is a default runtime already"));
    }
    DEFAULT.get_or_init(|| last(runtime));
    Ok(())
}

/// Lets `runtime` run to the end of the process; what it is to say at its end, it says there.
fn last(runtime: Runtime) -> Handle {
    let handle = runtime.leak();
    if handle.crew.stack_use.as_ref().is_some_and(|ledger| ledger.is_printed) {
        // SAFETY: a function that may be called at exit: it takes a lock for a moment, writes, and does not unwind.
        // (Without room in the list, there is no table.)
        unsafe { libc::atexit(print_stack_use) };
    }
    handle
}

extern "C" fn print_stack_use() {
    if let Some(ledger) = DEFAULT.get().and_then(|handle| handle.crew.stack_use.as_ref()) {
        ledger.print();
    }
}

/// Has what runtimes record written when the process ends, unless they end before.
pub(super) fn write_traces_at_exit() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // SAFETY: as in `last`; it writes files, and does not unwind.
        let _ = unsafe { libc::atexit(write_traces) };
    });
}

extern "C" fn write_traces() {
    for crew in every_crew() {
        crew.recorder.on_end(&crew);
    }
}

/// A handle to the default runtime, which is started if it was not.
///
/// # Panics
/// If it cannot be started.
pub fn default_handle() -> Handle {
    default_runtime().clone()
}

/// A handle to the current runtime, on which [`spawn`](crate::spawn()) spawns: that of the running fiber, or of the fiber whose
/// [`blocking`](crate::blocking) call this is; else the default one, which is started if it was not.
///
/// ```
/// let runtime = sisal_scheduler::Runtime::builder().workers(3).build().unwrap();
/// assert_eq!(runtime.run(|| sisal_scheduler::runtime::current_handle().workers()), 3);
/// ```
///
/// # Panics
/// If the default runtime has to be started and cannot be.
pub fn current_handle() -> Handle {
    let own = with_worker(|worker| worker.map(|worker| Arc::clone(worker.crew())));
    match own.or_else(|| pool_crew()?.upgrade()) {
        Some(crew) => Handle { crew },
        None => default_handle(),
    }
}
