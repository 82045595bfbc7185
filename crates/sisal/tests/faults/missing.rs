//! What the system does not give: threads, reactors, descriptors, memory, room on a disk.

use crate::bench::{beside_traffic, in_child};
use crate::kernel::trace;
use crate::server::eventually;
use sisal::fiber::Builder;
use sisal::net::{TcpListener, TcpStream, UdpSocket};
use sisal::runtime::Runtime;
use std::io::{ErrorKind, Write};
use std::time::Duration;
use std::{fs, thread};

/// A build that must fail, and after which nothing is left; the next one goes well. (`strace` counts calls for each thread by
/// itself; the first new thread is the test's own, so its threads begin at the second call.)
fn build_fails(test: &str, inject: &str) {
    in_child(test, &trace(inject), || {
        thread::spawn(|| ()).join().unwrap();
        let error = Runtime::builder().workers(2).build().map(drop).unwrap_err();
        assert!(error.raw_os_error().is_some(), "{error}");
        let runtime = Runtime::builder().workers(2).build().unwrap();
        assert_eq!(runtime.run(|| sisal::spawn(|| 7).join().unwrap()), 7);
        runtime.shutdown_timeout(Duration::from_secs(30)).unwrap();
    });
}

#[test]
fn no_thread_for_the_first_worker() {
    build_fails("missing::no_thread_for_the_first_worker", "inject=clone3,clone:error=EAGAIN:when=2");
}

#[test]
fn no_thread_for_the_second_worker() {
    build_fails("missing::no_thread_for_the_second_worker", "inject=clone3,clone:error=EAGAIN:when=3");
}

#[test]
fn no_thread_for_the_monitor() {
    build_fails("missing::no_thread_for_the_monitor", "inject=clone3,clone:error=EAGAIN:when=4");
}

#[test]
fn no_reactor_for_the_first_worker() {
    build_fails("missing::no_reactor_for_the_first_worker", "inject=epoll_create1:error=EMFILE:when=1");
}

#[test]
fn no_reactor_for_the_second_worker() {
    build_fails("missing::no_reactor_for_the_second_worker", "inject=epoll_create1:error=ENOMEM:when=2");
}

#[test]
fn no_bell() {
    build_fails("missing::no_bell", "inject=eventfd2:error=EMFILE:when=1");
}

#[test]
fn no_room_in_the_reactor() {
    build_fails("missing::no_room_in_the_reactor", "inject=epoll_ctl:error=ENOSPC:when=1");
}

#[test]
fn no_thread_for_a_blocking_call() {
    // The first that a worker asks for; and the test's own, which therefore runs where the tests are gathered.
    let tool = trace("inject=clone3,clone:error=EAGAIN:when=1");
    in_child("missing::no_thread_for_a_blocking_call", &tool, || {
        let runtime = Runtime::builder().workers(1).build().unwrap();
        assert_eq!(runtime.run(|| sisal::blocking(|| 7) + sisal::blocking(|| 8)), 15);
        runtime.shutdown_timeout(Duration::from_secs(30)).unwrap();
    });
}

/// Runs `f` with a lower limit.
fn limited(resource: libc::__rlimit_resource_t, most: u64, f: impl FnOnce()) {
    let mut before = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: valid places for the limits.
    unsafe { assert_eq!(libc::getrlimit(resource, &raw mut before), 0) };
    let set = |limit: libc::rlimit| {
        // SAFETY: as above.
        unsafe { assert_eq!(libc::setrlimit(resource, &raw const limit), 0) };
    };
    set(libc::rlimit { rlim_cur: most, ..before });
    f();
    set(before);
}

#[test]
fn no_descriptors_for_sockets() {
    beside_traffic("missing::no_descriptors_for_sockets", &[], |runtime| {
        let listener = runtime.run(|| TcpListener::bind("127.0.0.1:0").unwrap());
        let address = listener.local_addr().unwrap();
        limited(libc::RLIMIT_NOFILE, 3, || {
            runtime.run(|| {
                for error in [
                    TcpListener::bind("127.0.0.1:0").map(drop).unwrap_err(),
                    TcpStream::connect(address).map(drop).unwrap_err(),
                    UdpSocket::bind("127.0.0.1:0").map(drop).unwrap_err(),
                    sisal::fs::read("/proc/self/stat").map(drop).unwrap_err(),
                ] {
                    assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error}");
                }
            });
        });
        runtime.run(|| {
            let client = TcpStream::connect(address).unwrap();
            drop((client, listener.accept().unwrap(), listener));
        });
    });
}

