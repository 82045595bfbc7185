//! Goal: a cancelled agent's operations end with an error, whether they wait or need not; `incoming` tells it once.
//! Method: an agent that is a bare thread and can be cancelled, waiting through a reactor.

mod helpers;

use helpers::{Turned, pair, until};
use sisal_net::{TcpListener, TcpStream, UdpSocket};
use sisal_park::thread::ThreadAgent;
use sisal_park::{Agent, AgentId, Cancellable, Outcome, Reason, Waker, Word};
use std::io::{self, ErrorKind, Read, Write};
use std::ptr::NonNull;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Instant;

/// A thread that can be asked to end.
struct Mortal {
    thread: ThreadAgent,
    cancelled: Arc<AtomicBool>,
}

impl Agent for Mortal {
    fn id(&self) -> AgentId {
        self.thread.id()
    }
    fn park(&self, deadline: Option<Instant>, reason: Reason, cancellable: Cancellable) -> Outcome {
        let ends = || cancellable == Cancellable::Always && self.is_cancelled();
        if ends() {
            return Outcome::Cancelled;
        }
        let outcome = self.thread.park(deadline, reason, cancellable);
        if ends() { Outcome::Cancelled } else { outcome }
    }
    fn waker(&self) -> Waker {
        self.thread.waker()
    }
    fn word(&self) -> &Word {
        self.thread.word()
    }
    fn yield_now(&self) {
        self.thread.yield_now();
    }
    fn spend(&self) {}
    fn blocking(&self, job: &mut (dyn FnMut() + Send)) {
        job();
    }
    fn now(&self) -> Instant {
        self.thread.now()
    }
    fn choose(&self, bound: usize) -> usize {
        self.thread.choose(bound)
    }
    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire)
    }
    fn spins(&self) -> u32 {
        0
    }
}

/// How to cancel one.
struct Cancel {
    cancelled: Arc<AtomicBool>,
    waker: Waker,
}

impl Cancel {
    fn now(self) {
        self.cancelled.store(true, Ordering::Release);
        self.waker.wake();
    }
}

/// Runs `f` as a [`Mortal`] whose waits go through `turned`.
fn mortal<T: Send + 'static>(
    turned: &Turned,
    f: impl FnOnce() -> T + Send + 'static,
) -> (JoinHandle<T>, Cancel) {
    let (tell, told) = std::sync::mpsc::channel();
    let reactor = Arc::clone(turned.reactor());
    let thread = thread::spawn(move || {
        let agent = Mortal { thread: ThreadAgent::new(), cancelled: Arc::new(AtomicBool::new(false)) };
        tell.send(Cancel { cancelled: Arc::clone(&agent.cancelled), waker: agent.waker() }).unwrap();
        sisal_reactor::install(Some(&reactor));
        // SAFETY: the agent lives until it is replaced below, and this thread alone calls it.
        unsafe { sisal_park::agent::install(Some(NonNull::from(&agent as &dyn Agent))) };
        let result = f();
        // SAFETY: no agent.
        unsafe { sisal_park::agent::install(None) };
        result
    });
    (thread, told.recv().unwrap())
}

fn is_cancel(error: &io::Error) -> bool {
    error.kind() == ErrorKind::Other && error.to_string() == "cancelled"
}

#[test]
fn a_wait_ends_and_so_does_whatever_comes_after() {
    let turned = Turned::new();
    let (ours, mut server) = pair();
    let client = std::net::TcpStream::from(ours);
    let (reader, cancel) = mortal(&turned, move || {
        let first = server.read(&mut [0; 8]).unwrap_err();
        // None of these would have to wait.
        (&client).write_all(b"x").unwrap();
        let second = server.read(&mut [0; 8]).unwrap_err();
        let third = server.write(b"x").unwrap_err();
        let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
        let fourth = socket.send_to(b"x", socket.local_addr().unwrap()).unwrap_err();
        [first, second, third, fourth]
    });
    until("it waits", || turned.reactor().sources() == 1);
    cancel.now();
    assert!(reader.join().unwrap().iter().all(is_cancel));
}

#[test]
fn incoming_tells_it_once() {
    let turned = Turned::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (tell, told) = std::sync::mpsc::channel();
    let (acceptor, cancel) = mortal(&turned, move || {
        let mut incoming = listener.incoming();
        assert!(incoming.next().unwrap().is_ok());
        tell.send(()).unwrap();
        let error = incoming.next().unwrap().unwrap_err();
        assert!(incoming.next().is_none());
        assert!(is_cancel(&listener.accept().unwrap_err()));
        error
    });
    let _client = TcpStream::connect(address).unwrap();
    told.recv().unwrap();
    cancel.now();
    assert!(is_cancel(&acceptor.join().unwrap()));
}

#[test]
fn a_connect_ends_too() {
    let turned = Turned::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let (connector, cancel) = mortal(&turned, move || {
        until("cancelled", || sisal_park::with_current(|agent| agent.is_cancelled()));
        TcpStream::connect(address).unwrap_err()
    });
    cancel.now();
    assert!(is_cancel(&connector.join().unwrap()));
}
