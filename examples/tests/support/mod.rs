//! Built examples as child processes.

#![allow(dead_code, reason = "each test's binary uses some of it")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A server example, killed when dropped.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) address: String,
}

/// The built example: cargo builds it before this test, beside the test's own binary.
pub(crate) fn example(name: &str) -> PathBuf {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    path.push("examples");
    path.push(name);
    path
}

/// Starts a server on a free port, with further arguments.
pub(crate) fn start(name: &str, arguments: &[&str]) -> Server {
    let mut command = Command::new(example(name));
    command.arg("127.0.0.1:0").args(arguments);
    Server::started_by(command)
}

impl Server {
    pub(crate) fn started_by(mut command: Command) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let address = line.trim().strip_prefix("listening on ").expect("it says where").to_owned();
        Self { child, address }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(&self.address).unwrap();
        // A server that says nothing fails the test instead of hanging it.
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        stream
    }

    /// Sends `request`, says that nothing follows, and reads all that comes back.
    pub(crate) fn ask_bytes(&self, request: &[u8]) -> Vec<u8> {
        let mut stream = self.connect();
        stream.write_all(request).unwrap();
        stream.shutdown(Shutdown::Write).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        answer
    }

    pub(crate) fn ask(&self, request: &str) -> String {
        String::from_utf8_lossy(&self.ask_bytes(request.as_bytes())).into_owned()
    }

    /// Asks it to end, as Ctrl-C would.
    pub(crate) fn signal(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// Stops it with an idle client still there; it must end well.
    pub(crate) fn stop(self) {
        let _idle = self.connect();
        self.signal();
        self.stop_by_itself();
    }

    /// Waits for its end, of which it has been told; it must be a good one.
    pub(crate) fn stop_by_itself(mut self) {
        assert!(self.child.wait().unwrap().success());
    }

    /// Bytes of memory that it holds at present, where the system tells.
    pub(crate) fn resident(&self) -> Option<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).ok()?;
        let line = status.lines().find(|line| line.starts_with("VmRSS:"))?;
        Some(line.split_whitespace().nth(1)?.parse::<u64>().ok()? * 1024)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
