//! Goal: a wait ends at its deadline, not before, with the error for it and with nothing taken or lost. Method: waits of a few
//! milliseconds on channels that nobody serves, or that somebody serves at just that time.

use sisal_sync::channel::{
    RecvTimeoutError, Select, SendTimeoutError, TryRecvError, TrySendError, bounded, unbounded,
};
use sisal_sync::select;
use std::thread;
use std::time::{Duration, Instant};

const TIME: Duration = Duration::from_millis(3);

/// Runs `wait`, which must last for `TIME` and not for very much longer.
fn lasts<R>(wait: impl FnOnce() -> R) -> R {
    let start = Instant::now();
    let result = wait();
    assert!(start.elapsed() >= TIME, "too early");
    assert!(start.elapsed() < Duration::from_secs(5), "far too late");
    result
}

#[test]
fn of_receives() {
    let (sender, receiver) = unbounded::<u8>();
    assert_eq!(lasts(|| receiver.recv_timeout(TIME)), Err(RecvTimeoutError::Timeout));
    assert_eq!(lasts(|| receiver.recv_deadline(Instant::now() + TIME)), Err(RecvTimeoutError::Timeout));
    assert_eq!(receiver.recv_timeout(Duration::ZERO), Err(RecvTimeoutError::Timeout));
    assert_eq!(receiver.try_recv(), Err(TryRecvError::Empty));
    sender.send(1).unwrap();
    assert_eq!(receiver.recv_timeout(Duration::ZERO), Ok(1));
    sender.send(2).unwrap();
    assert_eq!(receiver.recv_timeout(Duration::MAX), Ok(2));
    drop(sender);
    assert_eq!(receiver.recv_timeout(TIME), Err(RecvTimeoutError::Disconnected));
}

#[test]
fn of_sends() {
    for (sender, receiver) in [bounded(0), bounded(1)] {
        let room = sender.capacity().unwrap();
        (0..room).for_each(|_| sender.send(0).unwrap());
        assert_eq!(lasts(|| sender.send_timeout(1, TIME)), Err(SendTimeoutError::Timeout(1)));
        assert_eq!(sender.send_timeout(2, Duration::ZERO), Err(SendTimeoutError::Timeout(2)));
        assert_eq!(sender.try_send(3), Err(TrySendError::Full(3)));
        assert_eq!(receiver.try_iter().count(), room);
        drop(receiver);
        assert_eq!(sender.send_timeout(4, TIME), Err(SendTimeoutError::Disconnected(4)));
    }
}

#[test]
fn of_selects() {
    let (sender, receiver) = bounded::<u8>(0);
    lasts(|| {
        select! {
            recv(receiver) -> _ => unreachable!(),
            send(sender, 1) -> _ => unreachable!(),
            default(TIME) => {}
        }
    });
    lasts(|| select! { default(TIME) => {} });
    let mut select = Select::new();
    select.recv(&receiver);
    select.send(&sender);
    assert!(lasts(|| select.select_timeout(TIME)).is_err());
    assert!(lasts(|| select.ready_timeout(TIME)).is_err());
    assert!(select.try_select().is_err() && select.try_ready().is_err());
}

#[test]
fn a_disconnect_ends_waits_before() {
    let (sender, receiver) = bounded::<u8>(0);
    let start = Instant::now();
    thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(receiver.recv_timeout(Duration::from_secs(60)), Err(RecvTimeoutError::Disconnected))
        });
        thread::sleep(TIME);
        drop(sender);
    });
    let (sender, receiver) = bounded(0);
    thread::scope(|scope| {
        scope.spawn(|| {
            let sent = sender.send_timeout(1, Duration::from_secs(60));
            assert_eq!(sent, Err(SendTimeoutError::Disconnected(1)));
        });
        thread::sleep(TIME);
        drop(receiver);
    });
    assert!(start.elapsed() < Duration::from_secs(50));
}

#[test]
fn at_the_same_time_as_the_message() {
    for (sender, receiver) in [bounded(0), bounded(1), unbounded()] {
        let mut received = 0;
        let sent = thread::scope(|scope| {
            let sends = scope.spawn(move || {
                let time = |n: u32| Duration::from_micros(u64::from(n % 40));
                (0..200_u32).filter(|&n| sender.send_timeout(n, time(n)).is_ok()).count()
            });
            loop {
                match receiver.recv_timeout(Duration::from_micros(20)) {
                    Ok(_) => received += 1,
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
            sends.join().unwrap()
        });
        assert_eq!(sent, received);
    }
}
