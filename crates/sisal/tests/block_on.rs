//! `block_on` from fibers and threads: a future is polled again after each call of its waker, whatever its polls wait for.
//!
//! Method: futures that are woken by other fibers, threads, themselves, or by nobody who still lives.

mod common;

use common::on_each_size;
use sisal::{block_on, channel, fiber, go};
use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};

/// Pending once, and ready as soon as `wake` was called.
fn once_woken(wake: impl FnOnce(Waker)) -> impl Future<Output = ()> {
    let (woken, mut wake) = (Arc::new(AtomicU32::new(0)), Some(wake));
    poll_fn(move |context| match wake.take() {
        Some(wake) => {
            woken.fetch_add(1, Ordering::Relaxed);
            wake(context.waker().clone());
            Poll::Pending
        }
        None => Poll::Ready(()),
    })
}

#[test]
fn fibers_and_threads_wake_futures() {
    on_each_size(|| {
        for _ in 0..100 {
            block_on(async {
                once_woken(|waker| drop(go!(move || waker.wake()))).await;
                once_woken(|waker| waker.wake()).await;
            });
        }
        block_on(once_woken(|waker| drop(std::thread::spawn(move || waker.wake()))));
    });
}

#[test]
fn a_wait_inside_the_poll_eats_no_call() {
    on_each_size(|| {
        for _ in 0..100 {
            let (sender, receiver) = channel::bounded(0);
            block_on(once_woken(|waker| {
                go! {
                    waker.wake();
                    fiber::yield_now();
                    sender.send(()).unwrap();
                };
                receiver.recv().unwrap();
            }));
        }
    });
}

#[test]
fn block_on_inside_of_block_on() {
    on_each_size(|| {
        let handle = go!(|| 7);
        let outer = async {
            block_on(once_woken(|waker| drop(go!(move || waker.wake()))));
            handle.await.unwrap()
        };
        assert_eq!(block_on(outer), 7);
    });
}

#[test]
fn a_future_that_wakes_itself_lets_others_run() {
    common::on(1, || {
        let other = Arc::new(AtomicU32::new(0));
        let theirs = Arc::clone(&other);
        go!(move || theirs.store(1, Ordering::Relaxed));
        block_on(poll_fn(|context| {
            context.waker().wake_by_ref();
            if other.load(Ordering::Relaxed) == 1 { Poll::Ready(()) } else { Poll::Pending }
        }));
    });
}

#[test]
fn wakers_outlive_their_fiber() {
    on_each_size(|| {
        let waker = go!(|| block_on(poll_fn(|context| Poll::Ready(context.waker().clone())))).join().unwrap();
        waker.wake_by_ref();
        std::thread::spawn(move || waker.wake()).join().unwrap();
    });
}

#[test]
fn a_panic_in_the_poll_comes_out() {
    on_each_size(|| {
        let result = go!(|| block_on(async { panic!("wanted") })).join();
        assert_eq!(*result.unwrap_err().downcast::<&str>().unwrap(), "wanted");
    });
}

#[test]
fn in_the_destructor_of_a_thread_local() {
    struct Blocks(channel::Sender<u32>);
    impl Drop for Blocks {
        fn drop(&mut self) {
            let woken = once_woken(|waker| drop(std::thread::spawn(move || waker.wake())));
            block_on(async {
                woken.await;
                self.0.send(go!(|| 5).await.unwrap()).unwrap();
            });
        }
    }
    thread_local!(static LAST: std::cell::OnceCell<Blocks> = const { std::cell::OnceCell::new() });
    let (sender, receiver) = channel::unbounded();
    // Twice: with the thread's own record made before the thread-local, and after it.
    for early in [false, true] {
        let sender = sender.clone();
        std::thread::spawn(move || {
            if early {
                fiber::yield_now();
                block_on(async {});
            }
            LAST.with(|last| assert!(last.set(Blocks(sender)).is_ok()));
        })
        .join()
        .unwrap();
    }
    drop(sender);
    assert_eq!(receiver.iter().collect::<Vec<_>>(), [5, 5]);
}

