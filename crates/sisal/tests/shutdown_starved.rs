//! Goal: a worker that gets little of a processor is waited for by a shutdown, and not reported as held by its fiber.
//! Method: it shares one processor with many threads that spin, and has some work to do after the deadline for fibers.

#![cfg(target_os = "linux")]

mod common;

use common::eventually;
use sisal::runtime::Runtime;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};
use std::thread;
use std::time::Duration;

#[test]
fn a_worker_that_gets_little_of_a_processor_is_waited_for() {
    /// More than the fiber's deadline; and with the processor shared by so many, more than a second on the clock.
    const WORK: Duration = Duration::from_millis(40);
    let end = AtomicBool::new(false);
    thread::scope(|s| {
        for _ in 0..30 {
            s.spawn(|| {
                pin_to_one_processor();
                while !end.load(SeqCst) {
                    std::hint::spin_loop();
                }
            });
        }
        let runtime =
            Runtime::builder().workers(1).on_thread_start(|_| pin_to_one_processor()).build().unwrap();
        let started = Arc::new(AtomicBool::new(false));
        let theirs = Arc::clone(&started);
        runtime.spawn(move || {
            theirs.store(true, SeqCst);
            let begin = own_cpu_time();
            while own_cpu_time() - begin < WORK {}
        });
        eventually("it works", || started.load(SeqCst));
        let shut_down = runtime.shutdown_timeout(Duration::from_millis(10));
        end.store(true, SeqCst);
        shut_down.unwrap();
    });
}

/// To the first of those on which this process may run.
fn pin_to_one_processor() {
    // SAFETY: a set of bits, all of them 0.
    let mut allowed: libc::cpu_set_t = unsafe { std::mem::zeroed() };
    let size = size_of::<libc::cpu_set_t>();
    // SAFETY: the kernel writes and reads a set of that size.
    unsafe {
        assert_eq!(libc::sched_getaffinity(0, size, &raw mut allowed), 0);
        let first = (0..libc::CPU_SETSIZE as usize).find(|&index| libc::CPU_ISSET(index, &allowed)).unwrap();
        libc::CPU_ZERO(&mut allowed);
        libc::CPU_SET(first, &mut allowed);
        assert_eq!(libc::sched_setaffinity(0, size, &raw const allowed), 0);
    }
}

/// What this OS thread has had of a processor.
fn own_cpu_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it writes to `time` alone.
    assert_eq!(unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &raw mut time) }, 0);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}
