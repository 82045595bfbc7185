//! What every task has, whatever its closure: state, name, home, and how to run and free it.
//!
//! Knows nothing of the closure's type, which the vtable hides.
//!
//! Invariants:
//! 1. `home` is set before the first run and, unless started fibers migrate, never again. A post lives for ever.
//! 2. `record` is null until the first run, and points into the fiber's stack until the fiber has completed.

use super::refs::release;
use super::{Record, TaskRef};
use crate::panic_policy::Policy;
use crate::post::Post;
use crate::worker::live_again;
use sisal_base::sync::atomic::{AtomicPtr, Ordering};
use sisal_coro::Class;
use sisal_park::cancel::CancelScopes;
use sisal_park::{AgentId, Completed, JoinState, Word};
use sisal_queue::{Chained, Link};
use std::cell::Cell;
use std::panic::Location;
use std::ptr::{self, NonNull};
use std::sync::Arc;

/// What depends on the types of the closure and of its result.
pub(crate) struct VTable {
    /// Runs the closure, on the fiber's own stack, and stores what came of it. Does not unwind.
    pub(crate) run: unsafe fn(NonNull<Header>),
    /// Drops the closure of a task that will never run, and stores `reason` as if it had panicked with it.
    pub(crate) abandon: unsafe fn(NonNull<Header>, reason: String),
    /// Where the result is, or will be: a `Result<T, Payload>`.
    pub(crate) result: unsafe fn(NonNull<Header>) -> *mut (),
    /// Drops the stored result.
    pub(crate) drop_result: unsafe fn(NonNull<Header>),
    /// The fiber's last act, if it has one.
    pub(crate) last_act: Option<unsafe fn(NonNull<Header>)>,
    /// Frees the block.
    pub(crate) free: unsafe fn(NonNull<Header>),
}

/// Whether a fiber waits for a moment too.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Timed {
    /// Its timer is in no wheel.
    No,
    /// Its timer is in the wheel of the worker on which it waits.
    Armed,
    /// Its timer has fired since it was last armed.
    Fired,
}

/// Where a fresh task may start.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Start {
    Anywhere,
    /// On the worker to which it was sent so that homes are even, unless a fiber holds that one.
    Sent,
    /// On that worker alone.
    Here,
}

/// The part of a task that does not depend on its closure.
#[repr(C)]
pub(crate) struct Header {
    link: Link<Header>,
    pub(crate) word: Word,
    /// Never to be stolen: its closure may not leave the thread on which it was spawned.
    pub(crate) local: bool,
    /// Its submitter's while it is fresh, then that of whoever takes it.
    pub(crate) start: Cell<Start>,
    /// How deep its frames went when it parked last, in cache lines; 0 before, and if there are more than fit.
    depth: Cell<u8>,
    /// What has become of its timer. Here, and not asked of the timer, because a wake is over sooner if it does not touch the
    /// fiber's stack.
    pub(crate) timed: Cell<Timed>,
    home: AtomicPtr<Post>,
    record: Cell<*mut Record>,
    pub(super) state: JoinState,
    pub(crate) cancel: CancelScopes,
    pub(super) vtable: &'static VTable,
    pub(crate) id: AgentId,
    pub(crate) site: &'static Location<'static>,
    name: Option<Box<Box<str>>>,
    policy: Option<Arc<Policy>>,
    pub(crate) class: Class,
}

const _: () = assert!(size_of::<Header>() <= 128);

/// In what the depth of a stack is counted.
const LINE_BYTES: usize = 64;
/// By how much a fiber goes deeper in a run than where it parks.
const LINES_BELOW: usize = 8;

// SAFETY: `link` is a field, reached only by the owner of the chain or inbox in which the task stands.
unsafe impl Chained for Header {
    unsafe fn next(this: NonNull<Self>) -> NonNull<Link<Self>> {
        // SAFETY: the caller's promise that `this` lives.
        unsafe { NonNull::new_unchecked(&raw mut (*this.as_ptr()).link) }
    }
}

