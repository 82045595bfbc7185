//! What only a started fiber needs, at the top of its own stack, so that a parked fiber touches one page.
//!
//! Knows nothing of the frames below it.
//!
//! Every field belongs to the worker that runs the fiber, or to the fiber while it runs, which is the same OS thread.

use crate::dump::Photo;
use crate::live::LiveTable;
use crate::local::Locals;
use crate::spans;
use crate::timer::Timer;
use crate::worker;
use sisal_coro::{Class, Resumable, Suspender, panics, usable};
use sisal_park::Reason;
use std::cell::{Cell, UnsafeCell};
use std::ptr::NonNull;

/// What a fiber asks of its worker when it suspends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Command {
    /// Run me again, after the others.
    Yield,
    /// Mark me as parked, unless a wake has come.
    Park,
}

/// A started fiber's own data.
pub(crate) struct Record {
    /// The computation; taken out when it has finished.
    pub(crate) resumable: UnsafeCell<Option<Resumable>>,
    pub(crate) suspender: Cell<*const Suspender>,
    pub(crate) command: Cell<Command>,
    pub(crate) reason: Cell<Reason>,
    /// The monitor's tick at which it parked last.
    pub(crate) parked_at: Cell<u32>,
    pub(crate) class: Class,
    /// To take a photograph, once it is resumed, and to suspend again; null otherwise.
    pub(crate) order: Cell<*mut Photo>,
    /// The live table in which the fiber stands, and where there.
    table: NonNull<LiveTable>,
    pub(crate) live_index: Cell<usize>,
    /// It waits while a panic unwinds its frames, which ties it to its thread even where started fibers migrate.
    pub(crate) unwinding: Cell<bool>,
    /// On whose tape its name stands, and what that tape said of it.
    pub(crate) named: Cell<(u32, u32)>,
    pub(crate) timer: Timer,
    pub(crate) locals: Locals,
}

const _: () = assert!(size_of::<Record>() <= sisal_coro::HEADER_BYTES);
const _: () = assert!(align_of::<Record>() <= 64);

impl Record {
    /// Of a fiber that stands in `table`.
    ///
    /// # Safety
    /// The table lives as long as the fiber.
    #[inline(always)]
    pub(crate) unsafe fn new(table: &LiveTable, class: Class) -> Self {
        Self {
            resumable: UnsafeCell::new(None),
            suspender: Cell::new(std::ptr::null()),
            command: Cell::new(Command::Yield),
            reason: Cell::new(Reason::Park),
            parked_at: Cell::new(0),
            class,
            order: Cell::new(std::ptr::null_mut()),
            table: NonNull::from(table),
            live_index: Cell::new(0),
            unwinding: Cell::new(false),
            named: Cell::new((0, 0)),
            timer: Timer::new(),
            locals: Locals::new(),
        }
    }

    /// The live table in which the fiber stands.
    #[inline(always)]
    pub(crate) fn table(&self) -> &LiveTable {
        // SAFETY: the promise of `new`.
        unsafe { self.table.as_ref() }
    }

    /// What a park leaves the stack by; `None` if there is more to lay down, for [`park_aside`](Self::park_aside).
    #[inline(always)]
    pub(crate) fn begin_park(&self) -> Option<&Suspender> {
        if std::thread::panicking() || spans::are_entered() {
            return None;
        }
        self.command.set(Command::Park);
        Some(self.suspender())
    }

    /// Leaves the fiber's stack until it is woken, for one that panics or has entered spans. [`end_park`](Self::end_park) follows.
    #[cold]
    #[inline(never)]
    pub(crate) fn park_aside(&self) {
        self.suspend_by(Command::Park, || {
            self.switch(Command::Park);
            self.end_park();
        });
    }

    /// Whether it was resumed to take a photograph.
    #[inline(always)]
    pub(crate) fn has_order(&self) -> bool {
        !self.order.get().is_null()
    }

    /// Takes photographs, as long as it was resumed for that.
    #[inline]
    pub(crate) fn end_park(&self) {
        while self.has_order() {
            self.obey();
        }
    }

    #[cold]
    #[inline(never)]
    fn obey(&self) {
        // The record borders on the first frames.
        let stack = usable(std::ptr::from_ref(self).addr(), self.class);
        // SAFETY: the worker that gave the order waits for us, and does not touch it meanwhile.
        unsafe { &mut *self.order.get() }.take(stack);
        self.switch(Command::Park);
    }

    /// Leaves the fiber's stack, with `command` for its worker, until it is resumed.
    ///
    /// Inlined for the return predictor's sake: one call deeper costs 15 ns a switch.
    #[inline(always)]
    pub(crate) fn suspend(&self, command: Command) {
        self.suspend_by(command, || self.switch(command));
    }

    #[inline(always)]
    fn suspend_by(&self, command: Command, switch: impl FnOnce()) {
        // One relaxed load as long as nothing panics anywhere.
        if std::thread::panicking() {
            return self.suspend_panicking(command, switch);
        }
        if spans::are_entered() {
            return suspend_in_spans(switch);
        }
        switch();
    }

    /// Lays the thread's panic count down while others have the thread; or, inside of the panic hook, keeps the thread.
    #[cold]
    fn suspend_panicking(&self, command: Command, switch: impl FnOnce()) {
        if worker::in_panic_hook() {
            return worker::wait_with_thread(command);
        }
        self.unwinding.set(true);
        let count = panics::lay_down();
        suspend_in_spans(switch);
        panics::take_up(count);
        self.unwinding.set(false);
    }

    #[inline(always)]
    fn switch(&self, command: Command) {
        self.command.set(command);
        self.suspender().suspend();
    }

    #[inline(always)]
    fn suspender(&self) -> &Suspender {
        // SAFETY: set by the fiber's body before any of its code ran, and valid until the body has returned; this is that
        // fiber's own code.
        unsafe { &*self.suspender.get() }
    }
}

/// Leaves the spans that the fiber has entered while others have the thread.
fn suspend_in_spans(switch: impl FnOnce()) {
    let left = spans::leave();
    switch();
    left.enter();
}
