//! Goal: a descriptor of somebody else's can be waited for, by several at once, also if it is registered already.
//! Method: pipes, sockets and a file, with and without a reactor.

mod helpers;

use helpers::Turned;
use mio::unix::pipe;
use sisal_reactor::{wait_readable, wait_writable};
use std::io::{ErrorKind, Write};
use std::os::fd::AsFd;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

#[test]
fn several_wait_for_one_pipe() {
    let turned = Turned::new();
    let (mut writer, reader) = pipe::new().unwrap();
    let reader = Arc::new(reader);
    let waiting: Vec<_> = (0..4)
        .map(|_| {
            let reader = Arc::clone(&reader);
            turned.spawn(move || wait_readable(&*reader, None))
        })
        .collect();
    let bare = thread::spawn({
        let reader = Arc::clone(&reader);
        move || wait_readable(&*reader, None)
    });
    helpers::until("all wait", || turned.reactor.sources() == 4);
    writer.write_all(b"x").unwrap();
    for waiting in waiting {
        waiting.join().unwrap().unwrap();
    }
    bare.join().unwrap().unwrap();
    assert_eq!(turned.reactor.sources(), 0);
}

#[test]
fn what_is_ready_is_not_waited_for() {
    let (writer, reader) = pipe::new().unwrap();
    wait_writable(&writer, None).unwrap();
    let file = std::fs::File::open("/dev/null").unwrap();
    let turned = Turned::new();
    turned.enter(|| {
        wait_writable(&writer, None).unwrap();
        wait_readable(&file, None).unwrap();
        wait_readable(std::fs::File::open("Cargo.toml").unwrap(), None).unwrap();
        drop(writer);
        wait_readable(&reader, None).unwrap();
    });
    assert_eq!(turned.reactor.sources(), 0);
}

#[test]
fn a_deadline_ends_it() {
    let (_writer, reader) = pipe::new().unwrap();
    let wait = || {
        let deadline = Instant::now() + Duration::from_millis(2);
        let error = wait_readable(reader.as_fd(), Some(deadline)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TimedOut);
        assert!(Instant::now() >= deadline);
    };
    wait();
    Turned::new().enter(wait);
}
