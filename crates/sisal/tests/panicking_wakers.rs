//! Goal: an executor whose waker panics, in any of its four functions, harms nobody but itself: who calls it goes on, others who
//! wait in the same line are woken, and locks are released.
//!
//! Method: wakers made by hand that panic in one function. Futures of ours are polled with each of them, then completed by fibers
//! and threads, with an innocent in the same line.

mod common;

use common::on_each_size;
use sisal::channel::{bounded, oneshot, unbounded};
use sisal::fiber::{self, CancelToken};
use sisal::sync::Mutex;
use sisal::{block_on, go, select};
use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::task::{Context, Poll, RawWaker, RawWakerVTable, Waker};
use std::time::Duration;

/// Which function panics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Panics {
    Clone,
    Wake,
    WakeByRef,
    Drop,
}

const ALL: [Panics; 4] = [Panics::Clone, Panics::Wake, Panics::WakeByRef, Panics::Drop];

/// What a waker points to, leaked by the test.
struct Executor {
    panics: Panics,
    calls: AtomicUsize,
}

impl Executor {
    fn call(data: *const (), function: Panics) {
        // SAFETY: made by `waker`, from what is never freed.
        let this = unsafe { &*data.cast::<Self>() };
        this.calls.fetch_add(1, Relaxed);
        assert!(this.panics != function, "wanted");
    }
}

const TABLE: RawWakerVTable = RawWakerVTable::new(
    |data| {
        Executor::call(data, Panics::Clone);
        RawWaker::new(data, &TABLE)
    },
    |data| Executor::call(data, Panics::Wake),
    |data| Executor::call(data, Panics::WakeByRef),
    |data| Executor::call(data, Panics::Drop),
);

fn waker(panics: Panics) -> Waker {
    let executor = Box::leak(Box::new(Executor { panics, calls: AtomicUsize::new(0) }));
    // SAFETY: the table's functions touch what is leaked, by shared references to what is atomic.
    unsafe { Waker::from_raw(RawWaker::new(std::ptr::from_ref(executor).cast(), &TABLE)) }
}

/// Polls once; whether it is ready, or the executor's panic.
fn poll<F: Future>(future: Pin<&mut F>, waker: &Waker) -> std::thread::Result<bool> {
    catch_unwind(AssertUnwindSafe(|| future.poll(&mut Context::from_waker(waker)).is_ready()))
}

/// Ends `waker`, whose own drop may panic: that is its owner's.
fn end(waker: Waker) {
    let _ = catch_unwind(AssertUnwindSafe(|| drop(waker)));
}

/// Polls `future` twice with a waker that panics in that function, and once more with another such one.
fn polled<F: Future>(mut future: Pin<&mut F>, panics: Panics) {
    let (one, other) = (waker(panics), waker(panics));
    for waker in [&one, &one, &other] {
        let result = poll(future.as_mut(), waker);
        assert!(matches!(result, Ok(false)) || panics == Panics::Clone, "{panics:?} {result:?}");
    }
    end(one);
    end(other);
}

#[test]
fn a_fiber_that_ends_completes_and_its_worker_goes_on() {
    on_each_size(|| {
        for panics in ALL {
            let (end, ended) = bounded::<()>(0);
            let mut handle = go!(move || ended.recv().is_err());
            polled(pin!(&mut handle), panics);
            let after = go!(|| 7);
            drop(end);
            assert!(handle.join().unwrap());
            assert_eq!(after.join().unwrap(), 7);
        }
    });
}

#[test]
fn a_handle_may_be_dropped_and_its_fiber_ends() {
    on_each_size(|| {
        for panics in ALL {
            let (end, ended) = bounded::<()>(0);
            let (done, is_done) = bounded::<()>(0);
            let mut handle = go!(move || {
                let _ = ended.recv();
                drop(done);
            });
            polled(pin!(&mut handle), panics);
            drop(handle);
            drop(end);
            assert!(is_done.recv().is_err());
            // That it has ended in full is seen by the shutdown.
        }
    });
}

#[test]
fn who_stands_behind_it_in_a_channel_is_served() {
    on_each_size(|| {
        for panics in ALL {
            let (sender, receiver) = unbounded();
            let theirs = receiver.clone();
            {
                let mut bad = pin!(receiver.recv_async());
                polled(bad.as_mut(), panics);
                let innocent = go!(move || theirs.recv());
                fiber::yield_now();
                // Whoever is told first: the one that is dropped passes it on.
                sender.send(1).unwrap();
                sender.send(2).unwrap();
                assert!(innocent.join().unwrap().is_ok());
            }
            assert!(receiver.recv().is_ok());
            assert!(receiver.try_recv().is_err());
        }
    });
}

