//! Goal: a turn ends with an event, a ring, its timeout or a close, and with nothing else; a ring is never lost.
//! Method: each of them alone, on one or two threads, with a patience that only a lost wake-up would use up.

mod helpers;

use sisal_reactor::{Interest, Reactor, Source, install};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(20);

fn timed(reactor: &Reactor, timeout: Duration) -> Duration {
    let start = Instant::now();
    reactor.turn(Some(timeout)).unwrap();
    start.elapsed()
}

#[test]
fn a_ring_before_the_turn_is_kept() {
    let reactor = Reactor::new().unwrap();
    reactor.ring();
    reactor.ring();
    assert!(timed(&reactor, PATIENCE) < PATIENCE / 2);
    assert!(timed(&reactor, Duration::from_millis(5)) >= Duration::from_millis(5), "one ring, one turn");
}

#[test]
fn a_ring_ends_the_turn_that_sleeps() {
    let reactor = Reactor::new().unwrap();
    let other = Arc::clone(&reactor);
    let ringer = thread::spawn(move || {
        thread::sleep(Duration::from_millis(2));
        other.ring();
    });
    reactor.turn(None).unwrap();
    ringer.join().unwrap();
}

#[test]
fn a_turn_that_does_not_wait_leaves_the_ring() {
    let reactor = Reactor::new().unwrap();
    reactor.ring();
    let _silence = watch_silence(&reactor);
    reactor.turn(Some(Duration::ZERO)).unwrap();
    reactor.turn(Some(Duration::ZERO)).unwrap();
    assert!(timed(&reactor, PATIENCE) < PATIENCE / 2);
}

/// Something for `reactor` to watch, on which nothing ever comes. (Without any, a turn that does not wait asks nobody.)
fn watch_silence(reactor: &Arc<Reactor>) -> (Source, UnixStream, UnixStream) {
    let (stream, peer) = UnixStream::pair().unwrap();
    let source = Source::new();
    let before = install(Some(reactor));
    let look = source.look(Interest::Readable);
    source.wait(stream.as_fd(), Interest::Readable, look, Some(Instant::now())).unwrap_err();
    install(before.as_ref());
    assert_eq!(reactor.sources(), 1);
    (source, stream, peer)
}

/// As a worker sleeps: what was published before a ring must be seen after the turn, or the test never ends.
#[test]
fn no_ring_is_lost() {
    let (reactor, published) = (Reactor::new().unwrap(), Arc::new(AtomicU32::new(0)));
    let _silence = watch_silence(&reactor);
    let (other, work) = (Arc::clone(&reactor), Arc::clone(&published));
    const RINGS: u32 = 2_000;
    let ringer = thread::spawn(move || {
        for _ in 0..RINGS {
            work.fetch_add(1, Ordering::Relaxed);
            other.ring();
        }
    });
    let monitor = Arc::clone(&reactor);
    let meddler = thread::spawn(move || {
        for _ in 0..RINGS {
            monitor.turn(Some(Duration::ZERO)).unwrap();
        }
    });
    while published.load(Ordering::Relaxed) < RINGS {
        reactor.turn(None).unwrap();
    }
    ringer.join().unwrap();
    meddler.join().unwrap();
}

#[test]
fn whoever_comes_second_does_not_wait() {
    let turned = helpers::Turned::new();
    helpers::until("the other thread turns", || {
        timed(&turned.reactor, Duration::from_micros(50)) < Duration::from_micros(40)
    });
    assert_eq!(turned.reactor.turn(None).unwrap(), 0);
}

/// A fifth of the turns on time is asked for, not all of them: another test may have the core.
#[test]
fn a_timeout_below_a_millisecond_is_kept() {
    thread::spawn(|| {
        let reactor = Reactor::new().unwrap();
        install(Some(&reactor));
        let asked = Duration::from_micros(200);
        let mut late: Vec<_> = (0..50).map(|_| timed(&reactor, asked)).collect();
        late.sort();
        assert!(late[0] >= asked, "never early: {:?}", late[0]);
        assert!(late[10] < asked + Duration::from_micros(400), "{late:?}");
    })
    .join()
    .unwrap();
}

#[test]
fn a_long_timeout_is_kept_too() {
    thread::spawn(|| {
        let reactor = Reactor::new().unwrap();
        install(Some(&reactor));
        let asked = Duration::from_micros(30_300);
        // One of several: another test may have the core.
        let best = (0..20).map(|_| timed(&reactor, asked)).find(|took| {
            assert!(*took >= asked, "never early: {took:?}");
            *took < asked + Duration::from_millis(1)
        });
        assert!(best.is_some());
    })
    .join()
    .unwrap();
}

#[test]
fn a_close_ends_the_turn_that_sleeps() {
    let reactor = Reactor::new().unwrap();
    let other = Arc::clone(&reactor);
    let turner = thread::spawn(move || other.turn(None));
    thread::sleep(Duration::from_millis(2));
    reactor.close();
    turner.join().unwrap().unwrap();
    // All of them do nothing now.
    reactor.ring();
    assert_eq!(reactor.turn(None).unwrap(), 0);
    reactor.close();
}

extern "C" fn ignore(_signal: libc::c_int) {}

#[test]
fn a_signal_is_no_error() {
    // SAFETY: a handler that does nothing, without SA_RESTART.
    unsafe {
        let mut action: libc::sigaction = std::mem::zeroed();
        action.sa_sigaction = ignore as extern "C" fn(libc::c_int) as usize;
        assert_eq!(libc::sigaction(libc::SIGUSR1, &action, std::ptr::null_mut()), 0);
    }
    // SAFETY: asks for a number.
    let thread = unsafe { libc::pthread_self() };
    let signaller = thread::spawn(move || {
        thread::sleep(Duration::from_millis(2));
        // SAFETY: the thread waits for this one to end.
        unsafe { libc::pthread_kill(thread, libc::SIGUSR1) };
    });
    let reactor = Reactor::new().unwrap();
    assert_eq!(reactor.turn(Some(Duration::from_millis(10))).unwrap(), 0);
    signaller.join().unwrap();
}
