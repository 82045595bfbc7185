//! What the overflow of a fiber's stack says: whose it was.
//!
//! Knows nothing of signals; `sisal-coro` catches the fault and calls this from its handler, where nothing may allocate or
//! lock.

use crate::current::with_worker;
use sisal_coro::overflow;

/// Installs the handler and the reporter; the first call does it for the process.
pub(crate) fn prepare() {
    overflow::install();
    overflow::set_reporter(report);
}

/// Names the fiber that runs on this thread.
fn report(_fault: usize, out: &mut dyn FnMut(&str)) {
    let task = with_worker(|worker| worker.and_then(|worker| worker.current()));
    let Some(task) = task else { return out("code on no fiber") };
    let header = task.header();
    out("fiber '");
    out(header.name().unwrap_or("(no name)"));
    out("' (spawned at ");
    out(header.site.file());
    for number in [header.site.line(), header.site.column()] {
        out(":");
        write_number(number, out);
    }
    out(")");
}

/// Decimal digits, without the allocations of a formatter.
fn write_number(number: u32, out: &mut dyn FnMut(&str)) {
    const DIGITS: [&str; 10] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    if number >= 10 {
        write_number(number / 10, out);
    }
    out(DIGITS[(number % 10) as usize]);
}
