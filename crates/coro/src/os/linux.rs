//! Linux: guard markers in the page table, and advice on many ranges in one call.

use std::io;
use std::ptr::NonNull;

use super::posix::{self, Span};

/// Since Linux 6.13; not yet in `libc`.
const MADV_GUARD_INSTALL: libc::c_int = 102;

/// "This very process", where a pidfd is asked for. Since Linux 6.14; older kernels say EBADF.
const PIDFD_SELF: libc::c_int = -10_000;

/// Maps `bytes` bytes for stacks, and shows that `headroom` more would have fitted.
pub(crate) fn reserve(bytes: usize, headroom: usize) -> io::Result<NonNull<u8>> {
    let start = posix::map(bytes, headroom, libc::MAP_STACK | libc::MAP_NORESERVE)?;
    // A huge page under stacks of one page each would multiply their memory. A kernel without huge pages says EINVAL,
    // which is as good.
    // SAFETY: advice on memory mapped just above.
    unsafe { libc::madvise(start.as_ptr().cast(), bytes, libc::MADV_NOHUGEPAGE) };
    Ok(start)
}

/// Whether this kernel has guard markers, and lets this process have them: tried on a page of its own. (Emulators take
/// advice they do not know for granted, so it is not enough to be told yes.)
pub(crate) fn can_install_guards() -> bool {
    let page = posix::page_size();
    let Ok(start) = reserve(page, 0) else { return false };
    let span = Span::new(start.as_ptr().addr(), page);
    let stands = advise_one(span, MADV_GUARD_INSTALL).is_ok() && is_unwritable(span);
    // SAFETY: mapped just above, known to nobody.
    unsafe { posix::release(start.as_ptr().addr(), page) };
    stands
}

/// Whether a system call that is to write there says EFAULT.
fn is_unwritable(span: Span) -> bool {
    // SAFETY: one byte is written to a page that is known to nobody, if it can be.
    let written = unsafe { libc::syscall(libc::SYS_getrandom, span.start(), 1_usize, libc::GRND_NONBLOCK) };
    written == -1 && io::Error::last_os_error().raw_os_error() == Some(libc::EFAULT)
}

/// Puts guard markers on all of `spans`, or says how many were done before the first that could not be.
pub(crate) fn install_guards(spans: &[Span]) -> Result<(), (usize, io::Error)> {
    let done = advise(spans, MADV_GUARD_INSTALL);
    for (index, span) in spans.iter().enumerate().skip(done) {
        advise_one(*span, MADV_GUARD_INSTALL).map_err(|error| (index, error))?;
    }
    Ok(())
}

/// Gives the pages of `spans` back; they read as zeros afterwards. Locked memory stays as it is.
pub(crate) fn discard(spans: &[Span]) {
    let done = advise(spans, libc::MADV_DONTNEED);
    for span in &spans[done..] {
        let _ = advise_one(*span, libc::MADV_DONTNEED);
    }
}

/// Brings the pages of `spans`, which the next to write there would bring one by one. Where the kernel cannot, or there is no memory
/// for them, they come then, or not.
pub(crate) fn populate(spans: &[Span]) {
    advise(spans, libc::MADV_POPULATE_WRITE);
}

/// How many mappings the kernel allows a process.
pub(crate) fn mappings_max() -> Option<usize> {
    std::fs::read_to_string("/proc/sys/vm/max_map_count").ok()?.trim().parse().ok()
}

/// What the kernel itself puts on a signal stack: some kilobytes, more with wide vector registers.
pub(crate) fn signal_frame_bytes() -> usize {
    // SAFETY: a plain question; 0 if the kernel does not say.
    let said = unsafe { libc::getauxval(libc::AT_MINSIGSTKSZ) };
    usize::try_from(said).unwrap_or(0).max(libc::MINSIGSTKSZ)
}

/// Advises on many ranges in one call. Returns how many whole spans were done: the kernel stops at the first that
/// fails, and one that knows the call less well does none.
fn advise(spans: &[Span], advice: libc::c_int) -> usize {
    // SAFETY: a `Span` is an `iovec`; the ranges are the callers' own slots.
    let bytes = unsafe {
        libc::syscall(libc::SYS_process_madvise, PIDFD_SELF, spans.as_ptr(), spans.len(), advice, 0)
    };
    let Ok(mut bytes) = usize::try_from(bytes) else { return 0 };
    let whole = spans.iter().take_while(|span| {
        let done = bytes >= span.bytes();
        bytes = bytes.saturating_sub(span.bytes());
        done
    });
    whole.count()
}

fn advise_one(span: Span, advice: libc::c_int) -> io::Result<()> {
    // SAFETY: the range is the caller's own slot.
    if unsafe { libc::madvise(span.start(), span.bytes(), advice) } == 0 {
        return Ok(());
    }
    Err(io::Error::last_os_error())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_in_the_middle_is_found_by_its_index() {
        let page = posix::page_size();
        let start = reserve(4 * page, 0).expect("four pages").as_ptr().addr();
        let unaligned = Span::new(start + page + 1, page);
        let spans = [Span::new(start, page), unaligned, Span::new(start + 3 * page, page)];
        if can_install_guards() {
            let (index, error) = install_guards(&spans).expect_err("an address that no page begins at");
            assert_eq!((index, error.raw_os_error()), (1, Some(libc::EINVAL)));
        }
        // SAFETY: mapped above.
        unsafe { posix::release(start, 4 * page) };
    }

    #[test]
    fn a_page_without_a_guard_is_found_out() {
        let page = posix::page_size();
        let start = reserve(page, 0).expect("a page").as_ptr().addr();
        assert!(!is_unwritable(Span::new(start, page)));
        posix::protect(Span::new(start, page)).expect("a guard");
        assert!(is_unwritable(Span::new(start, page)));
        // SAFETY: mapped above.
        unsafe { posix::release(start, page) };
    }

    #[test]
    fn the_map_limit_is_known() {
        assert!(mappings_max().expect("/proc/sys/vm/max_map_count") > 1_000);
    }
}
