//! Bodies in both directions.

use super::*;
use crate::http::limits::{BODY_WAIT_MAX, DISCARD_SIZE_MAX};
use std::io::{Read, Write};

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

    let told = converse_with([send(&post(5)), send("he")], |exchange| echo(exchange).or(Ok(())));
    told.assert_refused(Status::BAD_REQUEST);

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

const CHUNKED: &str = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
const HELLO: &str = "2\r\nhe\r\n003;a=b\r\nllo\r\n0\r\nX: y\r\n\r\n";

#[test]
fn in_chunks() {
    let text = format!("{CHUNKED}{HELLO}{GET}{CHUNKED}{HELLO}");
    let whole = converse_with([send(&text)], echo);
    assert_eq!(whole.statuses(), ["200"; 3]);
    assert_eq!(whole.text().matches("\r\n\r\nhello").count(), 2);
    assert_eq!(whole.seen.writes, 1);
    for size in 1..text.len() {
        let pieces = text.as_bytes().chunks(size).map(|piece| Step::Send(piece.to_vec()));
        assert_eq!(converse_with(pieces, echo).text(), whole.text(), "{size}");
    }
}

#[test]
fn in_chunks_that_nobody_reads() {
    for size in [1, 7, 40, 400] {
        let text = format!("{CHUNKED}{HELLO}{GET}");
        let pieces = text.as_bytes().chunks(size).map(|piece| Step::Send(piece.to_vec()));
        assert_eq!(converse(pieces).statuses(), ["200"; 2], "{size}");
    }
    let endless = (0..1_000).map(|_| send(&format!("1000\r\n{}\r\n", "x".repeat(0x1000))));
    let outcome = converse([send(CHUNKED)].into_iter().chain(endless));
    assert_eq!((outcome.statuses(), outcome.end.unwrap()), (vec!["200".to_owned()], None));
    assert!(outcome.seen.taken < 1_000_000, "{}", outcome.seen.taken);
}

#[test]
fn in_large_chunks() {
    let body: String = (0..100_000_u32).map(|i| char::from(b'a' + (i % 26) as u8)).collect();
    let text =
        format!("{CHUNKED}10000\r\n{}\r\n86a0\r\n{}\r\n0\r\n\r\n{GET}", &body[..65_536], &body[65_536..]);
    let outcome = converse_with([send(&text)], echo);
    assert_eq!(outcome.statuses(), ["200"; 2]);
    assert!(outcome.text().contains(&body));
}

#[test]
fn in_malformed_chunks() {
    for chunks in ["x\r\n", "5\nhello\r\n0\r\n\r\n", "5\r\nhelloo\r\n0\r\n\r\n", "0\r\n\n"] {
        let outcome =
            converse_with([send(&format!("{CHUNKED}{chunks}{GET}"))], |exchange| echo(exchange).or(Ok(())));
        outcome.assert_refused(Status::BAD_REQUEST);
        let unread = converse([send(&format!("{CHUNKED}{chunks}{GET}"))]);
        assert_eq!((unread.statuses(), unread.end.unwrap()), (vec!["200".to_owned()], None), "{chunks}");
    }
}

#[test]
fn larger_than_allowed() {
    let serve = |text: &str| {
        let (stream, seen) = Fake::new([send(text)]);
        let mut connection = Connection::new(stream).unwrap().body_size_max(5);
        while let Some(mut exchange) = connection.next_exchange().unwrap() {
            drop(echo(&mut exchange));
        }
        Outcome { end: Ok(connection.refusal()), seen: seen.take() }
    };
    assert_eq!(serve(&format!("{}hello", post(5))).statuses(), ["200"]);
    serve(&format!("{}hello!", post(6))).assert_refused(Status::CONTENT_TOO_LARGE);
    assert_eq!(serve(&format!("{CHUNKED}{HELLO}")).statuses(), ["200"]);
    let larger = serve(&format!("{CHUNKED}3\r\nhel\r\n3\r\nlo!\r\n0\r\n\r\n"));
    larger.assert_refused(Status::CONTENT_TOO_LARGE);
    assert_eq!(larger.statuses(), ["413"]);
    let patient = post(6).replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n");
    assert_eq!(serve(&patient).statuses(), ["413"]);
}

#[test]
fn answers_of_unknown_length() {
    let tell = |exchange: &mut Exchange<'_, Fake>| {
        let mut body = exchange.respond(Status::OK).stream();
        write!(body, "one, ")?;
        body.flush()?;
        write!(body, "two")?;
        body.finish();
        Ok(())
    };
    let outcome = converse_with([send(GET), send(GET)], tell);
    let text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
                00000005\r\none, \r\n00000003\r\ntwo\r\n0\r\n\r\n";
    assert_eq!(outcome.text(), text.repeat(2));
    assert_eq!(outcome.seen.writes, 4);
    let head = converse_with([send(&GET.replace("GET", "HEAD"))], tell);
    assert_eq!(head.text(), "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
    let old = converse_with([send("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"), send(GET)], tell);
    assert_eq!(old.text(), "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\none, two");
    let large = converse_with([send(GET)], |exchange| {
        let mut body = exchange.respond(Status::OK).stream();
        body.write_all(&[b'x'; 200_000])?;
        body.finish();
        Ok(())
    });
    assert_eq!(large.text().matches('x').count(), 200_000);
    assert_eq!(large.seen.writes, 4);
}

#[test]
fn an_answer_of_unknown_length_that_is_given_up() {
    let outcome = converse_with([send(GET), send(GET)], |exchange| {
        let mut body = exchange.respond(Status::OK).stream();
        write!(body, "one")
    });
    assert!(outcome.text().ends_with("\r\n\r\n00000003\r\none\r\n"), "{}", outcome.text());
    assert_eq!((outcome.statuses(), outcome.end.unwrap()), (vec!["200".to_owned()], None));
}
