//! What does a critical section cost that eight tasks share: a short one, and one that yields inside?
//!
//! For the short one, tokio's and smol's tasks take std's `Mutex`, as their documents advise; across the yield they need
//! their own.

use super::prelude::*;

/// Sections of all tasks together.
const OPS: usize = 400_000;
const OPS_YIELD: usize = 80_000;
const TASKS: usize = 8;

pub(super) const SHORT: Row =
    Row::new("mutex", "mutex, short section", &[Figure::new("ns", "ns").target(12.0)]).peers(&[
        (Peer::Sisal, sisal),
        (Peer::SisalMigrate, sisal),
        (Peer::Tokio, tokio),
        (Peer::May, may),
        (Peer::Smol, smol),
        (Peer::Threads, threads),
    ]);
pub(super) const HELD: Row =
    Row::new("mutex-yield", "mutex, yield inside", &[Figure::new("ns", "ns").target(70.0)]).peers(&[
        (Peer::Sisal, sisal_yield),
        (Peer::SisalMigrate, sisal_yield),
        (Peer::Tokio, tokio_yield),
        (Peer::May, may_yield),
        (Peer::Smol, smol_yield),
        (Peer::Threads, threads_yield),
    ]);

fn sisal(setup: &Setup) -> Figures {
    sisal_with(setup, OPS, || ())
}

fn sisal_yield(setup: &Setup) -> Figures {
    sisal_with(setup, OPS_YIELD, sisal::yield_now)
}

fn sisal_with(setup: &Setup, ops: usize, inside: impl Fn() + Copy + Send + Sync + 'static) -> Figures {
    peers::sisal::run(setup, |setup| {
        let mut clock = Clock::new(setup, ops);
        while clock.lap() {
            let (each, counter) = (clock.ops / TASKS, Arc::new(sisal::sync::Mutex::new(0)));
            let task = || {
                let counter = Arc::clone(&counter);
                sisal::spawn(move || {
                    for _ in 0..each {
                        let mut counter = counter.lock();
                        inside();
                        *counter += 1;
                    }
                })
            };
            let tasks = [(); TASKS].map(|()| task());
            tasks.into_iter().for_each(|task| task.join().unwrap());
            assert_eq!(*counter.lock(), clock.ops);
        }
        clock.ns_each()
    })
}

/// Sections without a wait inside, under std's lock.
async fn short_sections(counter: Arc<Mutex<usize>>, each: usize) {
    for _ in 0..each {
        *counter.lock().unwrap() += 1;
    }
}

fn tokio(setup: &Setup) -> Figures {
    let mut clock = Clock::new(setup, OPS);
    peers::tokio::run(setup, async move {
        while clock.lap() {
            let (each, counter) = (clock.ops / TASKS, Arc::new(Mutex::new(0)));
            for task in [(); TASKS].map(|()| tokio::spawn(short_sections(Arc::clone(&counter), each))) {
                task.await.unwrap();
            }
            assert_eq!(*counter.lock().unwrap(), clock.ops);
        }
        clock.ns_each()
    })
}

fn tokio_yield(setup: &Setup) -> Figures {
    let mut clock = Clock::new(setup, OPS_YIELD);
    peers::tokio::run(setup, async move {
        while clock.lap() {
            let (each, counter) = (clock.ops / TASKS, Arc::new(tokio::sync::Mutex::new(0)));
            let task = || {
                let counter = Arc::clone(&counter);
                tokio::spawn(async move {
                    for _ in 0..each {
                        let mut counter = counter.lock().await;
                        tokio::task::yield_now().await;
                        *counter += 1;
                    }
                })
            };
            for task in [(); TASKS].map(|()| task()) {
                task.await.unwrap();
            }
            assert_eq!(*counter.lock().await, clock.ops);
        }
        clock.ns_each()
    })
}

fn may(setup: &Setup) -> Figures {
    may_with(setup, OPS, || ())
}

fn may_yield(setup: &Setup) -> Figures {
    may_with(setup, OPS_YIELD, may::coroutine::yield_now)
}

fn may_with(setup: &Setup, ops: usize, inside: impl Fn() + Copy + Send + Sync + 'static) -> Figures {
    peers::may::run(setup, move |setup| {
        let mut clock = Clock::new(setup, ops);
        while clock.lap() {
            let (each, counter) = (clock.ops / TASKS, Arc::new(may::sync::Mutex::new(0)));
            let task = || {
                let counter = Arc::clone(&counter);
                go!(move || for _ in 0..each {
                    let mut counter = counter.lock().unwrap();
                    inside();
                    *counter += 1;
                })
            };
            let tasks = [(); TASKS].map(|()| task());
            tasks.into_iter().for_each(|task| task.join().unwrap());
            assert_eq!(*counter.lock().unwrap(), clock.ops);
        }
        clock.ns_each()
    })
}

fn smol(setup: &Setup) -> Figures {
    let mut clock = Clock::new(setup, OPS);
    peers::smol::run(setup, async move {
        while clock.lap() {
            let (each, counter) = (clock.ops / TASKS, Arc::new(Mutex::new(0)));
            for task in [(); TASKS].map(|()| peers::smol::spawn(short_sections(Arc::clone(&counter), each))) {
                task.await;
            }
            assert_eq!(*counter.lock().unwrap(), clock.ops);
        }
        clock.ns_each()
    })
}

fn smol_yield(setup: &Setup) -> Figures {
    let mut clock = Clock::new(setup, OPS_YIELD);
    peers::smol::run(setup, async move {
        while clock.lap() {
            let (each, counter) = (clock.ops / TASKS, Arc::new(smol::lock::Mutex::new(0)));
            let task = || {
                let counter = Arc::clone(&counter);
                peers::smol::spawn(async move {
                    for _ in 0..each {
                        let mut counter = counter.lock().await;
                        smol::future::yield_now().await;
                        *counter += 1;
                    }
                })
            };
            for task in [(); TASKS].map(|()| task()) {
                task.await;
            }
            assert_eq!(*counter.lock().await, clock.ops);
        }
        clock.ns_each()
    })
}

fn threads(setup: &Setup) -> Figures {
    threads_with(setup, OPS, || ())
}

fn threads_yield(setup: &Setup) -> Figures {
    threads_with(setup, OPS_YIELD, thread::yield_now)
}

fn threads_with(setup: &Setup, ops: usize, inside: impl Fn() + Copy + Send + Sync + 'static) -> Figures {
    let mut clock = Clock::new(setup, ops);
    while clock.lap() {
        let (each, counter) = (clock.ops / TASKS, Arc::new(Mutex::new(0)));
        let task = || {
            let counter = Arc::clone(&counter);
            thread::spawn(move || {
                for _ in 0..each {
                    let mut counter = counter.lock().unwrap();
                    inside();
                    *counter += 1;
                }
            })
        };
        let tasks = [(); TASKS].map(|()| task());
        tasks.into_iter().for_each(|task| task.join().unwrap());
        assert_eq!(*counter.lock().unwrap(), clock.ops);
    }
    clock.ns_each()
}
