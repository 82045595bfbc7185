//! The stack on which a thread's signal handlers run: a stack that has overflowed has no room for them.
//!
//! Knows nothing of what the handlers do.

use std::fmt;
use std::marker::PhantomData;
use std::mem;
use std::ptr;

use crate::os::{self, Span};

/// Room for the handler's own frames, beside what the kernel puts there: the report of an overflow formats numbers and
/// names, in debug builds too. (std gives its threads 8 KiB in all, which is just enough for std's own report.)
const FRAMES_BYTES: usize = 32 * 1024;

/// A thread's alternate signal stack. Dropping it puts back what the thread had before.
///
/// It belongs to the thread that armed it, so it is not `Send`.
#[must_use = "when it is dropped, the thread is as it was before"]
pub struct AltStack {
    /// `None`: the thread had a stack that is large enough.
    ours: Option<Ours>,
    /// It is the thread's: `!Send`.
    marker: PhantomData<*mut ()>,
}

struct Ours {
    /// The lowest byte of the mapping, which begins with a guard page.
    start: usize,
    bytes: usize,
    before: libc::stack_t,
}

impl AltStack {
    /// Sees to it that this thread has a signal stack that is large enough. Without memory for one, the thread goes on as
    /// it is, and an overflow ends the process without a word.
    pub(crate) fn arm() -> AltStack {
        let none = AltStack { ours: None, marker: PhantomData };
        let page = os::page_size();
        let wanted = (FRAMES_BYTES + os::signal_frame_bytes()).next_multiple_of(page);
        let before = current();
        if before.ss_flags & libc::SS_DISABLE == 0 && before.ss_size >= wanted {
            return none;
        }
        let bytes = page + wanted;
        let Ok(start) = os::reserve(bytes, 0) else { return none };
        let start = start.as_ptr().addr();
        // Without its guard it still does its work.
        let _ = os::protect(Span::new(start, page));
        let stack = libc::stack_t {
            ss_sp: ptr::with_exposed_provenance_mut(start + page),
            ss_flags: 0,
            ss_size: wanted,
        };
        // SAFETY: `stack` is memory of ours that stays until it is replaced again, in `drop`.
        if unsafe { libc::sigaltstack(&stack, ptr::null_mut()) } != 0 {
            // SAFETY: mapped above, known to nobody.
            unsafe { os::release(start, bytes) };
            return none;
        }
        AltStack { ours: Some(Ours { start, bytes, before }), marker: PhantomData }
    }
}

/// What the thread has now.
fn current() -> libc::stack_t {
    // SAFETY: a plain struct, for which zeros are a value.
    let mut stack: libc::stack_t = unsafe { mem::zeroed() };
    // SAFETY: a question; it writes to `stack` alone.
    let failed = unsafe { libc::sigaltstack(ptr::null(), &mut stack) };
    if failed != 0 {
        stack.ss_flags = libc::SS_DISABLE;
    }
    stack
}

impl Drop for AltStack {
    fn drop(&mut self) {
        let Some(ours) = &self.ours else { return };
        let page = os::page_size();
        if current().ss_sp.addr() == ours.start + page {
            // SAFETY: what was there before is still there: it is the thread's (or nothing: the flag says so).
            unsafe { libc::sigaltstack(&ours.before, ptr::null_mut()) };
        }
        // SAFETY: no longer the thread's signal stack, and no handler runs on it, since this code does not.
        unsafe { os::release(ours.start, ours.bytes) };
    }
}

impl fmt::Debug for AltStack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = self.ours.as_ref().map(|ours| ours.bytes);
        f.debug_struct("AltStack").field("bytes", &bytes).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_thread_has_what_it_had_before() {
        let before = current();
        let armed = AltStack::arm();
        let meanwhile = current();
        assert_eq!(meanwhile.ss_flags & libc::SS_DISABLE, 0);
        assert!(meanwhile.ss_size >= FRAMES_BYTES);
        let again = AltStack::arm();
        assert!(again.ours.is_none(), "one that is large enough is left alone");
        drop(again);
        assert_eq!(current().ss_sp, meanwhile.ss_sp);
        drop(armed);
        assert_eq!((current().ss_sp, current().ss_flags), (before.ss_sp, before.ss_flags));
    }
}
