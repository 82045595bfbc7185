//! Goal: sockets that come and go leave no descriptor and no registration behind, and none gets another's events.
//! Method: this process's own table of descriptors; alone in its file, since other tests would count along.

#![cfg(target_os = "linux")]

mod helpers;

use helpers::everywhere;
use sisal_net::{TcpListener, TcpStream};
use std::io::{Read, Write};
use std::time::{Duration, Instant};

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn many_short_connections() {
    let before = descriptors();
    everywhere(|place| {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        const CONNECTIONS: usize = 200;
        let server = place.spawn(move || {
            for stream in listener.incoming().take(CONNECTIONS) {
                let mut stream = stream.unwrap();
                let mut number = [0; 4];
                stream.read_exact(&mut number).unwrap();
                stream.write_all(&number).unwrap();
            }
        });
        for number in 0..CONNECTIONS as u32 {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(&number.to_be_bytes()).unwrap();
            let mut answer = Vec::new();
            stream.read_to_end(&mut answer).unwrap();
            assert_eq!(answer, number.to_be_bytes());
        }
        server.join().unwrap();
    });
    assert_eq!(descriptors(), before);
    no_descriptors_left();
}

/// An accept that the system cannot serve says so, and not more often than each 10 ms.
fn no_descriptors_left() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: reads and sets this process's limit.
    let old = unsafe {
        assert_eq!(libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit), 0);
        let old = limit;
        limit.rlim_cur = 3;
        assert_eq!(libc::setrlimit(libc::RLIMIT_NOFILE, &limit), 0);
        old
    };
    let start = Instant::now();
    let errors: Vec<_> =
        listener.incoming().take(3).map(|stream| stream.unwrap_err().raw_os_error()).collect();
    let took = start.elapsed();
    // SAFETY: as above.
    assert_eq!(unsafe { libc::setrlimit(libc::RLIMIT_NOFILE, &old) }, 0);
    assert_eq!(errors, [Some(libc::EMFILE); 3]);
    assert!(took >= Duration::from_millis(30), "{took:?}");
    // And accepts again.
    listener.accept().unwrap();
    drop(client);
}
