//! One fence for all threads of the process, by which a lock that was left to one thread is taken from it.
//!
//! Knows nothing of locks.
//!
//! It is the kernel's `membarrier`: each processor that runs a thread of the process is interrupted, and a switch of threads is a fence
//! already. The process registers for it once, which takes the kernel 4 µs as long as there is one thread, and 19 ms among others (it waits
//! for all processors); each fence takes 0.3 µs, or 10 where another of its threads runs (on a virtual machine). So a runtime registers before
//! it starts its threads, if there is no other yet, and a program without one when it makes its first channel; else a runtime's monitor does,
//! once the runtime has lived for a while.

#[cfg(target_os = "linux")]
pub use linux::{enable, enable_if_cheap};

/// No such fence here: no lock is left to a thread.
#[cfg(not(target_os = "linux"))]
pub fn enable() {}

/// As [`enable`].
#[cfg(not(target_os = "linux"))]
pub fn enable_if_cheap() {}

#[cfg(target_os = "linux")]
mod linux {
    use crate::sync::asymmetric;
    use std::sync::Once;
    use std::time::Duration;
    use std::{fs, thread};

    /// In which each processor empties its store buffers by far.
    const LONG: Duration = Duration::from_millis(10);

    /// Registers with the kernel, the first time. Where that refuses (a kernel before 4.14, a sandbox), locks are shared as ever.
    pub fn enable() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            if membarrier(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) {
                asymmetric::enable(fence);
            }
        });
    }

    /// [`enable`], if the process has one thread. Looks once.
    #[inline]
    pub fn enable_if_cheap() {
        static ONCE: Once = Once::new();
        if !ONCE.is_completed() {
            ONCE.call_once(look);
        }
    }

    #[cold]
    fn look() {
        if fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() == 1) {
            enable();
        }
    }

    fn fence() {
        if !membarrier(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED) {
            // A sandbox was put up since. What the kernel does not do at once, time does: once more for each lock that has an owner.
            asymmetric::note_slow();
            thread::sleep(LONG);
        }
    }

    /// Whether the kernel has done so.
    fn membarrier(command: libc::c_int) -> bool {
        // SAFETY: takes numbers alone.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
    }
}
