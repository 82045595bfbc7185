//! Whoever sends too much, too slowly or not all is sent away.

use super::*;
use crate::http::limits::{HEAD_SIZE_MAX, HEADERS_MAX, LINGER_SIZE_MAX};

const GET: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";

#[test]
fn heads_up_to_the_limit() {
    let frame = "GET / HTTP/1.1\r\nHost: a\r\nX: \r\n\r\n";
    let head = |size: usize| frame.replace("X: ", &format!("X: {}", "x".repeat(size - frame.len())));
    for size in [HEAD_SIZE_MAX / 2, HEAD_SIZE_MAX - 1, HEAD_SIZE_MAX] {
        assert_eq!(converse([send(&head(size)), send(GET)]).statuses(), ["200"; 2], "{size}");
    }
    for size in [HEAD_SIZE_MAX + 1, HEAD_SIZE_MAX * 4] {
        converse([send(&head(size)), send(GET)]).assert_refused(Status::HEADERS_TOO_LARGE);
    }
    let endless_target = format!("GET /{}", "x".repeat(HEAD_SIZE_MAX));
    converse([send(&endless_target)]).assert_refused(Status::HEADERS_TOO_LARGE);
}

#[test]
fn headers_up_to_the_limit() {
    let head = |count: usize| format!("GET / HTTP/1.1\r\nHost: a\r\n{}\r\n", "X: y\r\n".repeat(count - 1));
    for count in [24, 25, HEADERS_MAX] {
        assert_eq!(converse([send(&head(count)), send(GET)]).statuses(), ["200"; 2], "{count}");
    }
    converse([send(&head(HEADERS_MAX + 1)), send(GET)]).assert_refused(Status::HEADERS_TOO_LARGE);
}

#[test]
fn silence_before_a_request_is_no_fault() {
    let patient = converse([send(GET), pause(59), send(GET)]);
    assert_eq!((patient.statuses(), patient.end.unwrap()), (vec!["200".to_owned(); 2], None));
    let gone = converse([send(GET), pause(61), send(GET)]);
    assert_eq!((gone.statuses(), gone.end.unwrap()), (vec!["200".to_owned()], None));
}

#[test]
fn silence_within_a_head_is() {
    let outcome =
        converse([send(GET), pause(50), send("GET / HT"), pause(11), send("TP/1.1\r\nHost: a\r\n\r\n")]);
    assert_eq!(outcome.statuses(), ["200", "408"]);
    outcome.assert_refused(Status::REQUEST_TIMEOUT);
    let in_time =
        converse([send("GET / HT"), pause(9), send("TP/1.1\r\nHost: a\r\n\r\n"), pause(50), send(GET)]);
    assert_eq!(in_time.statuses(), ["200"; 2]);
}

#[test]
fn a_head_that_drips() {
    let drips = GET.bytes().flat_map(|byte| [Step::Send(vec![byte]), pause(1)]);
    converse(drips).assert_refused(Status::REQUEST_TIMEOUT);
    let lines = (0..).flat_map(|_| [send("X: y\r\n"), pause(3)]).take(20);
    converse([send("GET / HTTP/1.1\r\n")].into_iter().chain(lines)).assert_refused(Status::REQUEST_TIMEOUT);
}

#[test]
fn a_head_that_ends_early() {
    let outcome = converse([send(GET), send("GET / HTTP/1.1\r\nHost:")]);
    assert_eq!(outcome.statuses(), ["200", "408"]);
    outcome.assert_refused(Status::REQUEST_TIMEOUT);
}

#[test]
fn a_client_that_vanishes() {
    let outcome = converse([send(GET), Step::Reset]);
    assert_eq!((outcome.statuses(), outcome.end.unwrap()), (vec!["200".to_owned()], None));
    let outcome = converse([send("GET / HT"), Step::Reset]);
    assert_eq!((outcome.seen.written, outcome.end.unwrap()), (Vec::new(), None));
    assert_eq!(converse([]).end.unwrap(), None);
}

#[test]
fn a_client_that_was_refused_may_not_talk_for_ever() {
    let endless = (0..10_000).map(|_| send(&"x".repeat(1_000)));
    let outcome = converse([send("rubbish\r\n\r\n")].into_iter().chain(endless));
    outcome.assert_refused(Status::BAD_REQUEST);
    assert!(outcome.seen.taken < 2 * LINGER_SIZE_MAX, "{}", outcome.seen.taken);

    let slow = (0..10_000).flat_map(|_| [send("x"), Step::Pause(Duration::from_millis(100))]);
    let outcome = converse([send("rubbish\r\n\r\n")].into_iter().chain(slow));
    outcome.assert_refused(Status::BAD_REQUEST);
    assert!(outcome.seen.taken < 50, "{}", outcome.seen.taken);
}

#[test]
fn a_client_that_takes_its_answer_slowly() {
    let take = |count: usize, seconds: u64| {
        let (stream, seen) = Fake::new([send(GET)]);
        let mut connection = Connection::new(stream.slow(count, Duration::from_secs(seconds))).unwrap();
        let answered = connection.next_exchange().unwrap().unwrap().respond(Status::OK).body(&[b'x'; 60_000]);
        let end = answered.and_then(|()| connection.next_exchange().map(|next| assert!(next.is_none())));
        (end.map_err(|error| error.kind()), seen.take().written.len())
    };
    let (end, written) = take(30_000, 10);
    assert!(end.is_ok() && written > 60_000, "{end:?} {written}");
    let (end, written) = take(10, 1);
    assert!(matches!(end, Err(io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)), "{end:?}");
    assert!(written < 1_000, "{written}");
    let (end, written) = take(10, 31);
    assert_eq!((end, written), (Err(io::ErrorKind::WouldBlock), 0));
}
