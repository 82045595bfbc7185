//! A fiber's life on its worker: its stack and record at the first run, its last steps, and what becomes of both.
//!
//! Knows nothing of whose turn it is.

use super::Worker;
use crate::current::with_worker;
use crate::lifecycle::NEVER_RAN;
use crate::task::{Record, Task};
use crate::trace::What;
use sisal_base::sync::atomic::Ordering;
use sisal_coro::{Resumable, Stack, Suspender, high_water};
use sisal_park::agent::install;
use std::io;
use std::ptr;

impl Worker {
    /// Gives a fresh task a stack and a home. `None` if there is no stack, or no more work is taken: then it has ended.
    #[inline(always)]
    pub(super) fn start(&self, task: Task) -> Option<&Record> {
        let header = task.header();
        if !self.crew.lifecycle.is_open() {
            self.abandon(task, NEVER_RAN.to_owned());
            return None;
        }
        if self.send_on(task) {
            return None;
        }
        let stack = match self.take_stack(header.class) {
            Ok(mut stack) => {
                self.fetch_stack_ahead(header.class);
                if let Some(ledger) = &self.crew.stack_use {
                    ledger.begin(&mut stack);
                }
                stack
            }
            Err(error) => {
                self.find_no_stack(task, &error);
                return None;
            }
        };
        Some(self.settle(task, stack))
    }

    /// Ends a task that cannot start.
    #[cold]
    fn find_no_stack(&self, task: Task, error: &io::Error) {
        // Relaxed, as wherever it is used: a spawn that reads it late is told at `join` instead. The first in a row is
        // told to the reader of stderr as well, since a payload that is unwrapped shows nothing.
        if !self.crew.is_out_of_stacks.swap(true, Ordering::Relaxed) {
            eprintln!("sisal: no stack for the fiber spawned at {}: {error}", task.header().site);
        }
        self.abandon(task, format!("no stack for this fiber: {error}"));
    }

    /// Writes the record into the stack's own top page.
    #[inline]
    fn settle(&self, task: Task, stack: Stack) -> &Record {
        let header = task.header();
        let place = stack.header().cast::<Record>();
        header.set_home(self.post);
        header.set_record(place.as_ptr());
        // SAFETY: the stack's header room is ours, large and aligned enough (asserted beside `Record`); the record stays
        // until `retire`, and is there before the table shows the task. It is our own table, and lives as long as our fibers.
        let (record, index) = unsafe {
            let table = &self.crew.members[self.index].live;
            place.write(Record::new(table, header.class));
            (place.as_ref(), table.enter(task))
        };
        record.live_index.set(index);
        let resumable = Resumable::new(stack, move |suspender| body(task, suspender));
        // SAFETY: nobody else looks at it before the first resume.
        unsafe { *record.resumable.get() = Some(resumable) };
        record
    }

    /// The fiber that runs has no code of its user's left to run, and may give its task back.
    #[inline(always)]
    fn leave_live(&self, record: &Record) {
        // SAFETY: where fibers stay home, this is the table's own worker.
        unsafe { record.table().leave(|| record.live_index.get()) };
        self.set_ending(true);
    }

    /// Ends a task that never ran. Its closure's captures are dropped here, outside any fiber.
    #[cold]
    fn abandon(&self, task: Task, reason: String) {
        // SAFETY: no agent but the thread's own speaks here.
        let before = unsafe { install(None) };
        task.abandon(reason);
        // SAFETY: as it was.
        unsafe { install(before) };
        self.crew.lifecycle.has_moved();
    }

    /// Takes a finished fiber apart: its stack goes back to the cache. Its task has completed and may be gone.
    #[inline]
    pub(super) fn retire(&self, record: &Record) {
        // SAFETY: the fiber has ended; nobody else touches its computation.
        let stack = Resumable::take_stack(unsafe { &mut *record.resumable.get() });
        let stack = stack.expect("a fiber that has ended had a stack");
        let place = std::ptr::from_ref(record).cast_mut();
        // What else owns anything has just been taken out.
        if !record.locals.are_unused() {
            // SAFETY: the fiber has left the live table and its header: nobody reaches the record any more, and `stack`, in
            // which it is, is still ours.
            unsafe { place.drop_in_place() };
        }
        self.give_stack(stack);
        self.counters.finished.add(1);
        if self.attention.is_traced() {
            self.tell(What::End);
        }
        if self.crew.is_out_of_stacks.load(Ordering::Relaxed) {
            // There is one now, if only for fibers of this worker.
            self.crew.is_out_of_stacks.store(false, Ordering::Relaxed);
        }
        if !self.crew.lifecycle.is_open() {
            self.crew.lifecycle.has_moved();
        }
    }
}

/// Calls `f`, which is a user's and may wait, while `task`, which runs here and has left the live table, stands in it again.
#[cold]
pub(crate) fn live_again(task: Task, record: &Record, f: impl FnOnce()) {
    with_worker(|worker| {
        let worker = worker.expect("a fiber runs on a worker");
        worker.set_ending(false);
        // SAFETY: as in `leave_live`.
        record.live_index.set(unsafe { record.table().enter(task) });
    });
    f();
    record.locals.destroy();
    with_worker(|worker| worker.expect("a fiber runs on a worker").leave_live(record));
}

/// The outermost frame of each fiber.
fn body(task: Task, suspender: &Suspender) {
    let record = task.header().record().expect("a fiber that runs has a record");
    record.suspender.set(suspender);
    // SAFETY: once a fiber, and this is its stack.
    unsafe { task.run() };
    // SAFETY: `run` has stored the result.
    let is_dropped = unsafe { task.drop_unwanted() };
    record.locals.destroy();
    with_worker(|worker| {
        let worker = worker.expect("a fiber runs on a worker");
        if let Some(ledger) = &worker.crew.stack_use {
            let header = task.header();
            // The record borders on the first frames.
            ledger.end(header.site, header.class, high_water(ptr::from_ref(record).addr(), header.class));
        }
        worker.leave_live(record);
    });
    // SAFETY: `run` has stored the result; once, as the last thing.
    unsafe { task.complete(is_dropped) };
}
