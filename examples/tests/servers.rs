//! The server examples as their users meet them: they say where they listen, answer many clients, refuse what is wrong, and
//! drain on SIGTERM.
//!
//! Method: the built examples as child processes, std's sockets as clients.

mod support;

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use support::{Server, example, start};

#[test]
fn http_hello_answers_refuses_and_drains() {
    let server = start("http_hello", &[]);
    let pipelined = server.ask(&"GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(3));
    assert_eq!(pipelined.matches("HTTP/1.1 200 OK").count(), 3);
    assert_eq!(pipelined.matches("Hello, world!").count(), 3);
    assert_eq!(pipelined.matches("Content-Length: 14").count(), 3);
    assert_eq!(pipelined.matches("Date: ").count(), 3);
    let post = "POST / HTTP/1.1\r\nHost: x\r\n";
    for body in [
        "Content-Length: 5\r\n\r\nhello",
        "Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n",
    ] {
        let counted = server.ask(&format!("{post}{body}GET / HTTP/1.1\r\nHost: x\r\n\r\n"));
        assert!(counted.contains("You sent 5 bytes.") && counted.contains("Hello, world!"), "{counted}");
    }
    for (request, status) in [
        (format!("{post}Content-Length: 5\r\n\r\nhe"), "400"),
        (format!("{post}Content-Length: 50000000\r\n\r\nhe"), "413"),
        (format!("{post}Transfer-Encoding: chunked\r\n\r\nx\r\n"), "400"),
        (format!("{post}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\nhello"), "400"),
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
    let mut server = start("http_hello", &[]);
    let mut begun = server.connect();
    begun.write_all(b"GET / HTTP/1.1\r\nHost: x\r\n\r\nGET / HT").unwrap();
    let mut idle = server.connect();
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
    let server = start("echo", &[]);
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

#[test]
fn echo_says_which_limit_keeps_clients_out_and_serves_them_later() {
    let limited = "ulimit -n 40; exec \"$0\" 127.0.0.1:0";
    let mut command = Command::new("sh");
    command.args(["-c", limited]).arg(example("echo")).stderr(Stdio::piped());
    let mut server = Server::started_by(command);
    let mut said = BufReader::new(server.child.stderr.take().unwrap());
    let mut clients: Vec<_> = (0..60).map(|_| server.connect()).collect();
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.contains("may have 40 descriptors") && line.contains("ulimit -n"), "{line}");
    let last = clients.pop().unwrap();
    drop(clients);
    (&last).write_all(b"late").unwrap();
    let mut answer = [0; 4];
    (&last).read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"late");
    drop(last);
    server.stop();
}