/// What a spawner may say about its fiber.
pub(crate) struct Traits {
    pub(crate) id: AgentId,
    pub(crate) site: &'static Location<'static>,
    pub(crate) name: Option<Box<str>>,
    pub(crate) policy: Option<Arc<Policy>>,
    pub(crate) class: Class,
    pub(crate) local: bool,
}

/// Writes each field of a struct where it belongs.
macro_rules! write_fields {
    ($place:expr, $type:ident { $($field:ident: $value:expr),* $(,)? }) => {
        $((&raw mut (*$place).$field).write($value);)*
        // All of them, or this does not compile.
        let $type { $($field: _),* } = &*$place;
    };
}

impl Header {
    /// Writes a fresh task's, with one reference for the scheduler and one for the handle. In its place, field by field: one that was put
    /// together elsewhere is copied from there by loads that are wider than the stores just made, for which the processor waits.
    ///
    /// # Safety
    /// `place` is room for it, and the caller's.
    #[inline(always)]
    pub(crate) unsafe fn write(place: *mut Self, vtable: &'static VTable, traits: Traits) {
        // SAFETY: the caller's promise.
        unsafe {
            write_fields!(
                place,
                Self {
                    link: Link::new(),
                    word: Word::running(),
                    local: traits.local,
                    start: Cell::new(Start::Anywhere),
                    depth: Cell::new(0),
                    timed: Cell::new(Timed::No),
                    state: JoinState::new(),
                    cancel: CancelScopes::new(),
                    vtable: vtable,
                    home: AtomicPtr::new(ptr::null_mut()),
                    record: Cell::new(ptr::null_mut()),
                    id: traits.id,
                    site: traits.site,
                    name: traits.name.map(Box::new),
                    policy: traits.policy,
                    class: traits.class,
                }
            );
        }
    }

    /// Whether its drop would do nothing, as that of most.
    #[inline(always)]
    pub(super) fn owns_nothing(&self) -> bool {
        self.name.is_none() & self.policy.is_none() & self.cancel.is_plain()
    }

    pub(crate) fn name(&self) -> Option<&str> {
        self.name.as_ref().map(|name| &***name)
    }

    /// What its runtime does about a panic that nobody joins, if that is not the default.
    pub(crate) fn policy(&self) -> Option<&Policy> {
        self.policy.as_deref()
    }

    /// The record on the fiber's stack; `None` for a fresh task. Only for the worker that runs the fiber, or under the
    /// lock of the live table.
    #[inline(always)]
    pub(crate) fn record(&self) -> Option<&Record> {
        // SAFETY: invariant 2.
        unsafe { self.record.get().as_ref() }
    }

    #[inline]
    pub(crate) fn set_record(&self, record: *mut Record) {
        self.record.set(record);
    }

    /// How many bytes of its stack its frames took when it parked last, if that is known. For advice.
    #[inline]
    pub(crate) fn depth(&self) -> Option<usize> {
        let lines = usize::from(self.depth.get());
        (lines > 0).then_some(lines * LINE_BYTES)
    }

    /// The fiber, which runs this, is about to park below the frame in which `place` lies.
    #[inline(always)]
    pub(crate) fn note_depth<T>(&self, place: &T) {
        let bytes = self.record.get().addr().wrapping_sub(ptr::from_ref(place).addr());
        // More: the line begun, the registers that the switch leaves below, and what the next wait calls before it parks. On another stack
        // it is too much by far.
        self.depth.set(u8::try_from(bytes / LINE_BYTES + LINES_BELOW).unwrap_or(0));
    }

    /// The mailbox of the worker that last ran the fiber, if it was started.
    #[inline(always)]
    pub(crate) fn home(&self) -> Option<&'static Post> {
        // Relaxed: who reads it as a waker has won the word's `PARKED`, whose Release came after the store.
        // SAFETY: invariant 1: null, or a mailbox that lives for ever.
        unsafe { self.home.load(Ordering::Relaxed).as_ref() }
    }

    #[inline]
    pub(crate) fn set_home(&self, post: &'static Post) {
        self.home.store(ptr::from_ref(post).cast_mut(), Ordering::Relaxed);
    }
}

/// A task as it stands in queues: a plain pointer, whose reference is the scheduler's own.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Task(NonNull<Header>);

