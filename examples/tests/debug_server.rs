//! `debug_server` shows who waits in it, and its figures.
//!
//! Method: the built example as a child process, std's sockets as clients. Two visitors wait; the page is read until it shows them.

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};
use support::{Server, start};

fn get(server: &Server, path: &str) -> String {
    server.ask(&format!("GET {path} HTTP/1.1\r\nHost: x\r\n\r\n"))
}

/// Asks for a page, and does not wait for it.
fn visit(server: &Server) -> TcpStream {
    let mut stream = server.connect();
    stream.write_all(b"GET /wait HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    stream
}

#[test]
fn its_pages_show_who_waits() {
    let server = start("debug_server", &[]);
    let visitors = [visit(&server), visit(&server)];
    let end = Instant::now() + Duration::from_secs(60);
    let page = loop {
        let page = get(&server, "/debug/fibers");
        assert!(page.starts_with("HTTP/1.1 200 OK"), "{page}");
        // Who takes the dump is in it, parked unless its worker was late.
        if page.contains("2 fibers, parked: notify 0x") && page.contains("parked: this dump") {
            break page;
        }
        assert!(Instant::now() < end, "{page}");
        std::thread::yield_now();
    };
    assert!(page.contains("debug_server::serve"), "{page}");

    let metrics = get(&server, "/debug/metrics");
    assert!(
        metrics.contains("version=0.0.4") && metrics.contains("sisal_fibers_alive{worker=\"0\"} "),
        "{metrics}"
    );
    let sites = get(&server, "/debug/sites");
    let of_visitors = sites.lines().find_map(|row| row.strip_prefix("parked\t")).unwrap_or_default();
    assert!(of_visitors.starts_with(char::is_numeric) && of_visitors.contains("\texamples/src/"), "{sites}");
    let trace = get(&server, "/debug/trace?seconds=0.2");
    assert!(trace.contains("application/json") && trace.contains("\"worker 0\""), "{trace}");
    assert!(trace.contains("\"asleep\"") && trace.contains("{\"displayTimeUnit\":\"ns\","), "{trace}");
    for wrong in ["-1", "NaN", "61", "", "x"] {
        let answer = get(&server, &format!("/debug/trace?seconds={wrong}"));
        assert!(answer.starts_with("HTTP/1.1 400") && answer.contains("from 0 to 60"), "{answer}");
    }
    assert!(server.ask("POST /debug/trace HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 405"));
    assert!(server.ask("POST /debug/metrics HTTP/1.1\r\nHost: x\r\n\r\n").starts_with("HTTP/1.1 405"));
    assert!(get(&server, "/").starts_with("HTTP/1.1 404"));

    assert!(get(&server, "/go").contains("on you go"));
    for mut visitor in visitors {
        let mut answer = String::new();
        visitor.read_to_string(&mut answer).unwrap();
        assert!(answer.contains("on you go"), "{answer}");
    }
    server.stop();
}
