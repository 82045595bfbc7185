//! Goal: a worker that one fiber keeps busy holds up nobody who waits elsewhere for sockets that are registered there.
//! Method: two workers; a listener, and a connection, get to know worker 0; then a fiber spins on it until one on worker 1
//! has had what it waits for.

mod common;

use common::on;
use sisal::fiber::{self, Builder, JoinHandle};
use sisal::net::{TcpListener, TcpStream};
use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
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
