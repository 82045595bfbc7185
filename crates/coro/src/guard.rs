//! Guards: the page at the bottom of each slot that faults when it is touched.
//!
//! Knows nothing of slabs and classes: addresses at a stride.

use std::io;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use crate::os::{self, Span};
use crate::refusal::Refusal;

/// How many guards one system call installs. Its cost of 0.2 µs is nothing beside 128 guards of 0.35 µs, and the list
/// of them (2 KiB) fits on any stack.
const CHUNK: usize = 128;

/// How many mappings are left to the rest of the program: to its allocator, its threads, its libraries. Without them,
/// the first large allocation after the last stack would fail, and that ends a program.
const MAPPINGS_LEFT: usize = 1_024;

/// How the guards of a pool are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GuardKind {
    /// Markers in the page table (`MADV_GUARD_INSTALL`, Linux 6.13 and later): no mapping of their own, 0.35 µs each in
    /// batches. Not possible on locked memory.
    Marker,
    /// Pages without access (`mprotect`): two mappings and 3 µs each, everywhere. Under Linux' default
    /// `vm.max_map_count` about 32,000 stacks are possible.
    Protect,
}

impl GuardKind {
    /// The better kind that this system has.
    pub(crate) fn detect() -> GuardKind {
        if os::can_install_guards() { GuardKind::Marker } else { GuardKind::Protect }
    }
}

/// The guards of one pool.
#[derive(Debug)]
pub(crate) struct Guards {
    /// Set at start, or by the first marker that is refused (memory that was locked since); never unset.
    protects: AtomicBool,
    /// Guards of the kind `Protect` that stand.
    protected: AtomicUsize,
}

/// How far [`Guards::lay`] came.
#[derive(Debug)]
pub(crate) struct Laid {
    /// So many slots have their guards.
    pub(crate) count: usize,
    /// Why the next has none, if it should.
    pub(crate) refusal: Option<Refusal>,
}

impl Guards {
    pub(crate) fn new(kind: GuardKind) -> Guards {
        Guards { protects: AtomicBool::new(kind == GuardKind::Protect), protected: AtomicUsize::new(0) }
    }

    pub(crate) fn kind(&self) -> GuardKind {
        // Relaxed: a hint; who reads it late tries a marker once more and is refused again.
        if self.protects.load(Ordering::Relaxed) { GuardKind::Protect } else { GuardKind::Marker }
    }

    /// Guards the lowest page of `count` slots, the first of which begins at `start`.
    pub(crate) fn lay(&self, start: usize, stride: usize, count: usize) -> Laid {
        let mut laid = 0;
        while laid < count {
            let first = start + laid * stride;
            let result = match self.kind() {
                GuardKind::Marker => self.mark(first, stride, CHUNK.min(count - laid)),
                GuardKind::Protect => self.protect(first).map(|()| 1),
            };
            match result {
                Ok(more) => laid += more,
                Err(refusal) => return Laid { count: laid, refusal: Some(refusal) },
            }
        }
        Laid { count: laid, refusal: None }
    }

    /// A guard that was laid is unmapped together with its stack.
    pub(crate) fn forget_one(&self) {
        if self.kind() == GuardKind::Protect {
            // Saturating: it may have been a marker, before this pool changed to `Protect`.
            let less = |count: usize| Some(count.saturating_sub(1));
            let _ = self.protected.fetch_update(Ordering::Relaxed, Ordering::Relaxed, less);
        }
    }

    /// Markers on `count` slots (at most [`CHUNK`]). `Ok(0)` means: not possible here, protect instead.
    fn mark(&self, first: usize, stride: usize, count: usize) -> Result<usize, Refusal> {
        let page = os::page_size();
        let mut spans = [Span::new(0, 0); CHUNK];
        for (index, span) in spans[..count].iter_mut().enumerate() {
            *span = Span::new(first + index * stride, page);
        }
        let Err((done, error)) = os::install_guards(&spans[..count]) else { return Ok(count) };
        if error.kind() == io::ErrorKind::InvalidInput {
            // Memory that `mlockall(MCL_FUTURE)` has locked, or a kernel without markers.
            self.protects.store(true, Ordering::Relaxed);
            return Ok(done);
        }
        if done > 0 {
            return Ok(done);
        }
        Err(Refusal::Memory { source: Some(error) })
    }

    fn protect(&self, slot: usize) -> Result<(), Refusal> {
        let mappings_max = mappings_max();
        let guards_max = mappings_max.map_or(usize::MAX, |limit| limit.saturating_sub(MAPPINGS_LEFT) / 2);
        if self.protected.load(Ordering::Relaxed) >= guards_max {
            return Err(Refusal::Mappings { mappings_max });
        }
        match os::protect(Span::new(slot, os::page_size())) {
            Ok(()) => {
                self.protected.fetch_add(1, Ordering::Relaxed);
                Ok(())
            }
            // The rest of the program has more mappings than were left to it.
            Err(_) => Err(Refusal::Mappings { mappings_max }),
        }
    }
}

fn mappings_max() -> Option<usize> {
    static ASKED: OnceLock<Option<usize>> = OnceLock::new();
    *ASKED.get_or_init(os::mappings_max)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `lay` needs to be tried on: `slots` slots of four pages.
    fn with_slots(slots: usize, test: impl Fn(usize, usize)) {
        let stride = 4 * os::page_size();
        let start = os::reserve(slots * stride, 0).expect("some pages").as_ptr().addr();
        test(start, stride);
        // SAFETY: mapped above, for this test alone.
        unsafe { os::release(start, slots * stride) };
    }

    #[test]
    fn both_kinds_lay_all_they_are_asked_to() {
        for kind in [GuardKind::Marker, GuardKind::Protect] {
            with_slots(300, |start, stride| {
                let guards = Guards::new(kind);
                let laid = guards.lay(start, stride, 300);
                assert_eq!(laid.count, 300);
                assert!(laid.refusal.is_none(), "{laid:?}");
            });
        }
    }

    #[test]
    fn a_guard_in_no_mapping_is_refused() {
        // Emulators refuse no advice.
        for kind in [GuardKind::detect(), GuardKind::Protect] {
            with_slots(3, |start, stride| {
                // SAFETY: mapped by `with_slots`, used by nobody. (Unmapping twice is harmless while nothing maps here.)
                unsafe { os::release(start + stride, 2 * stride) };
                let laid = Guards::new(kind).lay(start, stride, 3);
                assert_eq!(laid.count, 1, "{kind:?}");
                assert!(laid.refusal.is_some());
            });
        }
    }
}
