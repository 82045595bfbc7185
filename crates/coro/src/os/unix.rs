//! Unixes without guard markers: every guard is an mprotect'ed page. (Linux builds this for its tests alone.)

use std::io;
use std::ptr::NonNull;

use super::posix::{self, Span};

/// Maps `bytes` bytes for stacks, and shows that `headroom` more would have fitted.
pub(crate) fn reserve(bytes: usize, headroom: usize) -> io::Result<NonNull<u8>> {
    posix::map(bytes, headroom, 0)
}

/// No such thing here.
pub(crate) fn can_install_guards() -> bool {
    false
}

/// Never done: nobody asks after [`can_install_guards`] said no, and if somebody does, the caller protects instead.
pub(crate) fn install_guards(_spans: &[Span]) -> Result<(), (usize, io::Error)> {
    Err((0, io::Error::from_raw_os_error(libc::EINVAL)))
}

/// Lets the kernel take the pages of `spans` when it likes.
pub(crate) fn discard(spans: &[Span]) {
    for span in spans {
        // SAFETY: the range is the caller's own slot, and nobody reads what was there.
        unsafe { libc::madvise(span.start(), span.bytes(), libc::MADV_FREE) };
    }
}

/// No such thing here: pages come at first touch.
pub(crate) fn populate(_spans: &[Span]) {}

/// No limit that a process could ask for.
pub(crate) fn mappings_max() -> Option<usize> {
    None
}

/// What the kernel itself puts on a signal stack.
pub(crate) fn signal_frame_bytes() -> usize {
    libc::MINSIGSTKSZ
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_and_goes() {
        let page = posix::page_size();
        let start = reserve(4 * page, page).expect("four pages");
        // SAFETY: mapped just above, for this test alone.
        unsafe {
            start.write(7);
            populate(&[Span::new(start.as_ptr().addr(), 4 * page)]);
            assert_eq!(start.read(), 7);
            discard(&[Span::new(start.as_ptr().addr(), 4 * page)]);
            start.write(8);
            posix::release(start.as_ptr().addr(), 4 * page);
        }
        assert!(!can_install_guards());
        assert!(install_guards(&[]).is_err());
        assert_eq!(mappings_max(), None);
        assert!(signal_frame_bytes() > 0);
    }
}
