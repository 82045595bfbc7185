//! What fibers and threads of the process itself do: panic, hog, block, leave, end too soon.

use crate::bench::{SURVIVED, beside_traffic, in_child};
use sisal::runtime::{PanicPolicy, Runtime};
use sisal::{channel, fiber, select};
use std::panic::{AssertUnwindSafe, catch_unwind, panic_any};
use std::process;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::SeqCst};
use std::thread;
use std::time::{Duration, Instant};

/// Panics without a text on stderr.
fn quietly() -> ! {
    std::panic::resume_unwind(Box::new("on purpose"))
}

#[test]
fn panics_in_every_tenth_fiber() {
    beside_traffic("own::panics_in_every_tenth_fiber", &[], |runtime| {
        let fibers = (0..1_000).map(|n| runtime.spawn(move || if n % 10 == 0 { quietly() } else { n }));
        let fibers: Vec<_> = fibers.collect();
        assert_eq!(fibers.into_iter().filter_map(|fiber| fiber.join().err()).count(), 100);
    });
}

#[test]
fn panics_whose_unwinding_waits() {
    struct Receives(channel::Receiver<u8>);
    impl Drop for Receives {
        fn drop(&mut self) {
            assert_eq!(self.0.recv(), Ok(7));
        }
    }
    beside_traffic("own::panics_whose_unwinding_waits", &[], |runtime| {
        for _ in 0..50 {
            let (sender, receiver) = channel::bounded(0);
            let waits = runtime.spawn(move || {
                let _receives = Receives(receiver);
                quietly();
            });
            runtime.run(move || sender.send(7).unwrap());
            assert!(waits.join().is_err());
        }
    });
}

#[test]
fn payloads_whose_drop_panics() {
    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            if !thread::panicking() {
                quietly();
            }
        }
    }
    beside_traffic("own::payloads_whose_drop_panics", &[], |runtime| {
        for _ in 0..50 {
            let payload = runtime.spawn(|| panic_any(Bomb)).join().unwrap_err();
            assert!(catch_unwind(AssertUnwindSafe(|| drop(payload))).is_err());
        }
    });
}

#[test]
fn a_thread_hook_and_a_policy_that_panic() {
    in_child("own::a_thread_hook_and_a_policy_that_panic", &[], || {
        let runtime = Runtime::builder()
            .workers(2)
            .on_thread_start(|_| quietly())
            .on_panic(PanicPolicy::Callback(Box::new(|_| quietly())))
            .build()
            .unwrap();
        (0..50).for_each(|_| drop(runtime.spawn(|| quietly())));
        assert_eq!(runtime.run(|| 7), 7);
        runtime.shutdown_timeout(Duration::from_secs(30)).unwrap();
    });
}

fn spin(time: Duration) {
    let start = Instant::now();
    while start.elapsed() < time {
        std::hint::spin_loop();
    }
}

#[test]
fn a_hog() {
    beside_traffic("own::a_hog", &[], |runtime| {
        runtime.spawn(|| spin(Duration::from_millis(250))).join().unwrap();
    });
}

#[test]
fn a_hog_on_each_worker() {
    beside_traffic("own::a_hog_on_each_worker", &[], |runtime| {
        let hogs: Vec<_> = (0..4).map(|_| runtime.spawn(|| spin(Duration::from_millis(150)))).collect();
        hogs.into_iter().for_each(|hog| hog.join().unwrap());
    });
}

#[test]
fn a_worker_blocked_in_the_kernel() {
    beside_traffic("own::a_worker_blocked_in_the_kernel", &[], |runtime| {
        runtime.spawn(|| thread::sleep(Duration::from_millis(250))).join().unwrap();
    });
}

