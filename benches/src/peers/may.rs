//! may.

use crate::row::{Figures, Setup};
use may::go;

/// Stacks that may keeps. With its default of 1,000 each further coroutine maps a stack of its own.
const POOL_CAPACITY: usize = 10_000;

/// Runs `work` as a coroutine.
pub fn run(setup: &Setup, work: impl FnOnce(&Setup) -> Figures + Send + 'static) -> Figures {
    may::config().set_workers(setup.workers).set_pool_capacity(POOL_CAPACITY);
    let setup = *setup;
    go!(move || work(&setup)).join().expect("the row holds")
}
