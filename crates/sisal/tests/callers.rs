//! Every operation that waits works for every caller: a fiber, a bare thread, a thread of the blocking pool, one that polls
//! futures for somebody else's executor, a thread that is ending and drops its thread-locals.
//!
//! Method: a table of operations, each of which waits for what a fiber does later, run as a whole by each kind of caller.

mod common;

use common::executor::Executor;
use sisal::channel::{self, broadcast, oneshot};
use sisal::fiber::{self, CancelToken};
use sisal::net::{TcpListener, TcpStream, UdpSocket, UnixStream};
use sisal::sync::{Barrier, Condvar, LazyLock, Mutex, Notify, Once, OnceLock, RwLock, Semaphore, WaitGroup};
use sisal::{block_on, blocking, go, io, select, spawn_blocking, time};
use std::cell::OnceCell;
use std::io::{Read, Write};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

const SOON: Duration = Duration::from_millis(1);
const LONG: Duration = Duration::from_secs(60);

type Operation = fn();

/// Does `f` on a fiber, some time later.
fn later(f: impl FnOnce() + Send + 'static) {
    go! {
        sisal::sleep(SOON);
        f();
    };
}

const OPERATIONS: &[(&str, Operation)] = &[
    ("recv", || {
        let (sender, receiver) = channel::bounded(1);
        later(move || sender.send(5).unwrap());
        assert_eq!(receiver.recv(), Ok(5));
    }),
    ("send", || {
        let (sender, receiver) = channel::bounded(0);
        later(move || assert_eq!(receiver.recv(), Ok(5)));
        sender.send(5).unwrap();
    }),
    ("recv_timeout", || {
        let (_sender, receiver) = channel::unbounded::<()>();
        assert!(receiver.recv_timeout(SOON).unwrap_err().is_timeout());
    }),
    ("after", || {
        channel::after(SOON).recv().unwrap();
    }),
    ("select", || {
        let (sender, receiver) = channel::bounded(0);
        let (_other, nobody) = channel::bounded::<()>(0);
        later(move || sender.send(5).unwrap());
        select! {
            recv(receiver) -> got => assert_eq!(got, Ok(5)),
            recv(nobody) -> _ => unreachable!(),
        }
    }),
    ("select of a handle", || {
        let mut handle = go!(|| sisal::sleep(SOON));
        select! { recv(handle) -> result => result.unwrap() }
    }),
    ("select of a socket", || {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        later(move || theirs.write_all(b"x").unwrap());
        select! { recv(ours.readable()) -> ready => ready.unwrap() }
    }),
    ("select of a token", || {
        let token = CancelToken::new();
        let theirs = token.clone();
        later(move || theirs.cancel());
        select! { recv(token) -> () => {} }
    }),
    ("oneshot", || {
        let (sender, receiver) = oneshot();
        later(move || sender.send(5).unwrap());
        assert_eq!(receiver.recv(), Ok(5));
    }),
    ("broadcast", || {
        let (sender, mut receiver) = broadcast(2);
        later(move || assert_eq!(sender.send(5), Ok(1)));
        assert_eq!(receiver.recv(), Ok(5));
    }),
    ("block_on", || {
        let (sender, receiver) = channel::bounded(0);
        later(move || sender.send(5).unwrap());
        assert_eq!(block_on(receiver.recv_async()), Ok(5));
    }),
    ("mutex", || {
        let mutex = Arc::new(Mutex::new(0));
        let theirs = Arc::clone(&mutex);
        let (locked, is_locked) = channel::bounded(0);
        go! {
            let mut guard = theirs.lock();
            locked.send(()).unwrap();
            sisal::sleep(SOON);
            *guard = 5;
        };
        is_locked.recv().unwrap();
        assert_eq!(*mutex.lock(), 5);
        assert!(mutex.try_lock_for(LONG).is_some());
    }),
    ("rwlock", || {
        let lock = Arc::new(RwLock::new(0));
        let theirs = Arc::clone(&lock);
        let (locked, is_locked) = channel::bounded(0);
        go! {
            let mut guard = theirs.write();
            locked.send(()).unwrap();
            sisal::sleep(SOON);
            *guard = 5;
        };
        is_locked.recv().unwrap();
        assert_eq!(*lock.read(), 5);
        *lock.write() = 6;
    }),
    ("condvar", || {
        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let theirs = Arc::clone(&pair);
        later(move || {
            *theirs.0.lock() = true;
            theirs.1.notify_all();
        });
        pair.1.wait_while(&mut pair.0.lock(), |done| !*done);
    }),
    ("barrier", || {
        let barrier = Arc::new(Barrier::new(2));
        let theirs = Arc::clone(&barrier);
        later(move || {
            theirs.wait();
        });
        barrier.wait();
    }),
    ("semaphore", || {
        let semaphore = Arc::new(Semaphore::new(0));
        let theirs = Arc::clone(&semaphore);
        later(move || theirs.add_permits(1));
        drop(semaphore.acquire());
    }),
    ("wait group", || {
        let group = WaitGroup::new();
        let theirs = group.clone();
        later(move || drop(theirs));
        group.wait();
    }),
    ("notify", || {
        let notify = Arc::new(Notify::new());
        let theirs = Arc::clone(&notify);
        later(move || theirs.notify_one());
        notify.wait();
    }),
    ("once", || {
        let cells = Arc::new((Once::new(), OnceLock::new(), LazyLock::new(|| 5)));
        let theirs = Arc::clone(&cells);
        let (began, has_begun) = channel::bounded(0);
        go! {
            theirs.0.call_once(|| {
                began.send(()).unwrap();
                sisal::sleep(SOON);
            });
        };
        has_begun.recv().unwrap();
        cells.0.call_once(|| unreachable!());
        assert_eq!(*cells.1.get_or_init(|| *cells.2), 5);
    }),
    ("sleep and yield", || {
        fiber::yield_now();
        sisal::sleep(SOON);
        time::sleep_until(time::now() + SOON);
    }),
    ("park", || {
        let this = fiber::current();
        later(move || this.unpark());
        fiber::park();
        fiber::park_timeout(SOON);
    }),
    ("join", || {
        assert_eq!(go!(|| 5).join().unwrap(), 5);
        let slow = go!(|| sisal::sleep(SOON));
        slow.join_timeout(LONG).unwrap().unwrap();
    }),
    ("scope", || {
        let mut count = 0;
        fiber::scope(|scope| {
            scope.spawn(|| {
                sisal::sleep(SOON);
                count += 1;
            });
        });
        assert_eq!(count, 1);
    }),
    ("run", || assert_eq!(sisal::run(|| 5), 5)),
    ("blocking", || {
        assert_eq!(blocking(|| 5), 5);
        assert_eq!(spawn_blocking(|| 5).join().unwrap(), 5);
    }),
    ("deadline", || {
        let (_sender, receiver) = channel::unbounded::<()>();
        assert!(time::timeout(SOON, || receiver.recv()).is_err());
    }),
    ("cancel", || {
        let token = CancelToken::new();
        let theirs = token.clone();
        later(move || theirs.cancel());
        let (_sender, receiver) = channel::unbounded::<()>();
        assert!(token.run(|| receiver.recv()).is_err());
        token.wait();
    }),
    ("tcp", || {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        later(move || TcpStream::connect(address).unwrap().write_all(b"hello").unwrap());
        let mut text = String::new();
        listener.accept().unwrap().0.read_to_string(&mut text).unwrap();
        assert_eq!(text, "hello");
        TcpStream::connect(address).unwrap();
    }),
    ("udp", || {
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let address = socket.local_addr().unwrap();
        later(move || {
            UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"x", address).unwrap();
        });
        assert_eq!(socket.recv_from(&mut [0; 8]).unwrap().0, 1);
        socket.set_read_timeout(Some(SOON)).unwrap();
        assert!(socket.recv_from(&mut [0; 8]).is_err());
    }),
    ("descriptors", || {
        let (mut reader, mut writer) = io::pipe().unwrap();
        later(move || writer.write_all(b"x").unwrap());
        io::wait_readable(&reader, None).unwrap();
        assert_eq!(reader.read(&mut [0; 8]).unwrap(), 1);
    }),
    ("files", || {
        assert!(sisal::fs::read(file!().strip_prefix("crates/sisal/").unwrap_or(file!())).is_ok());
    }),
];

