//! A thread that turns a reactor, and bare threads that wait through it: the paths of a worker, without one.

use sisal_reactor::{Interest, Reactor, Source};
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

/// A reactor that another thread turns until this is dropped.
#[allow(dead_code, reason = "not every test file uses every helper")]
pub(crate) struct Turned {
    pub(crate) reactor: Arc<Reactor>,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

#[allow(dead_code, reason = "not every test file uses every helper")]
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
        Self { reactor, stop, thread: Some(thread) }
    }

    /// Runs `f` on a thread whose waits go through this reactor.
    pub(crate) fn spawn<T: Send + 'static>(&self, f: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        let reactor = Arc::clone(&self.reactor);
        thread::spawn(move || {
            sisal_reactor::install(Some(&reactor));
            f()
        })
    }

    /// Runs `f` here, with waits that go through this reactor.
    pub(crate) fn enter<T>(&self, f: impl FnOnce() -> T) -> T {
        let before = sisal_reactor::install(Some(&self.reactor));
        let result = f();
        sisal_reactor::install(before.as_ref());
        result
    }
}

impl Drop for Turned {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Release);
        self.reactor.ring();
        self.thread.take().unwrap().join().unwrap();
        self.reactor.close();
    }
}

/// Reads as a socket does: the call first, then a wait for what the look had not seen.
#[allow(dead_code, reason = "not every test file uses every helper")]
pub(crate) fn read<S>(
    stream: &S,
    source: &Source,
    bytes: &mut [u8],
    deadline: Option<Instant>,
) -> io::Result<usize>
where
    S: AsFd,
    for<'a> &'a S: Read,
{
    let mut stream = stream;
    loop {
        let look = source.look(Interest::Readable);
        match stream.read(bytes) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                source.wait(stream.as_fd(), Interest::Readable, look, deadline)?;
            }
            result => return result,
        }
    }
}

/// Waits, for a test's patience, until `f` holds.
#[allow(dead_code, reason = "not every test file uses every helper")]
pub(crate) fn until(what: &str, mut f: impl FnMut() -> bool) {
    let start = Instant::now();
    while !f() {
        assert!(start.elapsed() < Duration::from_secs(20), "not so after 20 s: {what}");
        thread::sleep(Duration::from_micros(200));
    }
}