#[test]
fn no_descriptors_for_a_runtime() {
    in_child("missing::no_descriptors_for_a_runtime", &[], || {
        limited(libc::RLIMIT_NOFILE, 3, || {
            let error = Runtime::builder().workers(2).build().map(drop).unwrap_err();
            assert_eq!(error.raw_os_error(), Some(libc::EMFILE), "{error}");
        });
        drop(Runtime::builder().workers(2).build().unwrap());
    });
}

#[test]
fn no_memory_for_a_stack() {
    beside_traffic("missing::no_memory_for_a_stack", &[], |runtime| {
        let size = fs::read_to_string("/proc/self/statm").unwrap();
        let pages: u64 = size.split(' ').next().unwrap().parse().unwrap();
        // Room for what the traffic needs, and not for this stack.
        limited(libc::RLIMIT_AS, pages * 4096 + (64 << 20), || {
            let large = Builder::new().stack_size(1 << 30).spawn_on(runtime.handle(), || ());
            if let Ok(handle) = large {
                let payload = handle.join().unwrap_err();
                let text = payload.downcast_ref::<String>().unwrap();
                assert!(text.contains("no stack for this fiber"), "{text}");
            }
            runtime.spawn(|| ()).join().unwrap();
        });
        runtime.spawn(|| ()).join().unwrap();
    });
}

#[test]
fn no_more_fibers() {
    in_child("missing::no_more_fibers", &[], || {
        let runtime = Runtime::builder().workers(1).max_fibers(10).build().unwrap();
        runtime.run(|| {
            let parked: Vec<_> = (0..9).map(|_| sisal::spawn(sisal::fiber::park)).collect();
            eventually("all live", || {
                sisal::yield_now();
                sisal::runtime::current_handle().live_fibers() == 10
            });
            let error = Builder::new().spawn(|| ()).map(drop).unwrap_err().to_string();
            assert!(error.contains("10 fibers") && error.contains("max_fibers"), "{error}");
            parked.iter().for_each(|handle| handle.fiber().unpark());
            parked.into_iter().for_each(|handle| handle.join().unwrap());
            Builder::new().spawn(|| ()).unwrap().join().unwrap();
        });
        runtime.shutdown_timeout(Duration::from_secs(30)).unwrap();
    });
}

#[test]
fn more_blocking_calls_than_threads() {
    in_child("missing::more_blocking_calls_than_threads", &[], || {
        let runtime = Runtime::builder().workers(2).blocking_threads(2).build().unwrap();
        let calls: Vec<_> = (0..200).map(|n| runtime.spawn(move || sisal::blocking(|| n))).collect();
        assert!(calls.into_iter().map(|call| call.join().unwrap()).eq(0..200));
        runtime.shutdown_timeout(Duration::from_secs(30)).unwrap();
    });
}

#[test]
fn a_disk_that_is_full() {
    beside_traffic("missing::a_disk_that_is_full", &[], |runtime| {
        let error = runtime.run(|| sisal::fs::write("/dev/full", b"x").unwrap_err());
        assert_eq!(error.kind(), ErrorKind::StorageFull);
    });
}

#[test]
fn a_file_that_grows_too_large() {
    beside_traffic("missing::a_file_that_grows_too_large", &[], |runtime| {
        // SAFETY: ignored, so that the write is told.
        unsafe { libc::signal(libc::SIGXFSZ, libc::SIG_IGN) };
        let path = std::env::temp_dir().join(format!("sisal-faults-size-{}", std::process::id()));
        limited(libc::RLIMIT_FSIZE, 1 << 16, || {
            runtime.run(|| {
                let mut file = sisal::fs::File::create(&path).unwrap();
                let error = (0..100).find_map(|_| file.write_all(&[0; 4096]).err()).unwrap();
                assert_eq!(error.raw_os_error(), Some(libc::EFBIG));
            });
        });
        fs::remove_file(path).unwrap();
    });
}