fn all() {
    for (name, operation) in OPERATIONS {
        println!("{name}");
        operation();
    }
}

#[test]
fn fibers() {
    common::on_each_size(all);
}

#[test]
fn fibers_of_another_runtime() {
    common::on(1, || common::on(2, all));
}

#[test]
fn bare_threads() {
    thread::spawn(all).join().unwrap();
}

#[test]
fn threads_of_the_blocking_pool() {
    common::on_each_size(|| blocking(all));
}

#[test]
fn threads_that_poll_futures() {
    let executor = Executor::new(2);
    executor.spawn(async { all() });
    executor.spawn(async { block_on(async { all() }) });
    executor.start().into_iter().for_each(|thread| thread.join().unwrap());
}

#[test]
fn threads_that_drop_their_thread_locals() {
    struct Last(channel::Sender<()>);
    impl Drop for Last {
        fn drop(&mut self) {
            all();
            self.0.send(()).unwrap();
        }
    }
    thread_local!(static LAST: OnceCell<Last> = const { OnceCell::new() });
    // With sisal's own thread-locals made before this one, and after it.
    for early in [false, true] {
        let (sender, receiver) = channel::unbounded();
        thread::spawn(move || {
            if early {
                all();
            }
            LAST.with(|last| assert!(last.set(Last(sender)).is_ok()));
        })
        .join()
        .unwrap();
        assert!(receiver.try_recv().is_ok(), "the destructor has failed");
    }
}
