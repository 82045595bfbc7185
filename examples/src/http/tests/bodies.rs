//! Bodies in both directions.

use super::*;
use crate::http::limits::{BODY_WAIT_MAX, DISCARD_SIZE_MAX};
use std::io::Read;

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

fn post(length: u64) -> String {
    format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n")
}

/// Answers with the body.
fn echo(exchange: &mut Exchange<'_, Fake>) -> io::Result<()> {
    let mut body = Vec::new();
    exchange.body().read_to_end(&mut body)?;
    exchange.respond(Status::OK).body(&body)
}

#[test]
fn read_by_the_handler() {
    let together = format!("{}hello{GET}", post(5));
    let outcome = converse_with([send(&together)], echo);
    assert_eq!(outcome.statuses(), ["200"; 2]);
    assert!(outcome.text().contains("\r\n\r\nhelloHTTP/1.1 200"));

    let apart = [send(&format!("{}he", post(5))), pause(3), send("l"), send(&format!("lo{GET}"))];
    assert_eq!(converse_with(apart, echo).text(), outcome.text());
}

#[test]
fn thrown_away() {
    let in_one = format!("{}hello{GET}", post(5));
    assert_eq!(converse([send(&in_one)]).statuses(), ["200"; 2]);
    let later = [send(&post(9_000)), send(&"x".repeat(9_000)), send(GET)];
    let outcome = converse(later);
    assert_eq!(outcome.statuses(), ["200"; 2]);
    assert_eq!(outcome.seen.writes, 2, "the answer does not wait for the body");
}

#[test]
fn slow_but_within_its_time_and_then_silence() {
    let steps = || [send(&post(5)), pause(40), send("he"), send("llo"), pause(45), send(GET)];
    assert_eq!(
        converse_with(steps(), echo).statuses(),
        ["200"; 2],
        "the wait for a body is not that for a request"
    );
    assert_eq!(converse(steps()).statuses(), ["200"; 2]);
}

#[test]
fn too_much_to_throw_away() {
    let outcome = converse([send(&post(DISCARD_SIZE_MAX + 1)), send(&"x".repeat(1_000)), send(GET)]);
    assert_eq!(outcome.statuses(), ["200"]);
    assert!(outcome.text().contains("Connection: close\r\n"));
}

#[test]
fn that_ends_early() {
    let outcome = converse_with([send(&post(5)), send("he")], echo);
    assert_eq!(outcome.end.unwrap_err().kind(), io::ErrorKind::UnexpectedEof);
    assert_eq!(outcome.seen.written, b"");

    let unread = converse([send(&post(5)), send("he")]);
    assert_eq!((unread.statuses(), unread.end.unwrap()), (vec!["200".to_owned()], None));
}

#[test]
fn that_drips() {
    let drips = (0..1_000).flat_map(|_| [send("x"), pause(1)]);
    let outcome = converse_with([send(&post(1_000))].into_iter().chain(drips), |exchange| {
        let mut body = Vec::new();
        let error = exchange.body().read_to_end(&mut body).unwrap_err();
        assert!(body.len() as u64 <= BODY_WAIT_MAX.as_secs() + 1, "{}", body.len());
        Err(error)
    });
    assert!(matches!(outcome.end.unwrap_err().kind(), io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock));
}

#[test]
fn that_waits_for_a_word() {
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-Continue\r\n\r\n";
    let outcome = converse_with([send(head), send("hi"), send(GET)], echo);
    assert!(outcome.text().starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK"), "{}", outcome.text());
    assert_eq!(outcome.statuses(), ["100", "200", "200"]);

    let unwanted = converse([send(head)]);
    assert_eq!(unwanted.statuses(), ["200"]);
    assert!(
        unwanted.text().contains("Connection: close\r\n"),
        "it may send the body or not, so nothing can follow"
    );

    let hasty = converse_with([send(&format!("{head}h")), send("i")], echo);
    assert_eq!(hasty.statuses(), ["200"]);
}

#[test]
fn answers_larger_than_the_buffer() {
    let body: Vec<u8> = (0..300_000_u32).map(|i| i as u8).collect();
    let whole = converse_with([send(GET), send(GET)], |exchange| exchange.respond(Status::OK).body(&body));
    let piecewise = converse_with([send(GET), send(GET)], |exchange| {
        exchange.respond(Status::OK).body_from(body.len() as u64, &*body)
    });
    for outcome in [whole, piecewise] {
        assert!(outcome.text().starts_with("HTTP/1.1 200 OK\r\nContent-Length: 300000\r\n\r\n"));
        assert!(outcome.seen.written.ends_with(&body));
        assert!(outcome.seen.written.len() > 600_000);
        assert_eq!(outcome.seen.writes, 10);
    }
}

#[test]
fn an_answer_that_cannot_be_finished() {
    let outcome = converse_with([send(GET), send(GET)], |exchange| {
        let error = exchange.respond(Status::OK).body_from(10, &b"short"[..]).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::UnexpectedEof);
        Ok(())
    });
    assert_eq!(outcome.text(), "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort");
    assert_eq!(outcome.end.unwrap(), None);
}
