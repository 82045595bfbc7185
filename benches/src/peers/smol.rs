//! smol: one executor, run by as many threads as the row has workers.

use crate::row::{Figures, Setup};
use smol::{Executor, Task};
use std::future::{Future, pending};
use std::thread;

static EXECUTOR: Executor<'static> = Executor::new();

/// Spawns a task on the row's executor.
pub fn spawn<T: Send + 'static>(future: impl Future<Output = T> + Send + 'static) -> Task<T> {
    EXECUTOR.spawn(future)
}

/// Runs `work` as a task.
pub fn run(setup: &Setup, work: impl Future<Output = Figures> + Send + 'static) -> Figures {
    for _ in 0..setup.workers {
        thread::spawn(|| smol::block_on(EXECUTOR.run(pending::<()>())));
    }
    smol::block_on(EXECUTOR.spawn(work))
}
