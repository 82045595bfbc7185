//! Asks the processor for memory that will be needed soon, so that it comes while something else runs.
//!
//! Knows nothing of what is there. It is advice: any address will do, nothing is read, nothing faults.

/// Bytes that come at once.
const LINE_BYTES: usize = 64;

/// Asks for each cache line of `bytes` bytes from `start` on. Costs about a nanosecond a line if they are there already.
///
/// ```
/// let words = [0_u64; 32];
/// sisal_base::prefetch::lines(words.as_ptr().addr(), size_of_val(&words));
/// // Nothing is there, and nothing happens.
/// sisal_base::prefetch::lines(64, 128);
/// ```
#[inline(always)]
pub fn lines(start: usize, bytes: usize) {
    let mut line = start & !(LINE_BYTES - 1);
    while line < start + bytes {
        prefetch(line);
        line += LINE_BYTES;
    }
}

/// [`lines`] that will be written, and that another core may have in its cache: it gives them away at once, instead of sharing them
/// first.
///
/// ```
/// let mut words = [0_u64; 32];
/// sisal_base::prefetch::lines_to_write(words.as_ptr().addr(), size_of_val(&words));
/// words[0] = 1;
/// ```
#[inline(always)]
pub fn lines_to_write(start: usize, bytes: usize) {
    let mut line = start & !(LINE_BYTES - 1);
    while line < start + bytes {
        prefetch_to_write(line);
        line += LINE_BYTES;
    }
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn prefetch(address: usize) {
    use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
    // SAFETY: an instruction of every such processor, which neither reads nor faults.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::without_provenance(address)) };
}

#[cfg(target_arch = "x86_64")]
#[inline(always)]
fn prefetch_to_write(address: usize) {
    // SAFETY: as above; older processors take it for no instruction. (`_mm_prefetch` has it only where the compiler knows the processor.)
    unsafe {
        std::arch::asm!("prefetchw [{}]", in(reg) address, options(nostack, readonly, preserves_flags));
    }
}

#[cfg(target_arch = "aarch64")]
#[inline(always)]
fn prefetch_to_write(address: usize) {
    // SAFETY: a hint, which neither reads nor faults.
    unsafe {
        std::arch::asm!("prfm pstl1keep, [{}]", in(reg) address, options(nostack, readonly, preserves_flags));
    }
}

#[cfg(target_arch = "aarch64")]
#[inline(always)]
fn prefetch(address: usize) {
    // SAFETY: a hint, which neither reads nor faults.
    unsafe {
        std::arch::asm!("prfm pldl1keep, [{}]", in(reg) address, options(nostack, readonly, preserves_flags));
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
#[inline(always)]
fn prefetch(_address: usize) {}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
#[inline(always)]
fn prefetch_to_write(_address: usize) {}
