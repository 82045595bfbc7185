//! Each test runs twice: on bare threads, which wait in `poll(2)`, and on threads that wait through a reactor, as workers'
//! fibers do, which another thread turns.

#![allow(dead_code, reason = "not every test file uses every helper")]

use sisal_net::{TcpListener, TcpStream};
use sisal_reactor::Reactor;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// Where a test's threads wait.
#[derive(Clone)]
pub(crate) struct Place {
    pub(crate) reactor: Option<Arc<Reactor>>,
}

impl Place {
    /// A thread that waits in the same way.
    pub(crate) fn spawn<T: Send + 'static>(&self, f: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        let reactor = self.reactor.clone();
        thread::spawn(move || {
            sisal_reactor::install(reactor.as_ref());
            f()
        })
    }

    /// Returns when `count` sources are registered; on bare threads after a moment in which the other is likely to wait.
    pub(crate) fn until_registered(&self, count: usize) {
        match &self.reactor {
            Some(reactor) => until("registered", || reactor.sources() == count),
            None => thread::sleep(Duration::from_millis(3)),
        }
    }
}

/// A reactor that another thread turns until this is dropped.
pub(crate) struct Turned {
    pub(crate) place: Place,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Turned {
    pub(crate) fn new() -> Self {
        let (reactor, stop) = (Reactor::new().unwrap(), Arc::new(AtomicBool::new(false)));
        let thread = thread::spawn({
            let (reactor, stop) = (Arc::clone(&reactor), Arc::clone(&stop));
            move || {
                while !stop.load(Ordering::Acquire) {
                    reactor.turn(None).unwrap();
                }
            }
        });
        Self { place: Place { reactor: Some(reactor) }, stop, thread: Some(thread) }
    }

    pub(crate) fn reactor(&self) -> &Arc<Reactor> {
        self.place.reactor.as_ref().unwrap()
    }
}

impl Drop for Turned {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.reactor().ring();
        self.thread.take().unwrap().join().unwrap();
        self.reactor().close();
    }
}

/// Runs `test` in both places.
pub(crate) fn everywhere(test: impl Fn(&Place)) {
    test(&Place { reactor: None });
    let turned = Turned::new();
    let before = sisal_reactor::install(Some(turned.reactor()));
    test(&turned.place);
    sisal_reactor::install(before.as_ref());
    assert_eq!(turned.reactor().sources(), 0, "a registration was left behind");
}

/// Both ends of a TCP connection.
pub(crate) fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let (server, _) = listener.accept().unwrap();
    client.set_nodelay(true).unwrap();
    server.set_nodelay(true).unwrap();
    (client, server)
}

/// Waits, for a test's patience, until `f` holds.
pub(crate) fn until(what: &str, mut f: impl FnMut() -> bool) {
    let start = Instant::now();
    while !f() {
        assert!(start.elapsed() < Duration::from_secs(20), "not so after 20 s: {what}");
        thread::sleep(Duration::from_micros(200));
    }
}

/// A path that nobody else has, removed when dropped.
pub(crate) struct Scratch(pub(crate) std::path::PathBuf);

impl Scratch {
    pub(crate) fn new(name: &str) -> Self {
        static COUNT: std::sync::atomic::AtomicU32 = std::sync::atomic::AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Self(std::env::temp_dir().join(format!("sisal-net-{name}-{}-{count}", std::process::id())))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}