#[test]
fn who_waits_for_room_behind_it_gets_it() {
    on_each_size(|| {
        for panics in ALL {
            let (sender, receiver) = bounded(1);
            sender.send(0).unwrap();
            let theirs = sender.clone();
            {
                let mut bad = pin!(sender.send_async(1));
                polled(bad.as_mut(), panics);
                let innocent = go!(move || theirs.send(2));
                fiber::yield_now();
                assert_eq!(receiver.recv(), Ok(0));
                let ready = poll(bad.as_mut(), Waker::noop());
                assert!(ready.is_ok());
                let mut received = vec![receiver.recv().unwrap()];
                innocent.join().unwrap().unwrap();
                if let Ok(more) = receiver.try_recv() {
                    received.push(more);
                }
                assert!(received.contains(&2), "{panics:?} {received:?}");
            }
        }
    });
}

#[test]
fn the_end_of_a_channel_is_told_to_everybody() {
    on_each_size(|| {
        for panics in ALL {
            let (sender, receiver) = bounded::<()>(1);
            let (once, answer) = oneshot::<()>();
            let mut futures: Vec<_> = (0..3).map(|_| Box::pin(receiver.recv_async())).collect();
            let mut answer = pin!(answer.into_future());
            for future in &mut futures {
                polled(future.as_mut(), panics);
            }
            polled(answer.as_mut(), panics);
            let theirs = receiver.clone();
            let innocent = go!(move || theirs.recv());
            fiber::yield_now();
            drop(sender);
            drop(once);
            assert!(innocent.join().unwrap().is_err());
            for future in &mut futures {
                assert!(matches!(poll(future.as_mut(), Waker::noop()), Ok(true)));
            }
            assert!(matches!(poll(answer, Waker::noop()), Ok(true)));
        }
    });
}

#[test]
fn a_select_over_what_it_stands_in_goes_on() {
    on_each_size(|| {
        for panics in ALL {
            let (end, ended) = bounded::<()>(0);
            let (sender, receiver) = unbounded();
            let mut handle = go!(move || ended.recv().is_err());
            polled(pin!(&mut handle), panics);
            let mut bad = Box::pin(receiver.recv_async());
            polled(bad.as_mut(), panics);
            let told = go!(move || {
                fiber::yield_now();
                sender.send(5).unwrap();
                sender.send(6).unwrap();
                drop(end);
            });
            select! {
                recv(receiver) -> message => assert!(message.is_ok()),
                default(Duration::from_secs(60)) => panic!("nobody was told"),
            }
            drop(bad);
            assert!(receiver.recv().is_ok());
            // The handle's arm takes the place of the waker that panics.
            select! {
                recv(handle) -> ended => assert!(ended.unwrap()),
                default(Duration::from_secs(60)) => panic!("nobody was told"),
            }
            told.join().unwrap();
        }
    });
}

#[test]
fn in_block_on_the_panic_is_the_polls_and_the_driver_goes_on() {
    on_each_size(|| {
        for panics in ALL {
            let (sender, receiver) = unbounded();
            let lock = Arc::new(Mutex::new(0));
            let theirs = Arc::clone(&lock);
            let polls = Cell::new(0);
            let sends = go!(move || {
                *theirs.lock() += 1;
                sender.send(3).unwrap();
            });
            let value = block_on(async {
                let mut inner = pin!(receiver.recv_async());
                poll_fn(|context| {
                    // First with the executor of another, as a join of several futures does.
                    if polls.replace(1) == 0 {
                        let bad = waker(panics);
                        let result = poll(inner.as_mut(), &bad);
                        end(bad);
                        if matches!(result, Ok(true)) {
                            return Poll::Ready(None);
                        }
                    }
                    inner.as_mut().poll(context).map(Some)
                })
                .await
            });
            assert!(matches!(value, Some(Ok(3)) | None));
            sends.join().unwrap();
            assert_eq!(*lock.lock(), 1);
        }
    });
}

#[test]
fn a_cancel_reaches_those_behind_it() {
    on_each_size(|| {
        for panics in ALL {
            let token = CancelToken::new();
            let (_sender, receiver) = unbounded::<()>();
            let mut bad = Box::pin(receiver.recv_async());
            polled(bad.as_mut(), panics);
            let (under, theirs) = (token.clone(), receiver.clone());
            let waits = go!(move || under.run(|| theirs.recv()));
            fiber::yield_now();
            token.cancel();
            assert!(waits.join().unwrap().is_err());
        }
    });
}
