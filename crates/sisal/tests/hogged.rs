//! Goal: a worker that one fiber keeps busy holds up nobody who waits elsewhere for sockets that are registered there.
//! Method: two workers; a listener, and a connection, get to know worker 0; then a fiber spins on it until one on worker 1
//! has had what it waits for.

mod common;

use common::on;
use sisal::fiber::{self, Builder, JoinHandle};
use sisal::net::{TcpListener, TcpStream};
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

fn at_home<T: Send + 'static>(worker: usize, f: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
    Builder::new().home(worker).spawn(f).unwrap()
}

/// Spins on worker 0 until told, and never gives way; returns once it does.
fn hog() -> (Arc<AtomicBool>, JoinHandle<()>) {
    let (told, begun) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
    let hog = at_home(0, {
        let (told, begun) = (Arc::clone(&told), Arc::clone(&begun));
        move || {
            begun.store(true, Ordering::Release);
            let start = Instant::now();
            while !told.load(Ordering::Acquire) {
                assert!(start.elapsed() < Duration::from_secs(20), "nobody got what it waited for");
                std::hint::spin_loop();
            }
        }
    });
    common::eventually("the hog runs", || begun.load(Ordering::Acquire));
    (told, hog)
}

/// The root fiber must not live on the worker that is hogged.
fn on_worker_1(test: impl FnOnce() + Send + 'static) {
    on(2, || at_home(1, test).join().unwrap());
}

#[test]
fn a_listener_goes_on() {
    on_worker_1(|| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        // Waits on worker 0, whose reactor watches the listener from then on.
        let own = listener.try_clone().unwrap();
        let first = at_home(0, move || own.accept().unwrap());
        sisal::sleep(Duration::from_millis(2));
        let _one = std::net::TcpStream::connect(address).unwrap();
        drop(first.join().unwrap());
        let (told, hog) = hog();
        let second = fiber::Builder::new().home(1).spawn(move || listener.accept().unwrap()).unwrap();
        sisal::sleep(Duration::from_millis(2));
        let _two = std::net::TcpStream::connect(address).unwrap();
        drop(second.join().unwrap());
        told.store(true, Ordering::Release);
        hog.join().unwrap();
    });
}

#[test]
fn a_connection_goes_on() {
    on_worker_1(|| {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut other, _) = listener.accept().unwrap();
        let mut clone = stream.try_clone().unwrap();
        let first = at_home(0, move || clone.read(&mut [0]).unwrap());
        sisal::sleep(Duration::from_millis(2));
        other.write_all(b"1").unwrap();
        assert_eq!(first.join().unwrap(), 1);
        let (told, hog) = hog();
        let reading = at_home(1, move || (&stream).read(&mut [0]).unwrap());
        sisal::sleep(Duration::from_millis(2));
        other.write_all(b"2").unwrap();
        assert_eq!(reading.join().unwrap(), 1);
        told.store(true, Ordering::Release);
        hog.join().unwrap();
    });
}

/// Fibers that wait on worker 1, so that fresh ones are sent to worker 0 to even out the homes.
fn crowd() -> Vec<JoinHandle<()>> {
    (0..40).map(|_| at_home(1, fiber::park)).collect()
}

fn disperse(crowd: Vec<JoinHandle<()>>) {
    crowd.iter().for_each(|handle| handle.fiber().unpark());
    crowd.into_iter().for_each(|handle| handle.join().unwrap());
}

const FRESH: usize = 100;

#[test]
fn fresh_fibers_that_are_sent_there_start_elsewhere() {
    on_worker_1(|| {
        let crowd = crowd();
        sisal::sleep(Duration::from_millis(2));
        let (told, hog) = hog();
        let fresh: Vec<_> = (0..FRESH).map(|_| fiber::spawn(|| fiber::current().home())).collect();
        let homes: Vec<_> = fresh.into_iter().map(|handle| handle.join().unwrap()).collect();
        assert_eq!(homes, [Some(1); FRESH]);
        told.store(true, Ordering::Release);
        hog.join().unwrap();
        disperse(crowd);
    });
}

/// The hog came with them, and started first.
#[test]
fn fresh_fibers_behind_a_hog_that_was_sent_with_them_start_elsewhere() {
    on_worker_1(|| {
        let crowd = crowd();
        sisal::sleep(Duration::from_millis(2));
        let (started, hogs) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let body = || {
            let (started, hogs) = (Arc::clone(&started), Arc::clone(&hogs));
            move || {
                started.fetch_add(1, Ordering::SeqCst);
                if fiber::current().home() == Some(0) && hogs.fetch_add(1, Ordering::SeqCst) == 0 {
                    let start = Instant::now();
                    while started.load(Ordering::SeqCst) < FRESH {
                        assert!(start.elapsed() < Duration::from_secs(20), "they wait for the hog");
                        std::hint::spin_loop();
                    }
                }
            }
        };
        // Worker 0 may have no time to start one before a verdict that it is held, and then there is no hog in that round.
        while hogs.load(Ordering::SeqCst) == 0 {
            started.store(0, Ordering::SeqCst);
            let fresh: Vec<_> = (0..FRESH).map(|_| fiber::spawn(body())).collect();
            fresh.into_iter().for_each(|handle| handle.join().unwrap());
        }
        disperse(crowd);
    });
}