#[test]
fn receivers_that_are_cancelled() {
    beside_traffic("own::receivers_that_are_cancelled", &[], |runtime| {
        let (sender, receiver) = channel::bounded(2);
        let took = Arc::new(AtomicU64::new(0));
        let receivers = (0..50).map(|_| {
            let (receiver, took) = (receiver.clone(), Arc::clone(&took));
            runtime.spawn(move || {
                while let Ok(n) = receiver.recv() {
                    took.fetch_add(n, SeqCst);
                }
            })
        });
        let receivers: Vec<_> = receivers.collect();
        let sends = runtime.spawn(move || (1..=2_000).for_each(|n| sender.send(n).unwrap()));
        for fiber in &receivers[1..] {
            fiber.cancel();
            thread::yield_now();
        }
        sends.join().unwrap();
        drop(receiver);
        receivers.into_iter().for_each(|fiber| fiber.join().unwrap());
        assert_eq!(took.load(SeqCst), 2_000 * 2_001 / 2);
    });
}

#[test]
fn deadlines_that_pass_in_the_middle() {
    beside_traffic("own::deadlines_that_pass_in_the_middle", &[], |runtime| {
        let (sender, receiver) = channel::bounded(0);
        let brief = Duration::from_micros(50);
        let sends = runtime
            .spawn(move || (1..=2_000_u64).filter(|n| sender.send_timeout(*n, brief).is_ok()).sum::<u64>());
        let receives = runtime.spawn(move || {
            let mut sum = 0;
            loop {
                match receiver.recv_timeout(brief) {
                    Ok(n) => sum += n,
                    Err(channel::RecvTimeoutError::Timeout) => {}
                    Err(channel::RecvTimeoutError::Disconnected) => return sum,
                }
            }
        });
        assert_eq!(sends.join().unwrap(), receives.join().unwrap());
    });
}

#[test]
fn arms_that_lose() {
    beside_traffic("own::arms_that_lose", &[], |runtime| {
        let (send_a, a) = channel::bounded::<u64>(1);
        let (send_b, b) = channel::bounded::<u64>(0);
        let sends = runtime.spawn(move || {
            for n in 1..=2_000 {
                select! {
                    send(send_a, n) -> sent => sent.unwrap(),
                    send(send_b, n) -> sent => sent.unwrap(),
                }
            }
        });
        let sum = |(a, b): (channel::Receiver<u64>, channel::Receiver<u64>)| {
            let mut sum = 0;
            let (mut a_ends, mut b_ends) = (false, false);
            while !(a_ends && b_ends) {
                select! {
                    recv(a) -> n => n.map_or_else(|_| a_ends = true, |n| sum += n),
                    recv(b) -> n => n.map_or_else(|_| b_ends = true, |n| sum += n),
                }
            }
            sum
        };
        let pairs = [(a.clone(), b.clone()), (a, b)];
        let sums: Vec<_> = pairs.into_iter().map(|pair| runtime.spawn(move || sum(pair))).collect();
        sends.join().unwrap();
        let total: u64 = sums.into_iter().map(|fiber| fiber.join().unwrap()).sum();
        assert_eq!(total, 2_000 * 2_001 / 2);
    });
}

#[test]
fn ten_thousand_timers_that_are_cancelled() {
    beside_traffic("own::ten_thousand_timers_that_are_cancelled", &[], |runtime| {
        let sleep = || sisal::sleep(Duration::from_secs(3_600));
        let sleepers: Vec<_> = (0..10_000).map(|_| runtime.spawn(sleep)).collect();
        sleepers.iter().for_each(fiber::JoinHandle::cancel);
        sleepers.into_iter().for_each(|fiber| fiber.join().unwrap());
    });
}

#[test]
fn runtimes_that_come_and_go() {
    beside_traffic("own::runtimes_that_come_and_go", &[], |runtime| {
        for _ in 0..10 {
            let other = Runtime::builder().workers(2).build().unwrap();
            let (sender, receiver) = channel::bounded(0);
            let receives = other.spawn(move || receiver.iter().count());
            runtime.run(move || (0..10).for_each(|n| sender.send(n).unwrap()));
            assert_eq!(runtime.run(|| receives.join().unwrap()), 10);
        }
    });
}

