//! What is asked well is answered in order, with as few writes as can be.

use super::*;
use crate::http::Version;

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn an_answer() {
    let outcome = converse([send("GET /x?y HTTP/1.1\r\nHost: a\r\n\r\n")]);
    assert_eq!(outcome.text(), "HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nGET /x?y");
    assert!(String::from_utf8_lossy(&outcome.seen.written).contains(" GMT\r\n"));
    assert_eq!((outcome.end.unwrap(), outcome.seen.is_write_shut), (None, false));
}

#[test]
fn one_after_the_other_takes_one_write_each_and_no_timeouts() {
    let outcome = converse([send(GET), send(GET), send(GET)]);
    assert_eq!(outcome.statuses(), ["200"; 3]);
    assert_eq!((outcome.seen.writes, outcome.seen.timeouts_set), (3, 1));
}

#[test]
fn pipelined_answers_go_out_together() {
    let two_and_a_half = format!("{GET}HEAD /2 HTTP/1.1\r\nHost: a\r\n\r\nGET /3 HT");
    let outcome = converse([send(&two_and_a_half), send("TP/1.1\r\nHost: a\r\n\r\n")]);
    assert_eq!(outcome.statuses(), ["200"; 3]);
    assert_eq!(outcome.seen.writes, 2);
    assert!(
        outcome.text().contains("Content-Length: 7\r\n\r\nHTTP/1.1"),
        "no body after HEAD: {}",
        outcome.text()
    );
    assert!(outcome.text().ends_with("GET /3"));
}

#[test]
fn byte_by_byte() {
    let bytes = GET.repeat(2).into_bytes();
    let outcome = converse(bytes.chunks(1).map(|byte| Step::Send(byte.to_vec())));
    assert_eq!(outcome.statuses(), ["200"; 2]);
}

#[test]
fn who_wants_to_go_may_go() {
    let close = "GET / HTTP/1.1\r\nHost: a\r\nConnection: x, Close\r\n\r\n";
    let outcome = converse([send(close), send(GET)]);
    assert_eq!(outcome.text(), "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nConnection: close\r\n\r\nGET /");

    let old = "GET / HTTP/1.0\r\n\r\n";
    assert_eq!(converse([send(old), send(GET)]).text(), outcome.text());

    let old_that_stays = "GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n";
    let outcome = converse([send(old_that_stays), send(GET)]);
    assert_eq!(outcome.statuses(), ["200"; 2]);
    assert!(outcome.text().contains("Connection: keep-alive\r\n"));
}

#[test]
fn a_server_that_stops() {
    let outcome = converse_with([send(GET), send(GET)], |exchange| {
        exchange.close_after();
        exchange.respond(Status::OK).body(b"bye")
    });
    assert_eq!(outcome.statuses(), ["200"]);
    assert!(outcome.text().contains("Connection: close\r\n"));
}

#[test]
fn parts_of_a_request() {
    let text = "GET /p/q?r=s HTTP/1.1\r\nhOST: a:1\r\nX-One: 1\r\nx-one: 2\r\nX-Bytes: \u{e9}\r\n\r\n";
    let outcome = converse_with([send(text)], |exchange| {
        let request = exchange.request();
        assert_eq!((request.method(), request.target()), ("GET", "/p/q?r=s"));
        assert_eq!((request.path(), request.query()), ("/p/q", Some("r=s")));
        assert_eq!(request.version(), Version::Http11);
        assert_eq!((request.header("Host"), request.header("X-ONE")), (Some("a:1"), Some("1")));
        assert_eq!(request.header("X-None"), None);
        assert_eq!(request.headers().filter(|(name, _)| name.eq_ignore_ascii_case("x-one")).count(), 2);
        exchange.respond(Status::NO_CONTENT).header("X", request.path()).body(b"unheard")
    });
    assert_eq!(outcome.text(), "HTTP/1.1 204 No Content\r\nX: /p/q\r\n\r\n");
}

#[test]
fn line_breaks_between_requests() {
    assert_eq!(converse([send(&format!("\r\n{GET}\r\n\r\n{GET}\r\n"))]).statuses(), ["200"; 2]);
}

#[test]
fn a_handler_that_says_nothing() {
    converse_with([send(GET)], |_| Ok(())).assert_refused(Status::INTERNAL_SERVER_ERROR);
    let half = converse_with([send(GET)], |exchange| {
        let response = exchange.respond(Status::OK).header("X", "y");
        drop(response);
        Ok(())
    });
    half.assert_refused(Status::INTERNAL_SERVER_ERROR);
    assert_eq!(half.statuses(), ["500"]);
}

#[test]
#[should_panic(expected = "a line break in a header")]
fn no_header_within_a_header() {
    let _ = converse_with([send(GET)], |exchange| {
        exchange.respond(Status::FOUND).header("Location", "/\r\nSet-Cookie: x").body(b"")
    });
}
