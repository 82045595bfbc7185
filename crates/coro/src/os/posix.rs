//! The calls that every unix has in the same form.

use std::io;
use std::ptr::{self, NonNull};
use std::sync::atomic::{AtomicUsize, Ordering};

/// A range of memory, in the form in which the kernel takes many at once.
#[repr(transparent)]
#[derive(Clone, Copy)]
pub(crate) struct Span(libc::iovec);

impl Span {
    /// `bytes` bytes from `start` on.
    pub(crate) fn new(start: usize, bytes: usize) -> Span {
        Span(libc::iovec { iov_base: ptr::with_exposed_provenance_mut(start), iov_len: bytes })
    }

    pub(crate) fn start(&self) -> *mut libc::c_void {
        self.0.iov_base
    }

    pub(crate) fn bytes(&self) -> usize {
        self.0.iov_len
    }
}

/// The page size, asked once. It is no constant: aarch64 kernels come with 4, 16 and 64 KiB.
#[inline]
pub(crate) fn page_size() -> usize {
    static PAGE_SIZE: AtomicUsize = AtomicUsize::new(0);
    // Relaxed: whoever finds 0 asks and stores the same figure.
    match PAGE_SIZE.load(Ordering::Relaxed) {
        0 => {
            let bytes = ask_page_size();
            PAGE_SIZE.store(bytes, Ordering::Relaxed);
            bytes
        }
        bytes => bytes,
    }
}

#[cold]
fn ask_page_size() -> usize {
    // SAFETY: a plain question.
    let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
    let bytes = usize::try_from(bytes).unwrap_or(0);
    assert!(bytes.is_power_of_two() && bytes >= 4096, "the page size is unknown: sysconf said {bytes}");
    bytes
}

/// Maps `bytes` bytes of private memory, and shows that `headroom` more would have fitted. Pages come at first touch.
pub(crate) fn map(bytes: usize, headroom: usize, extra_flags: libc::c_int) -> io::Result<NonNull<u8>> {
    let whole = bytes.checked_add(headroom).ok_or(io::ErrorKind::OutOfMemory)?;
    // SAFETY: a new mapping where the kernel likes; it touches no memory of anybody's.
    let start = unsafe {
        libc::mmap(
            ptr::null_mut(),
            whole,
            libc::PROT_READ | libc::PROT_WRITE,
            libc::MAP_PRIVATE | libc::MAP_ANON | extra_flags,
            -1,
            0,
        )
    };
    if start == libc::MAP_FAILED {
        return Err(io::Error::last_os_error());
    }
    let start = start.cast::<u8>();
    start.expose_provenance();
    if headroom > 0 {
        // The low end goes back: kernels map downwards, so what stays borders on the slab before and merges with it.
        // SAFETY: mapped just above, known to nobody yet.
        unsafe { libc::munmap(start.cast(), headroom) };
    }
    // `mmap` never gives the null page.
    NonNull::new(start.wrapping_add(headroom)).ok_or_else(|| io::ErrorKind::OutOfMemory.into())
}

/// Unmaps what `reserve` gave.
///
/// # Safety
///
/// Nobody uses the range, now or later.
pub(crate) unsafe fn release(start: usize, bytes: usize) {
    let span = Span::new(start, bytes);
    // SAFETY: the caller's promise.
    let failed = unsafe { libc::munmap(span.start(), span.bytes()) };
    debug_assert_eq!(failed, 0, "munmap of {bytes} bytes at {start:#x}");
}

/// Takes all access to a range away: a guard that costs two mappings.
pub(crate) fn protect(span: Span) -> io::Result<()> {
    // SAFETY: callers pass the lowest page of a slot that nobody has used yet.
    if unsafe { libc::mprotect(span.start(), span.bytes(), libc::PROT_NONE) } == 0 {
        return Ok(());
    }
    Err(io::Error::last_os_error())
}

/// The first page in a range that is in memory, as an offset in bytes; `None` if none is, or if the OS does not say.
pub(crate) fn resident(span: Span) -> Option<usize> {
    const AT_ONCE: usize = 256;
    let page = page_size();
    let pages = span.bytes() / page;
    let mut seen = [0_u8; AT_ONCE];
    for first in (0..pages).step_by(AT_ONCE) {
        let count = AT_ONCE.min(pages - first);
        let start = span.start().wrapping_byte_add(first * page);
        // SAFETY: `seen` has room for a byte a page; the call writes nothing else.
        let failed = unsafe { libc::mincore(start.cast(), count * page, seen.as_mut_ptr().cast()) };
        if failed != 0 {
            return None;
        }
        if let Some(index) = seen[..count].iter().position(|byte| byte & 1 == 1) {
            return Some((first + index) * page);
        }
    }
    None
}

/// Writes to the standard error stream with nothing between: for signal handlers.
pub(crate) fn write_error(mut bytes: &[u8]) {
    while !bytes.is_empty() {
        // SAFETY: `bytes` is readable; `write` may be called in a signal handler.
        let written = unsafe { libc::write(libc::STDERR_FILENO, bytes.as_ptr().cast(), bytes.len()) };
        let Ok(written @ 1..) = usize::try_from(written) else { return };
        bytes = &bytes[written..];
    }
}
