//! Goal: a pipe carries bytes and ends as std's does, and who waits at one end is woken by the other.
//! Method: both ends in one process, on bare threads and through a reactor. Nothing here starts a process, which would hold a
//! copy of every end until it has become its program, and a reader's end of file would come late.

#![cfg(target_os = "linux")]

mod helpers;

use helpers::everywhere;
use sisal_net::{PipeReader, pipe};
use std::io::{ErrorKind, IoSlice, Read, Write};
use std::os::fd::OwnedFd;

#[test]
fn much_data_goes_through_until_the_end() {
    everywhere(|place| {
        let (mut reader, mut writer) = pipe().unwrap();
        let bytes: Vec<u8> = (0..1_000_000_u32).map(|n| (n % 251) as u8).collect();
        let sent = bytes.clone();
        let writing = place.spawn(move || writer.write_all(&sent).unwrap());
        let mut received = Vec::new();
        reader.read_to_end(&mut received).unwrap();
        assert!(received == bytes);
        writing.join().unwrap();
        drop(reader);
    });
}

#[test]
fn who_waits_is_woken_by_the_other_end() {
    everywhere(|place| {
        let (reader, mut writer) = pipe().unwrap();
        let clone = reader.try_clone().unwrap();
        let reading = place.spawn(move || {
            let mut bytes = [0; 8];
            let count = (&clone).read(&mut bytes).unwrap();
            bytes[..count].to_vec()
        });
        place.until_registered(1);
        assert_eq!(writer.write_vectored(&[IoSlice::new(b"he"), IoSlice::new(b"llo")]).unwrap(), 5);
        assert_eq!(reading.join().unwrap(), b"hello");
        // A full pipe, whose reader goes.
        let writing = place.spawn(move || writer.write_all(&[0; 1 << 20]).unwrap_err().kind());
        place.until_registered(2);
        drop(reader);
        assert_eq!(writing.join().unwrap(), ErrorKind::BrokenPipe);
    });
}

#[test]
fn a_non_blocking_end_does_not_wait() {
    everywhere(|_| {
        let (mut reader, writer) = pipe().unwrap();
        reader.set_nonblocking(true).unwrap();
        assert_eq!(reader.read(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        drop(writer);
        assert_eq!(reader.read(&mut [0]).unwrap(), 0);
    });
}

#[test]
fn what_is_given_away_blocks_again() {
    let (reader, _writer) = pipe().unwrap();
    // The kernel tells the flags of each descriptor in a file.
    let flags = |fd: &OwnedFd| {
        let path = format!("/proc/self/fdinfo/{}", std::os::fd::AsRawFd::as_raw_fd(fd));
        let text = std::fs::read_to_string(path).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
        i32::from_str_radix(line.trim(), 8).unwrap()
    };
    let given = OwnedFd::from(reader);
    assert_eq!(flags(&given) & libc::O_NONBLOCK, 0);
    let taken = PipeReader::from(given);
    taken.set_nonblocking(true).unwrap();
    assert_ne!(flags(&OwnedFd::from(taken)) & libc::O_NONBLOCK, 0);
}
