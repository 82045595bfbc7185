//! One page of an HTTP server.
//!
//! Knows nothing of what stands on it. HTTP/1.0, so that the body ends with the connection.

use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// How long a server may be silent.
const PATIENCE: Duration = Duration::from_secs(10);

pub(crate) fn page(address: &str, path: &str) -> io::Result<String> {
    let found = address.to_socket_addrs()?.next();
    let address = found.ok_or_else(|| io::Error::other("there is no such address"))?;
    let mut stream = TcpStream::connect_timeout(&address, PATIENCE)?;
    stream.set_read_timeout(Some(PATIENCE))?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: {address}\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").ok_or(io::ErrorKind::UnexpectedEof)?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if status != "200" {
        return Err(io::Error::other(format!("{path} answers {status}: is it a debug server?")));
    }
    Ok(body.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::TcpListener;
    use std::thread;

    fn answered(answer: &'static str) -> io::Result<String> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let address = listener.local_addr()?.to_string();
        let server = thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            // To its end, however many pieces it comes in: what is not read would reset the connection.
            let mut request = Vec::new();
            while !request.ends_with(b"\r\n\r\n") {
                let mut piece = [0; 256];
                let read = stream.read(&mut piece).unwrap();
                assert_ne!(read, 0, "{request:?}");
                request.extend(&piece[..read]);
            }
            assert!(request.starts_with(b"GET /page HTTP/1.0\r\n"));
            stream.write_all(answer.as_bytes()).unwrap();
        });
        let page = page(&address, "/page");
        server.join().unwrap();
        page
    }

    #[test]
    fn a_page_is_its_body_and_no_page_is_an_error() {
        assert_eq!(answered("HTTP/1.1 200 OK\r\nX: y\r\n\r\nbody\n").unwrap(), "body\n");
        assert!(answered("HTTP/1.1 404 Not Found\r\n\r\n").unwrap_err().to_string().contains("404"));
        assert!(answered("").is_err());
    }
}
