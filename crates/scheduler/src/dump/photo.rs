//! A photograph: a parked fiber looks at its own frames.
//!
//! Knows nothing of workers. One of them resumes the fiber with the order to take a photograph; the fiber does, in its `park`, and suspends
//! again. Its word is not touched, so it is as parked as before, and who wakes it meanwhile finds nothing changed: that wake is left at the
//! post of the worker, which is busy with this.
//!
//! To walk the frames takes some KiB, which the fiber may not have: it is done on another stack. Only addresses are taken; whoever dumps
//! finds the names.

use sisal_coro::{Stack, call_on};
use std::ops::Range;

/// The most frames of one fiber.
const FRAMES_MAX: usize = 64;
/// What a fiber needs on its own stack to go to the other one.
const ROOM_MIN: usize = 1024;

/// The order, and what comes of it.
pub(crate) struct Photo {
    /// The stack on which the frames are walked.
    scratch: Stack,
    /// The instructions to which the frames return, the innermost first.
    pub(crate) frames: Vec<usize>,
    /// The bytes of its own stack that the fiber uses; `None` if it has parked on another one.
    pub(crate) used: Option<usize>,
    /// It has too little stack left to walk its frames.
    pub(crate) lacks_room: bool,
}

impl Photo {
    pub(crate) fn new(scratch: Stack) -> Self {
        Self { scratch, frames: Vec::with_capacity(FRAMES_MAX), used: None, lacks_room: false }
    }

    pub(crate) fn into_stack(self) -> Stack {
        self.scratch
    }

    /// Forgets the last one.
    pub(crate) fn clear(&mut self) {
        self.frames.clear();
        self.used = None;
        self.lacks_room = false;
    }

    /// Takes it. Called by the fiber, whose own stack is `stack`.
    #[cold]
    #[inline(never)]
    pub(crate) fn take(&mut self, stack: Range<usize>) {
        let here = (&raw const stack).addr();
        self.used = stack.contains(&here).then(|| stack.end - here);
        self.lacks_room = stack.contains(&here) && here - stack.start < ROOM_MIN;
        if self.lacks_room {
            return;
        }
        let (scratch, frames) = (self.scratch.usable(), &mut self.frames);
        call_on(&mut self.scratch, || walk(&scratch, &stack, frames));
    }
}

/// Walks from the scratch stack through whatever lies between to the fiber's own, and to its end; the frames below are the worker's.
fn walk(scratch: &Range<usize>, stack: &Range<usize>, frames: &mut Vec<usize>) {
    let mut on_own = false;
    // SAFETY: unsynchronised concerns Windows' library alone.
    unsafe {
        backtrace::trace_unsynchronized(|frame| {
            let at = frame.sp().addr();
            if on_own && !stack.contains(&at) {
                return false;
            }
            on_own |= stack.contains(&at);
            if !scratch.contains(&at) {
                frames.push(frame.ip().addr());
            }
            frames.len() < FRAMES_MAX
        });
    }
}
