//! Goal: a pipe whose other end is a child process carries bytes and ends as std's does.
//! Method: `cat` between two pipes, on bare threads and through a reactor.

#![cfg(target_os = "linux")]

mod helpers;

use helpers::everywhere;
use sisal_net::{PipeReader, PipeWriter};
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::{Command, Stdio};

#[test]
fn a_child_at_each_end() {
    everywhere(|place| {
        let mut child =
            Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("cat runs");
        let mut writer = PipeWriter::from(OwnedFd::from(child.stdin.take().unwrap()));
        let mut reader = PipeReader::from(OwnedFd::from(child.stdout.take().unwrap()));
        let writing = place.spawn(move || writer.write_all(&[7; 300_000]).unwrap());
        let mut received = Vec::new();
        reader.read_to_end(&mut received).unwrap();
        assert!(received == [7; 300_000]);
        writing.join().unwrap();
        assert!(child.wait().unwrap().success());
    });
}
