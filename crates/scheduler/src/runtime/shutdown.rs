//! The end of a runtime: asked, waited for, and what is left is leaked and named.
//!
//! Knows nothing of how fibers notice that they are asked. Nothing is ever unwound by force.

use super::{Threads, grace};
use crate::crew::Crew;
use crate::current::with_worker;
use crate::fiber::now;
use crate::task::Header;
use crate::worker::Worker;
use sisal_coro::Pool;
use sisal_park::Reason;
use std::fmt;
use std::panic::Location;
use std::sync::Arc;
use std::time::Duration;

/// A fiber that had not ended when its runtime was shut down.
#[derive(Clone, Debug)]
pub struct Leaked {
    /// Its name, if it had one.
    pub name: Option<String>,
    /// Where it was spawned.
    pub spawned_at: &'static Location<'static>,
    /// What it waits for; `None` if it runs.
    pub waits_for: Option<Reason>,
}

impl Leaked {
    pub(crate) fn of(header: &Header) -> Self {
        let reason = header.record().map(|record| record.reason.get());
        Self {
            name: header.name().map(str::to_owned),
            spawned_at: header.site,
            waits_for: reason.filter(|_| header.word.is_parked()),
        }
    }
}

/// The fibers that had not ended at the deadline of a shutdown. They are leaked.
#[derive(Clone, Debug)]
pub struct StillRunning {
    /// One entry a fiber.
    pub fibers: Vec<Leaked>,
    /// Workers that a fiber has not given back.
    pub hogged_workers: usize,
}

impl fmt::Display for StillRunning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const SHOWN_MAX: usize = 10;
        write!(f, "{} fibers had not ended and are leaked", self.fibers.len())?;
        if self.hogged_workers > 0 {
            write!(f, ", {} workers were not given back", self.hogged_workers)?;
        }
        for fiber in self.fibers.iter().take(SHOWN_MAX) {
            let name = fiber.name.as_deref().unwrap_or("(no name)");
            write!(f, "; {name}, spawned at {}, ", fiber.spawned_at)?;
            match fiber.waits_for {
                Some(reason) => write!(f, "waits: {reason}")?,
                None => f.write_str("runs")?,
            }
        }
        if self.fibers.len() > SHOWN_MAX {
            write!(f, "; and {} more", self.fibers.len() - SHOWN_MAX)?;
        }
        Ok(())
    }
}

impl std::error::Error for StillRunning {}

/// Shuts `crew` down, whose threads these are. It may have been closed before, by its policy for panics.
pub(super) fn shut_down(crew: &Arc<Crew>, threads: Threads, timeout: Duration) -> Result<(), StillRunning> {
    crew.lifecycle.close(crew);
    // A deadline that no clock can show is none.
    let deadline = now().checked_add(timeout);
    // On one of its own fibers it does not wait for that fiber, nor for that fiber's worker.
    let own = with_worker(|worker| worker.filter(|worker| worker.serves(crew)).map(Worker::index));
    crew.lifecycle.wait_for_fibers(crew, usize::from(own.is_some()), deadline);
    crew.lifecycle.stop(crew, own);
    grace::wait_for_workers(crew, own);
    // It has not ended, as the others, and so has not said who lives there.
    with_worker(|worker| {
        let is_own = |worker: &&Worker| Some(worker.index()) == own;
        worker.filter(is_own).into_iter().for_each(Worker::report_live);
    });
    let fibers: Vec<_> =
        crew.members.iter().flat_map(|member| std::mem::take(&mut *member.leaked.lock())).collect();
    crew.blocking.stop();
    crew.monitor.stop();
    release(crew, threads, own.is_some());
    crew.recorder.on_end(crew);
    if let Some(ledger) = &crew.stack_use {
        ledger.print();
    }
    let hogged_workers =
        crew.members.iter().filter(|member| !member.is_ended()).count() - usize::from(own.is_some());
    if fibers.is_empty() && hogged_workers == 0 {
        return Ok(());
    }
    Err(StillRunning { fibers, hogged_workers })
}

/// Joins the threads that have come to their end and closes their reactors. Whoever has a leaked fiber keeps everything.
fn release(crew: &Arc<Crew>, threads: Threads, on_own_fiber: bool) {
    let mut whole = true;
    let mut threads_of_workers = threads.workers.into_iter();
    for member in &crew.members {
        // None if the system has given no thread.
        let thread = threads_of_workers.next();
        if member.is_ended() && member.live.count() == 0 {
            let _ = thread.map(std::thread::JoinHandle::join);
            member.reactor.close();
            member.post.disconnect();
        } else {
            whole = false;
        }
    }
    if let Some(monitor) = threads.monitor {
        let _ = monitor.join();
    }
    // Its monitor might have been the last.
    while Pool::global().trim() > 0 {}
    if !whole || on_own_fiber {
        // Wakers of leaked fibers, and hogged workers, still reach into it.
        std::mem::forget(Arc::clone(crew));
    }
}
