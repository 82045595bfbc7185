//! sisal, staying home or with migration.

use crate::row::{Figures, Peer, Setup};
use sisal::runtime::{Builder, Runtime};

/// Runs `work` as a fiber.
pub fn run(setup: &Setup, work: impl FnOnce(&Setup) -> Figures + Send) -> Figures {
    run_with(Runtime::builder(), setup, work)
}

/// [`run`] on a runtime with settings of its own.
pub fn run_with(builder: Builder, setup: &Setup, work: impl FnOnce(&Setup) -> Figures + Send) -> Figures {
    let builder = builder.workers(setup.workers);
    let builder = match setup.peer {
        // SAFETY: the contract of `migrate_started_fibers`: no row keeps a thread-bound value, or a thread-local's address,
        // across a suspension.
        Peer::SisalMigrate => unsafe { builder.migrate_started_fibers(true) },
        _ => builder,
    };
    let runtime = builder.build().expect("sisal starts");
    let figures = runtime.run(|| work(setup));
    // Its workers live on until the process ends.
    runtime.leak();
    figures
}
