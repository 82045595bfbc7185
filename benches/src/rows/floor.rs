//! What does a million stacks' memory alone take: the guard and the page fault of each, and later the way of its lines to the
//! processor's cache and back?
//!
//! Guards as sisal's are made: markers in the page table, a thousand slots a call.

use crate::row::{Figures, Setup};
use std::io::Error;
use std::ptr;
use std::time::Instant;

/// Bytes from one stack to the next, as sisal's smallest class has them.
const SLOT: usize = 64 * 1024;
/// Guards that one call installs.
const BATCH: usize = 1_024;
/// `PIDFD_SELF`: this process, where a call wants a descriptor of one.
const THIS_PROCESS: i64 = -10_000;
const MADV_GUARD_INSTALL: i32 = 102;
/// Cache lines of its stack that a fiber writes to which starts and waits in a `recv` (counted under valgrind's lackey), and
/// their size. What it takes on the heap is not counted here.
const LINES: usize = 17;
const LINE: usize = 64;
/// Stacks differ in which lines of their top page they begin with: 32 ways.
const COLOURS: usize = 32;

/// Maps `params[0]` slots, guards each and writes to the last page of each, as the first push on a stack does. Then writes to
/// as many lines of each as a fiber does that starts, and once more, as when it ends.
pub(super) fn page_and_guard(setup: &Setup) -> Figures {
    // SAFETY: asks a question.
    let page = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).expect("pages have a size");
    let slots = setup.ops(setup.params[0]);
    let (protection, flags) =
        (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE);
    // SAFETY: a new mapping wherever the kernel likes.
    let slab = unsafe { libc::mmap(ptr::null_mut(), slots * SLOT, protection, flags, -1, 0) };
    assert!(slab != libc::MAP_FAILED, "cannot map: {}", Error::last_os_error());
    // SAFETY: the mapping above.
    unsafe { libc::madvise(slab, slots * SLOT, libc::MADV_NOHUGEPAGE) };
    let slab = slab.cast::<u8>();
    let began = Instant::now();
    for first in (0..slots).step_by(BATCH) {
        let batch: Vec<libc::iovec> = (first..slots.min(first + BATCH))
            .map(|slot| libc::iovec { iov_base: slab.wrapping_add(slot * SLOT).cast(), iov_len: page })
            .collect();
        guard(&batch, page);
        for slot in &batch {
            let top = slot.iov_base.cast::<u8>().wrapping_add(SLOT - 1);
            // SAFETY: the last byte of a slot of the mapping, which nobody else knows.
            unsafe { top.write_volatile(1) };
        }
    }
    let each = |began: Instant| began.elapsed().as_nanos() as f64 / slots as f64;
    let mut figures = vec![("create_ns", each(began))];
    for figure in ["create_warm_ns", "drain_ns"] {
        let began = Instant::now();
        for slot in 0..slots {
            let top = (slot + 1) * SLOT - (slot % COLOURS) * LINE;
            for line in 1..=LINES {
                // SAFETY: 48 lines at most below the end of a slot of the mapping, which nobody else knows.
                unsafe { slab.wrapping_add(top - line * LINE).write_volatile(2) };
            }
        }
        figures.push((figure, each(began)));
    }
    figures
}

fn guard(batch: &[libc::iovec], page: usize) {
    // SAFETY: pages of our own mapping, into which nobody looks.
    let guarded = unsafe {
        libc::syscall(
            libc::SYS_process_madvise,
            THIS_PROCESS,
            batch.as_ptr(),
            batch.len(),
            MADV_GUARD_INSTALL,
            0,
        )
    };
    let wanted = i64::try_from(batch.len() * page).expect("a few megabytes");
    assert!(guarded == wanted, "no guards on this kernel: {}", Error::last_os_error());
}
