//! Goal: reactors and sources leave no descriptor behind, also while others still hold the closed reactor.
//! Method: this process's own table of descriptors; alone in its file, since other tests would count along.

#![cfg(target_os = "linux")]

mod helpers;

use helpers::Turned;
use std::io::Write;
use std::os::unix::net::UnixStream;

fn descriptors() -> usize {
    std::fs::read_dir("/proc/self/fd").unwrap().count()
}

#[test]
fn closed_reactors_hold_none() {
    let before = descriptors();
    let mut closed = Vec::new();
    for _ in 0..20 {
        let turned = Turned::new();
        closed.push(std::sync::Arc::clone(&turned.reactor));
        turned.enter(|| {
            let (reader, mut writer) = UnixStream::pair().unwrap();
            let helper = std::thread::spawn(move || writer.write_all(b"x"));
            sisal_reactor::wait_readable(&reader, None).unwrap();
            helper.join().unwrap().unwrap();
        });
    }
    assert_eq!(descriptors(), before);
    closed.iter().for_each(|reactor| reactor.ring());
}