// SAFETY: a fresh task's closure is `Send`, or the task is `local` and never enters a place from which others take. A
// started one travels to its home alone, through the inbox.
unsafe impl Send for Task {}

impl Task {
    /// The scheduler's pointer to a task.
    ///
    /// # Safety
    /// It owns the scheduler's one reference, so it is used until that is given back by [`Task::complete`].
    #[inline(always)]
    pub(crate) unsafe fn from_raw(header: NonNull<Header>) -> Self {
        Self(header)
    }

    #[inline(always)]
    pub(crate) fn as_ptr(self) -> NonNull<Header> {
        self.0
    }

    /// The header, for as long as the scheduler's reference is held, which is longer than any use here.
    #[inline(always)]
    pub(crate) fn header<'a>(self) -> &'a Header {
        // SAFETY: the scheduler's reference is held by whoever has a `Task`.
        unsafe { self.0.as_ref() }
    }

    /// Runs the closure, on the fiber's own stack.
    ///
    /// # Safety
    /// Called once, for a task that was not abandoned.
    #[inline]
    pub(crate) unsafe fn run(self) {
        // SAFETY: the caller's promise.
        unsafe { (self.header().vtable.run)(self.0) };
    }

    /// Ends a fresh task without running it, with `reason` as what `join` gives.
    pub(crate) fn abandon(self, reason: String) {
        debug_assert!(self.header().record().is_none());
        // SAFETY: it was never run; then the result is stored.
        unsafe {
            (self.header().vtable.abandon)(self.0, reason);
            self.complete(false);
        }
    }

    /// Drops the result if nobody can take it any more; whether it has.
    ///
    /// # Safety
    /// The result is stored, and was not dropped.
    #[inline]
    pub(crate) unsafe fn drop_unwanted(self) -> bool {
        let is_unwanted = self.header().state.is_unwanted();
        if is_unwanted {
            // SAFETY: the handle is gone for ever: the result is ours.
            unsafe { (self.header().vtable.drop_result)(self.0) };
        }
        is_unwanted
    }

    /// The result is stored and the fiber has nothing left to do: wakes who joins, drops the result if nobody can take it and
    /// it is not [dropped](Self::drop_unwanted) already, does the last act, gives the scheduler's reference back. What runs a
    /// user's code (the result's drop, the waker of an executor) does so in the fiber's name, so on the fiber, if it has one,
    /// in the live table, and before that reference.
    ///
    /// # Safety
    /// Called once; no touch of the task after it.
    pub(crate) unsafe fn complete(self, is_dropped: bool) {
        let header = self.header();
        let last_act = header.vtable.last_act;
        let waker = match header.state.complete(last_act.is_some()) {
            Completed::WakeLast(waker) => return waker.wake(),
            Completed::Done if last_act.is_none() => return,
            Completed::Done => None,
            Completed::Wake(waker) => Some(waker),
            Completed::Unwanted => {
                if !is_dropped {
                    // SAFETY: the handle is gone: the result is ours.
                    self.run_users(|| unsafe { (header.vtable.drop_result)(self.0) });
                }
                None
            }
        };
        if let Some(last_act) = last_act {
            // SAFETY: once, after all else.
            unsafe { last_act(self.0) };
        }
        // Outside of everything. An executor's waker may ask who runs, wait, and make fiber-locals; whoever it wakes may give
        // the handle's reference back meanwhile.
        match waker {
            Some(waker) if waker.is_foreign() => self.run_users(|| waker.wake()),
            Some(waker) => waker.wake(),
            None => {}
        }
        // SAFETY: the scheduler's reference.
        unsafe { release(self.0) };
    }

    /// Runs a user's code after the fiber's end.
    fn run_users(self, f: impl FnOnce()) {
        match self.header().record() {
            Some(record) => live_again(self, record, f),
            // Never started: there is no fiber.
            None => f(),
        }
    }

    /// A reference of its own, for a handle.
    pub(crate) fn to_ref(self) -> TaskRef {
        self.header().state.retain();
        // SAFETY: the reference just taken.
        unsafe { TaskRef::from_raw(self.0) }
    }
}
