//! Goal: a cancel ends each operation that reports errors, with the error that says so.
//! Method: each operation would wait for ever; it is cancelled in each way, before, about when and after it begins to wait.

mod common;

use common::cancel::{cancelled, each_way};
use common::on_each_size;
use sisal::net::{TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream};
use sisal::sync::{Condvar, Mutex, Notify, Semaphore};
use sisal::{channel, fiber, select, time};
use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(3600);

fn assert_cancelled(result: io::Result<usize>, is_deadline: bool) {
    let error = result.unwrap_err();
    if is_deadline {
        assert_eq!(error.kind(), ErrorKind::TimedOut);
    } else {
        assert_eq!((error.kind(), error.to_string().as_str()), (ErrorKind::Other, "cancelled"));
    }
}

fn ends_with_io_error(op: impl Fn() -> io::Result<usize> + Clone + Send + 'static) {
    each_way(|way, yields| assert_cancelled(cancelled(way, yields, op.clone()), way.is_deadline()));
}

#[test]
fn tcp_accept_and_read() {
    on_each_size(|| {
        ends_with_io_error(|| TcpListener::bind("127.0.0.1:0")?.accept().map(|_| 0));
        ends_with_io_error(|| {
            let listener = time::shield(|| TcpListener::bind("127.0.0.1:0"))?;
            let mut client = time::shield(|| TcpStream::connect(listener.local_addr()?))?;
            client.read(&mut [0; 16])
        });
    });
}

#[test]
fn unix_read_write_and_accept() {
    on_each_size(|| {
        ends_with_io_error(|| UnixStream::pair()?.0.read(&mut [0; 16]));
        ends_with_io_error(|| {
            let (mut writer, _reader) = UnixStream::pair()?;
            loop {
                writer.write_all(&[0; 65536])?;
            }
        });
        ends_with_io_error(|| {
            let name = format!("sisal-{}-{}", std::process::id(), fiber::current().id());
            let path = std::env::temp_dir().join(name);
            let listener = UnixListener::bind(&path)?;
            std::fs::remove_file(&path)?;
            listener.accept().map(|_| 0)
        });
    });
}

#[test]
fn udp_receive() {
    on_each_size(|| {
        ends_with_io_error(|| UdpSocket::bind("127.0.0.1:0")?.recv(&mut [0; 16]));
    });
}

#[test]
fn an_operation_that_need_not_wait_ends_too() {
    on_each_size(|| {
        each_way(|way, yields| {
            // It is only heard once a time slice, so the later it comes, the longer this takes.
            let result = cancelled(way, yields.min(1), || {
                let (mut a, mut b) = time::shield(UnixStream::pair)?;
                loop {
                    a.write_all(b"x")?;
                    b.read_exact(&mut [0; 1])?;
                }
            });
            assert_cancelled(result, way.is_deadline());
        });
    });
}

/// Code that knows std's `Read` and nothing of sisal: it ends by the error that its reader gives.
fn count_words(reader: impl Read) -> io::Result<usize> {
    let mut count = 0;
    for line in BufReader::new(reader).lines() {
        count += line?.split(' ').count();
    }
    Ok(count)
}

#[test]
fn loops_of_others_over_our_sockets() {
    on_each_size(|| {
        ends_with_io_error(|| {
            let (ours, mut theirs) = UnixStream::pair()?;
            time::shield(|| theirs.write_all(b"some words\nand more"))?;
            count_words(&ours)
        });
        ends_with_io_error(|| {
            let (mut ours, _theirs) = time::shield(UnixStream::pair)?;
            io::copy(&mut ours, &mut io::sink()).map(|count| count as usize)
        });
    });
}

#[test]
fn incoming_gives_the_error_once_and_then_ends() {
    on_each_size(|| {
        each_way(|way, yields| {
            let kinds = cancelled(way, yields, || {
                let listener = TcpListener::bind("127.0.0.1:0").unwrap();
                listener.incoming().map(|connection| connection.unwrap_err().kind()).collect::<Vec<_>>()
            });
            assert_eq!(kinds, [if way.is_deadline() { ErrorKind::TimedOut } else { ErrorKind::Other }]);
        });
    });
}

#[test]
fn channel_operations() {
    on_each_size(|| {
        each_way(|way, yields| {
            let (sender, receiver) = channel::bounded::<u8>(0);
            let (s, r) = (sender.clone(), receiver.clone());
            assert!(cancelled(way, yields, move || r.recv().is_err() && fiber::is_cancelled()));
            assert_eq!(cancelled(way, yields, move || s.send(7)).unwrap_err().into_inner(), 7);
            let (s, r) = (sender.clone(), receiver.clone());
            assert!(cancelled(way, yields, move || r.recv_timeout(LONG).unwrap_err().is_timeout()));
            assert!(cancelled(way, yields, move || s.send_timeout(7, LONG).unwrap_err().is_timeout()));
            assert!(cancelled(way, yields, || channel::never::<u8>().recv().is_err()));
            assert!(cancelled(way, yields, || channel::after(LONG).recv().is_err()));
            let r = receiver.clone();
            assert_eq!(cancelled(way, yields, move || r.iter().count()), 0);
        });
    });
}

#[test]
fn selects() {
    on_each_size(|| {
        each_way(|way, yields| {
            let (sender, receiver) = channel::bounded::<u8>(0);
            let (s, r) = (sender.clone(), receiver.clone());
            let failed = cancelled(way, yields, move || {
                select! {
                    recv(r) -> message => message.is_err(),
                    recv(channel::never::<u8>()) -> message => message.is_err(),
                }
            });
            assert!(failed);
            let timed_out = cancelled(way, yields, move || {
                select! {
                    send(s, 1) -> _ => false,
                    default(LONG) => true,
                }
            });
            assert!(timed_out);
        });
    });
}

#[test]
fn timed_forms_of_locks() {
    on_each_size(|| {
        static HELD: Mutex<()> = Mutex::new(());
        static NONE: Semaphore = Semaphore::new(0);
        let held = HELD.lock();
        each_way(|way, yields| {
            assert!(cancelled(way, yields, || HELD.try_lock_for(LONG).is_none()));
            assert!(cancelled(way, yields, || NONE.try_acquire_for(LONG).is_none()));
        });
        drop(held);
    });
}

#[test]
fn what_reports_no_error_returns_early_once() {
    on_each_size(|| {
        each_way(|way, yields| {
            cancelled(way, yields, || time::sleep(LONG));
            cancelled(way, yields, || fiber::park_timeout(LONG));
            cancelled(way, yields, || Notify::new().wait());
            cancelled(way, yields, || {
                let mutex = Mutex::new(());
                Condvar::new().wait(&mut mutex.lock());
            });
            // And once only: a second sleep really sleeps.
            let slept = cancelled(way, yields, || {
                time::sleep(LONG);
                let start = time::now();
                time::sleep(Duration::from_millis(2));
                time::now() - start
            });
            assert!(slept >= Duration::from_millis(2), "{slept:?}, cancelled by {way:?}");
        });
    });
}

common::in_simulations! {
    channel_operations,
    selects,
    timed_forms_of_locks,
    what_reports_no_error_returns_early_once,
}
