//! A worker that is held by its fiber: a wait that blocks the OS thread, as one inside of the panic hook does.
//!
//! Knows nothing of what is waited for. std holds a lock while it calls the hook; if others had the thread meanwhile, one of them that
//! sets another hook would wait for that lock with this very thread, on which the hook would have to go on. So nobody runs here
//! until the wait is over: who is woken by then is ready, the fresh tasks are for thieves, and the monitor reports the fiber
//! after a while, as it does any that gives no way. The fiber's word stays `RUNNING`, so a wake leaves a token and submits nothing.

use super::Worker;
use crate::current::with_worker;
use crate::hook_caller;
use crate::task::Command;
use std::thread;
use std::time::Duration;

/// Between two looks, since a token rings no bell. A socket that is ready, and so its waiter, is seen at once.
const PAUSE: Duration = Duration::from_millis(1);

/// Whether the running fiber, whose thread panics, is inside of the panic hook. In a simulation never: there a fiber that blocks the
/// one OS thread blocks whoever could wake it.
pub(crate) fn in_panic_hook() -> bool {
    with_worker(|worker| worker.is_some_and(|worker| worker.sim().is_none())) && hook_caller::is_on_stack()
}

/// Does for the running fiber what `command` says, without leaving its stack.
pub(crate) fn wait_with_thread(command: Command) {
    if command == Command::Yield {
        return thread::yield_now();
    }
    while !with_worker(|worker| worker.expect("a fiber runs on a worker").current_is_woken()) {}
}

impl Worker {
    /// Waits a little; whether the running fiber was woken by then, be it by its timer.
    fn current_is_woken(&self) -> bool {
        let task = self.current().expect("a fiber runs");
        self.fire_timers(self.now());
        let is_woken = task.header().word.take_token();
        if is_woken {
            self.undo_park(task);
        } else {
            self.turn_reactor(Some(PAUSE));
        }
        is_woken
    }
}
