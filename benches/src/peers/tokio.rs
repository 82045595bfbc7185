//! tokio's multi-threaded runtime.

use crate::row::{Figures, Setup};
use std::future::Future;
use std::mem;
use tokio::runtime::Builder;

/// Runs `work` as a task.
pub fn run<F>(setup: &Setup, work: F) -> Figures
where
    F: Future<Output = Figures> + Send + 'static,
{
    let runtime =
        Builder::new_multi_thread().worker_threads(setup.workers).enable_all().build().expect("tokio starts");
    let figures = runtime.block_on(async { tokio::spawn(work).await.expect("the row holds") });
    mem::forget(runtime);
    figures
}