#[test]
fn a_join_handle_is_a_future() {
    on_each_size(|| {
        assert_eq!(block_on(go!(|| 6 * 7)).unwrap(), 42);
        assert!(block_on(go!(|| panic!("wanted"))).is_err());
        // Many at a time, each polled again and again while the others end.
        let mut handles: Vec<_> = (0..100_u64)
            .map(|n| {
                Some(go!(move || {
                    fiber::yield_now();
                    n
                }))
            })
            .collect();
        let mut sum = 0;
        block_on(poll_fn(|context| {
            for slot in &mut handles {
                let Some(handle) = slot else { continue };
                if let Poll::Ready(n) = pin!(handle).poll(context) {
                    sum += n.unwrap();
                    *slot = None;
                }
            }
            if handles.iter().all(Option::is_none) { Poll::Ready(()) } else { Poll::Pending }
        }));
        assert_eq!(sum, 4_950);
    });
}

#[test]
fn a_join_handle_changes_its_waiter() {
    on_each_size(|| {
        for round in 0..300 {
            let (go_on, wait) = channel::bounded::<()>(0);
            let mut handle = go!(move || {
                let _ = wait.recv();
                round
            });
            let mut polled = |waker: &Waker| pin!(&mut handle).poll(&mut Context::from_waker(waker));
            assert!(polled(Waker::noop()).is_pending());
            let ender = go!(move || drop(go_on));
            let early = if round % 2 == 0 { polled(Waker::noop()) } else { Poll::Pending };
            match early {
                Poll::Ready(n) => assert_eq!(n.unwrap(), round),
                Poll::Pending if round % 3 == 0 => assert_eq!(block_on(handle).unwrap(), round),
                Poll::Pending if round % 3 == 1 => assert_eq!(handle.join().unwrap(), round),
                Poll::Pending => drop(handle),
            }
            ender.join().unwrap();
        }
    });
}

/// The fiber that ends calls the executor's waker, whose code may do what it likes: meanwhile whoever polls has seen the
/// result, and the handle is gone.
#[test]
fn a_waker_runs_in_the_name_of_a_fiber_whose_handle_is_gone() {
    #[derive(Default)]
    struct Asks {
        called: AtomicU32,
        handle_is_gone: AtomicU32,
        names: Mutex<Vec<String>>,
    }
    impl Wake for Asks {
        fn wake(self: Arc<Self>) {
            self.called.store(1, Ordering::SeqCst);
            while self.handle_is_gone.load(Ordering::SeqCst) == 0 {
                std::thread::yield_now();
            }
            for _ in 0..2 {
                let name = fiber::current().name().unwrap().to_owned();
                self.names.lock().unwrap().push(name);
                sisal::sleep(std::time::Duration::from_millis(1));
            }
        }
    }
    for _ in 0..20 {
        let (go, gone) = channel::bounded::<()>(0);
        let mut handle = fiber::Builder::new()
            .name("a name of its own".into())
            .spawn(move || gone.recv().unwrap())
            .unwrap();
        let asks = Arc::new(Asks::default());
        let waker = Waker::from(Arc::clone(&asks));
        assert!(pin!(&mut handle).poll(&mut Context::from_waker(&waker)).is_pending());
        go.send(()).unwrap();
        while asks.called.load(Ordering::SeqCst) == 0 {
            std::thread::yield_now();
        }
        handle.join().unwrap();
        // What is freed too early is overwritten.
        let _junk: Vec<_> = (8..40).map(|n| vec![0x5a_u8; n * 16]).collect();
        asks.handle_is_gone.store(1, Ordering::SeqCst);
        common::eventually("asked twice", || asks.names.lock().unwrap().len() == 2);
        assert_eq!(*asks.names.lock().unwrap(), ["a name of its own"; 2]);
    }
}

common::in_simulations! {
    a_wait_inside_the_poll_eats_no_call,
}
