//! One fence for all threads of the process, by which a lock that was left to one thread is taken from it.
//!
//! Knows nothing of locks.
//!
//! It is the kernel's `membarrier`: each processor that runs a thread of the process is interrupted, and a switch of threads is a fence
//! already. The process registers for it once, which takes the kernel 4 µs as long as there is one thread, and 19 ms among others (it waits
//! for all processors); each fence takes 0.3 µs, or 10 where another of its threads runs (on a virtual machine). So a runtime registers before
//! it starts its threads, if there is no other yet, and else its monitor does, once the runtime has lived for a while.

#[cfg(target_os = "linux")]
pub(crate) use linux::{enable, enable_if_cheap};

/// No such fence here: no lock is left to a thread.
#[cfg(not(target_os = "linux"))]
pub(crate) fn enable() {}

/// As [`enable`].
#[cfg(not(target_os = "linux"))]
pub(crate) fn enable_if_cheap() {}

#[cfg(target_os = "linux")]
mod linux {
    use sisal_base::sync::asymmetric;
    use std::sync::Once;
    use std::time::Duration;
    use std::{fs, thread};

    /// In which each processor empties its store buffers by far.
    const LONG: Duration = Duration::from_millis(10);

    /// Registers with the kernel, the first time. Where that refuses (a kernel before 4.14, a sandbox), locks are shared as ever.
    pub(crate) fn enable() {
        static ONCE: Once = Once::new();
        ONCE.call_once(|| {
            if membarrier(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED) {
                asymmetric::enable(fence);
            }
        });
    }

    /// [`enable`], if the process has one thread.
    pub(crate) fn enable_if_cheap() {
        if fs::read_dir("/proc/self/task").is_ok_and(|threads| threads.count() == 1) {
            enable();
        }
    }

    fn fence() {
        if !membarrier(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED) {
            // A sandbox was put up since. What the kernel does not do at once, time does.
            thread::sleep(LONG);
        }
    }

    /// Whether the kernel has done so.
    fn membarrier(command: libc::c_int) -> bool {
        // SAFETY: takes numbers alone.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::enable;
    use sisal_base::biased::BiasedLock;
    use sisal_base::sync::asymmetric::{STREAK, is_enabled};
    use std::hint::{black_box, spin_loop};
    use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
    use std::thread;

    const LOCKS: usize = 10_000;
    /// Times that a lock's owner takes it.
    const TIMES: u32 = 1_000;
    /// Turns of each thread with a lock that goes round.
    const PASSES: u32 = 1_000;

    fn add(lock: &BiasedLock<u32, ()>) {
        let mut count = lock.lock();
        *count = black_box(*count) + 1;
    }

    /// Where the fence does nothing, additions are lost: the owner and the one that disowns it are both inside.
    #[test]
    fn a_lock_is_taken_from_its_owner_in_the_middle_of_its_work() {
        enable();
        if !is_enabled() {
            println!("no such fence here: nothing is shown");
            return;
        }
        let locks: Vec<_> = (0..LOCKS).map(|_| (BiasedLock::new(0, ()), AtomicU32::new(0))).collect();
        thread::scope(|scope| {
            scope.spawn(|| {
                for (lock, taken) in &locks {
                    for times in 1..=TIMES {
                        add(lock);
                        taken.store(times, Relaxed);
                    }
                }
            });
            for (index, (lock, taken)) in locks.iter().enumerate() {
                let first = STREAK + index as u32 % (TIMES / 2);
                while taken.load(Relaxed) < first {
                    spin_loop();
                }
                add(lock);
            }
        });
        assert!(locks.iter().all(|(lock, _)| *lock.lock() == TIMES + 1), "an addition is lost");
    }

    /// Where one that was asked, or has renounced, is in once more, or a late store makes the next owner's lock nobody's, additions are lost.
    #[test]
    fn a_lock_goes_from_owner_to_owner() {
        enable();
        let lock = BiasedLock::new(0, ());
        thread::scope(|scope| {
            for thread in 1..=3_u32 {
                let lock = &lock;
                scope.spawn(move || {
                    for turn in 0..PASSES {
                        // Some turns make an owner, some do not, and some are long enough that others ask for it.
                        (0..turn * thread * 37 % (20 * STREAK)).for_each(|_| add(lock));
                        match turn % 3 {
                            0 => lock.renounce(),
                            1 => thread::yield_now(),
                            _ => {}
                        }
                    }
                });
            }
        });
        let sum: u32 =
            (1..=3).flat_map(|thread| (0..PASSES).map(move |turn| turn * thread * 37 % (20 * STREAK))).sum();
        assert_eq!(*lock.lock(), sum, "an addition is lost");
    }
}
