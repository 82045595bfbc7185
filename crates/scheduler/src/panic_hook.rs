//! What stands before the message of a panic: whose it is.
//!
//! Knows nothing of what becomes of the panic. std's message names the thread alone, which is a worker, and says nothing of who ran there.

use crate::current::with_worker;
use crate::handle::FiberId;
use crate::hook_caller;
use std::sync::{Arc, Once};
use std::{panic, thread};

/// Puts a line before the message of each panic in a fiber. The first call does it for the process, unless its thread panics, when std
/// allows nobody to touch the hook; the hook that was there before is called after it, and one that is set later takes its place.
pub(crate) fn prepare() {
    static INSTALLED: Once = Once::new();
    if thread::panicking() {
        return;
    }
    INSTALLED.call_once(|| {
        let before = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if hook_caller::note(info.payload()) {
                return;
            }
            name_fiber();
            before(info);
            write_trace();
        }));
        hook_caller::ask();
    });
}

/// What led to it, if the runtime has a flight recorder.
fn write_trace() {
    let crew = with_worker(|worker| {
        worker.filter(|worker| worker.current().is_some()).map(|worker| Arc::clone(worker.crew()))
    });
    if let Some(crew) = crew {
        crew.recorder.on_panic(&crew);
    }
}

fn name_fiber() {
    // It runs, so it does not end meanwhile.
    let Some(task) = with_worker(|worker| worker.and_then(|worker| worker.current())) else { return };
    let header = task.header();
    let (id, site) = (FiberId::new(header.id), header.site);
    match header.name() {
        Some(name) => eprintln!("\nsisal: fiber {id} '{name}', spawned at {site}, panics:"),
        None => eprintln!("\nsisal: fiber {id}, spawned at {site}, panics:"),
    }
}
