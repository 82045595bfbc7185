//! What tells this thread from all others that run now: the register in which the processor keeps the place of its thread-locals.
//!
//! Knows nothing of thread-locals.

/// This thread's, which is no other's that runs now. Never 0 nor 1.
///
/// It is read anew each time: a fiber may go on with another thread, and a compiler that takes the address of a thread-local for
/// constant within a function would not see that.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[inline(always)]
pub fn thread_pointer() -> usize {
    let pointer;
    // SAFETY: reads the first word of the thread's control block, which is its own address (System V ABI, "Thread-local storage").
    unsafe { std::arch::asm!("mov {}, fs:0", out(reg) pointer, options(nostack, preserves_flags)) };
    pointer
}

/// This thread's, which is no other's that runs now. Never 0 nor 1.
#[cfg(all(target_os = "linux", target_arch = "aarch64"))]
#[inline(always)]
pub fn thread_pointer() -> usize {
    let pointer;
    // SAFETY: reads a register that the thread's own level may read.
    unsafe { std::arch::asm!("mrs {}, tpidr_el0", out(reg) pointer, options(nostack, preserves_flags)) };
    pointer
}

/// Threads cannot be told apart here. (Other systems keep other things in these registers.)
#[cfg(not(all(target_os = "linux", any(target_arch = "x86_64", target_arch = "aarch64"))))]
#[inline(always)]
pub fn thread_pointer() -> usize {
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn threads_differ_and_keep_theirs() {
        let own = thread_pointer();
        let other = std::thread::spawn(thread_pointer).join().unwrap();
        assert!(own > 1 && own == thread_pointer() && (own != other || own == usize::MAX));
    }
}
