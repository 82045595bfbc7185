//! The server examples as their users meet them: they say where they listen, answer many clients, refuse what is wrong, and
//! drain on SIGTERM.
//!
//! Method: the built examples as child processes, std's sockets as clients.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};

struct Server {
    child: Child,
    address: String,
}

/// Starts a built example, which cargo has put beside this test's own binary.
fn start(name: &str) -> Server {
    let mut path = std::env::current_exe().unwrap();
    path.pop();
    path.pop();
    let mut child = Command::new(path.join("examples").join(name))
        .arg("127.0.0.1:0")
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("listening on ").expect("it says where").to_owned();
    Server { child, address }
}

impl Server {
    /// Sends `request`, says that nothing follows, and reads all that comes back.
    fn ask(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        stream.shutdown(std::net::Shutdown::Write).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    /// Stops it as Ctrl-C would, with an idle client still there; it must end well.
    fn stop(mut self) {
        let _idle = TcpStream::connect(&self.address).unwrap();
        self.signal();
        assert!(self.child.wait().unwrap().success());
    }

    fn signal(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }
}

#[test]
fn http_hello_answers_refuses_and_drains() {
    let server = start("http_hello");
    let pipelined = server.ask(&"GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(3));
    assert_eq!(pipelined.matches("HTTP/1.1 200 OK").count(), 3);
    assert_eq!(pipelined.matches("Hello, world!").count(), 3);
    assert_eq!(pipelined.matches("Content-Length: 14").count(), 3);
    assert_eq!(pipelined.matches("Date: ").count(), 3);
    for (request, status) in [
        ("nonsense\r\n\r\n".to_owned(), "400"),
        (format!("GET / HTTP/1.1\r\nHost: x\r\nLong: {}\r\n\r\n", "x".repeat(20_000)), "431"),
        ("GET / HTTP/1.1\r\nHo".to_owned(), "408"),
    ] {
        let answer = server.ask(&request);
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{status}: {answer}");
        assert!(answer.contains("Connection: close"), "{answer}");
    }
    server.stop();
}

/// A request that has begun when the server is asked to stop is answered, and nothing after it.
#[test]
fn http_hello_finishes_what_has_begun() {
    let mut server = start("http_hello");
    let mut begun = TcpStream::connect(&server.address).unwrap();
    begun.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT").unwrap();
    let mut idle = TcpStream::connect(&server.address).unwrap();
    let mut first = [0; 8];
    begun.read_exact(&mut first).unwrap();
    server.signal();
    let mut rest = String::new();
    assert_eq!(idle.read_to_string(&mut rest).unwrap(), 0, "an idle client is let go at once");
    begun.write_all(b"TP/1.1\r\nHost: x\r\n\r\nGET / HTTP/1.1\r\n").unwrap();
    begun.read_to_string(&mut rest).unwrap();
    assert_eq!(rest.matches("HTTP/1.1 200").count(), 1, "{rest}");
    assert!(rest.contains("Connection: close"), "{rest}");
    assert!(server.child.wait().unwrap().success());
    assert!(TcpStream::connect(&server.address).is_err());
}

#[test]
fn echo_echoes_to_many_at_once_and_drains() {
    let server = start("echo");
    std::thread::scope(|scope| {
        for n in 0..20 {
            let server = &server;
            scope.spawn(move || {
                let text = format!("client {n} ").repeat(1_000);
                assert_eq!(server.ask(&text), text);
            });
        }
    });
    server.stop();
}
