//! An agent's own end: whether somebody has asked it to end, and who is told of that.
//!
//! Knows nothing of frames. See `mod.rs` for the protocol, and the table of `root`.

use super::flag::{CancelFlag, Listener, Target};
use sisal_base::sync::atomic::{AtomicPtr, Ordering};
use sisal_base::{const_new, fault, ordering};
use std::pin::Pin;
use std::ptr;
use std::sync::Arc;

const ASKED: *mut CancelFlag = ptr::without_provenance_mut(1);
const NOTICED: *mut CancelFlag = ptr::without_provenance_mut(2);

const _: () = assert!(align_of::<CancelFlag>() > 2, "no flag is where the marks of `root` are");

fn is_mark(word: *mut CancelFlag) -> bool {
    word == ASKED || word == NOTICED
}

/// The word of that name: a mark, null, or with a count of its own the flag to raise, which is one of
///
/// - the one flag that is outermost;
/// - the agent's *shared* flag, which tells several outermost ones, on stacks that do not see each other. Each of them has a
///   listener for that, `beside`.
///
/// Invariant: the agent itself may look into what stands there, since a frame of its own keeps that alive: the flag's, or those
/// which the shared one tells, the last of which takes it out.
pub(super) struct Root(AtomicPtr<CancelFlag>);

/// An agent was asked to end. Pass it on, then wake it, outside of any lock: whoever is woken finds all below it raised.
#[must_use = "what its fibers run in their scopes is to end too"]
#[derive(Debug)]
pub struct Asked(Option<Arc<CancelFlag>>);

impl Asked {
    /// Raises what the agent had opened.
    pub fn pass_on(self) {
        if let Some(flag) = self.0 {
            flag.raise();
        }
    }
}

impl Root {
    const_new! {
        /// Not asked, and nobody is to be told.
        pub(super) const fn new() -> Root {
            Root(AtomicPtr::new(ptr::null_mut()))
        }
    }

    /// Not asked, and nobody is to be told.
    #[inline(always)]
    pub(super) fn is_null(&self) -> bool {
        self.0.load(Ordering::Relaxed).is_null()
    }

    /// Asks the agent to end, from any thread; `None` if that was done before.
    pub(super) fn ask(&self) -> Option<Asked> {
        let mut word = self.0.load(Ordering::Relaxed);
        loop {
            if is_mark(word) {
                return None;
            }
            // Release: what the canceller did before; pairs with the Acquire in `is_asked`. Acquire: the flag's count, which
            // is ours from here on (pairs with `put`).
            match self.0.compare_exchange_weak(word, ASKED, Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) if word.is_null() => return Some(Asked(None)),
                // SAFETY: put there by `put` with a count, which who takes it out owns.
                Ok(_) => return Some(Asked(Some(unsafe { Arc::from_raw(word) }))),
                Err(seen) => word = seen,
            }
        }
    }

    pub(super) fn is_asked(&self) -> bool {
        // Acquire: pairs with the Release in `ask`.
        is_mark(self.0.load(ordering!(Acquire, "cancel.is_asked.relaxed" => Relaxed)))
    }

    /// Asked, and no wait has returned early for that.
    pub(super) fn is_unnoticed(&self) -> bool {
        self.0.load(Ordering::Relaxed) == ASKED
    }

    /// `ASKED => NOTICED`, by the agent alone.
    pub(super) fn notice(&self) {
        let _ = self.0.compare_exchange(ASKED, NOTICED, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// Sees to it that `flag`, an outermost one, is told when the agent is asked, by way of `beside` if it is not the only one.
    /// To be ended by [`take`](Self::take), while both are in place.
    pub(super) fn put(&self, flag: &Arc<CancelFlag>, beside: Pin<&Listener>) {
        let own = Arc::into_raw(Arc::clone(flag)).cast_mut();
        if fault!("cancel.put_root.blind") {
            self.0.swap(own, Ordering::AcqRel);
            return;
        }
        // null => flag. Release: pairs with the Acquire in `ask`.
        let result = self.0.compare_exchange(ptr::null_mut(), own, Ordering::Release, Ordering::Acquire);
        let Err(seen) = result else {
            flag.beside.store(ptr::from_ref(beside.get_ref()).cast_mut(), Ordering::Relaxed);
            return;
        };
        // SAFETY: the count just made, which nobody has seen.
        drop(unsafe { Arc::from_raw(own) });
        if is_mark(seen) || !self.put_beside(seen, flag, beside) {
            flag.raise();
        }
    }

    /// `put`, where `seen` stands already; `false` if the agent is asked meanwhile.
    #[cold]
    fn put_beside(&self, seen: *mut CancelFlag, flag: &Arc<CancelFlag>, beside: Pin<&Listener>) -> bool {
        // SAFETY: the invariant: a frame of this agent, which runs, has a count.
        let seen_flag = unsafe {
            Arc::increment_strong_count(seen);
            Arc::from_raw(seen)
        };
        let first = seen_flag.beside.load(Ordering::Relaxed);
        if first.is_null() {
            return beside.listen(&seen_flag, Target::Flag(Arc::downgrade(flag)));
        }
        // SAFETY: the flag stands here by itself: its frame is open, and `beside` in place until that has called `take`.
        let first = unsafe { Pin::new_unchecked(&*first) };
        let shared = Arc::new(CancelFlag::new());
        for (listener, flag) in [(first, &seen_flag), (beside, flag)] {
            let is_told = listener.listen(&shared, Target::Flag(Arc::downgrade(flag)));
            debug_assert!(is_told, "nobody has raised it yet");
        }
        let own = Arc::into_raw(shared).cast_mut();
        // flag => shared. Release: as in `put`. Acquire: the flag's count, as in `ask`.
        let result = self.0.compare_exchange(seen, own, Ordering::AcqRel, Ordering::Relaxed);
        let ours = if result.is_ok() { seen } else { own };
        // SAFETY: the count that `put` has left there, and we have taken out; or the one just made, which nobody has seen.
        drop(unsafe { Arc::from_raw(ours) });
        result.is_ok() || fault!("cancel.put_root.forgets")
    }

    /// Ends what [`put`](Self::put) has begun.
    pub(super) fn take(&self, flag: &Arc<CancelFlag>, beside: &Listener) {
        self.take_out(flag);
        if let Some(shared) = beside.flag() {
            beside.leave();
            if shared.has_no_listeners() {
                self.take_out(&shared);
            }
        }
    }

    /// flag => null, if it is that flag.
    fn take_out(&self, flag: &Arc<CancelFlag>) {
        let own = Arc::as_ptr(flag).cast_mut();
        // Relaxed: the count is ours, and orders its own end.
        if self.0.compare_exchange(own, ptr::null_mut(), Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            // SAFETY: the count that `put` has left there; who asks has not taken it.
            drop(unsafe { Arc::from_raw(own) });
        }
    }
}

impl Drop for Root {
    fn drop(&mut self) {
        // Frames may be left on a stack that is suspended, and their flag here with them.
        let word = self.0.load(Ordering::Relaxed);
        if !word.is_null() && !is_mark(word) {
            // SAFETY: the count that `put` has left there; nobody else reaches an agent that ends.
            drop(unsafe { Arc::from_raw(word) });
        }
    }
}