#[test]
fn a_shutdown_in_the_middle_of_messages() {
    beside_traffic("own::a_shutdown_in_the_middle_of_messages", &[], |_| {
        let other = Runtime::builder().workers(2).build().unwrap();
        let (sender, receiver) = channel::bounded::<u64>(4);
        let (sent, received) = (Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(0)));
        for _ in 0..50 {
            let (sender, sent) = (sender.clone(), Arc::clone(&sent));
            drop(other.spawn(move || {
                while sender.send(1).is_ok() {
                    sent.fetch_add(1, SeqCst);
                    if fiber::is_cancelled() {
                        return;
                    }
                }
            }));
            let (receiver, received) = (receiver.clone(), Arc::clone(&received));
            drop(other.spawn(move || {
                while let (Ok(n), false) = (receiver.recv(), fiber::is_cancelled()) {
                    received.fetch_add(n, SeqCst);
                }
            }));
        }
        thread::sleep(Duration::from_millis(20));
        other.shutdown_timeout(Duration::from_secs(30)).unwrap();
        assert!(sent.load(SeqCst) >= received.load(SeqCst));
    });
}

#[test]
fn two_shutdowns_at_once() {
    beside_traffic("own::two_shutdowns_at_once", &[], |_| {
        let other = Runtime::builder().workers(2).build().unwrap();
        (0..100).for_each(|_| drop(other.spawn(fiber::park)));
        thread::scope(|s| {
            for _ in 0..4 {
                s.spawn(|| other.shutdown_timeout(Duration::from_secs(30)).unwrap());
            }
        });
        assert_eq!(other.handle().live_fibers(), 0);
    });
}

#[test]
fn an_exit_with_ten_thousand_live_fibers() {
    in_child("own::an_exit_with_ten_thousand_live_fibers", &[], || {
        let runtime = Runtime::builder().workers(2).build().unwrap();
        let started = Arc::new(AtomicU64::new(0));
        for _ in 0..10_000 {
            let started = Arc::clone(&started);
            drop(runtime.spawn(move || {
                started.fetch_add(1, SeqCst);
                fiber::park();
            }));
        }
        crate::server::eventually("all live", || started.load(SeqCst) == 10_000);
        process::exit(SURVIVED);
    });
}

#[test]
fn threads_that_end_in_the_middle() {
    beside_traffic("own::threads_that_end_in_the_middle", &[], |runtime| {
        let (sender, receiver) = channel::bounded(0);
        let receives = runtime.spawn(move || receiver.iter().sum::<u64>());
        for n in 1..=20 {
            let sender = sender.clone();
            let sends = move || {
                sender.send(n).unwrap();
                quietly();
            };
            assert!(thread::spawn(sends).join().is_err());
        }
        drop(sender);
        assert_eq!(receives.join().unwrap(), 210);
    });
}

#[test]
fn a_lock_whose_holder_panics() {
    beside_traffic("own::a_lock_whose_holder_panics", &[], |runtime| {
        let (lock, panicked) = (Arc::new(sisal::sync::Mutex::new(0)), Arc::new(AtomicBool::new(false)));
        let fibers = (0..100).map(|n| {
            let (lock, panicked) = (Arc::clone(&lock), Arc::clone(&panicked));
            runtime.spawn(move || {
                let mut count = lock.lock();
                *count += 1;
                sisal::yield_now();
                if n % 10 == 0 {
                    panicked.store(true, SeqCst);
                    quietly();
                }
            })
        });
        let fibers: Vec<_> = fibers.collect();
        assert_eq!(fibers.into_iter().filter_map(|fiber| fiber.join().err()).count(), 10);
        assert_eq!((*lock.lock(), panicked.load(SeqCst)), (100, true));
    });
}

#[test]
fn unlikely_choices() {
    in_child("own::unlikely_choices", &[], || {
        let runtime = Runtime::builder().workers(2).chaos(7).build().unwrap();
        let (sender, receiver) = channel::bounded(1);
        let receives = runtime.spawn(move || receiver.iter().collect::<Vec<u64>>());
        runtime.run(move || (0..2_000).for_each(|n| sender.send(n).unwrap()));
        assert!(receives.join().unwrap().into_iter().eq(0..2_000));
        runtime.shutdown_timeout(Duration::from_secs(30)).unwrap();
    });
}
