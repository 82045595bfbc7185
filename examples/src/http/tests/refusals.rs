//! What is malformed, or could be understood in two ways, is refused and the connection closed.

use super::*;

#[track_caller]
fn assert_refused(head: &str, status: Status) {
    // Whatever follows must not be taken for a request.
    let smuggled = format!("{head}GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n");
    let outcome = converse([send(&smuggled)]);
    outcome.assert_refused(status);
    assert_eq!(outcome.statuses(), [status.code().to_string()], "{head}");
}

#[test]
fn no_http() {
    for head in [
        "\u{16}\u{3}\u{1}\u{2}\u{0}\u{1}\n",
        "hello\r\n\r\n",
        "GET  / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1 \r\nHost: a\r\n\r\n",
        "G@T / HTTP/1.1\r\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost : a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n",
        "GET / HTTP/1.1\r\n: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nX: \u{0}\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n",
    ] {
        assert_refused(head, Status::BAD_REQUEST);
    }
}

#[test]
fn another_version() {
    for head in ["GET / HTTP/1.2\r\nHost: a\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"] {
        assert_refused(head, Status::VERSION_NOT_SUPPORTED);
    }
}

#[test]
fn no_host_or_several() {
    assert_refused("GET / HTTP/1.1\r\n\r\n", Status::BAD_REQUEST);
    assert_refused("GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", Status::BAD_REQUEST);
    assert_refused("GET / HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n", Status::BAD_REQUEST);
}

#[test]
fn lengths() {
    for length in ["", "-1", "+1", "0x5", "5 5", "5,5", "5, 6", "1e1", "99999999999999999999", "\u{665}"] {
        let head = format!("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n");
        assert_refused(&head, Status::BAD_REQUEST);
    }
    let differ = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello";
    assert_refused(differ, Status::BAD_REQUEST);
    let hidden = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: x\r\nContent-Length: 5\r\n\r\nhello";
    assert_refused(hidden, Status::BAD_REQUEST);
    let same = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\ncontent-length: 5\r\n\r\nhello";
    assert_eq!(converse([send(same)]).statuses(), ["200"]);
}

#[test]
fn codings() {
    let chunks = "5\r\nhello\r\n0\r\n\r\n";
    for (headers, status) in [
        ("Transfer-Encoding: gzip, chunked", Status::NOT_IMPLEMENTED),
        ("Transfer-Encoding: gzip\r\nTransfer-Encoding: chunked", Status::NOT_IMPLEMENTED),
        ("Content-Length: 3\r\nTransfer-Encoding: chunked", Status::BAD_REQUEST),
        ("Transfer-Encoding: chunked\r\nContent-Length: 3", Status::BAD_REQUEST),
        ("transfer-encoding: xchunked\r\ncontent-length: 3", Status::BAD_REQUEST),
        ("Transfer-Encoding: xchunked", Status::BAD_REQUEST),
        ("Transfer-Encoding: chunked, gzip", Status::BAD_REQUEST),
        ("Transfer-Encoding: chunked, identity", Status::BAD_REQUEST),
        ("Transfer-Encoding: chunked, chunked", Status::BAD_REQUEST),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", Status::BAD_REQUEST),
        ("Transfer-Encoding: chunked\r\nTransfer-Encoding: x", Status::BAD_REQUEST),
        ("Transfer-Encoding: identity", Status::BAD_REQUEST),
        ("Transfer-Encoding:", Status::BAD_REQUEST),
        ("Transfer-Encoding: ,chunked", Status::BAD_REQUEST),
        ("Transfer-Encoding: \"chunked\"", Status::BAD_REQUEST),
        ("Transfer-Encoding: chunked;q=1", Status::BAD_REQUEST),
        ("Transfer-Encoding: \u{b}chunked", Status::BAD_REQUEST),
        ("Transfer-Encoding: \u{c}chunked", Status::BAD_REQUEST),
        ("Transfer-Encoding\u{b}: chunked", Status::BAD_REQUEST),
        ("Transfer-Encoding : chunked", Status::BAD_REQUEST),
        ("X: y\nTransfer-Encoding: chunked", Status::BAD_REQUEST),
        ("X: y\rTransfer-Encoding: chunked", Status::BAD_REQUEST),
        ("X: y\r\n Transfer-Encoding: chunked", Status::BAD_REQUEST),
        ("X: y\r\n\tTransfer-Encoding: chunked", Status::BAD_REQUEST),
    ] {
        assert_refused(&format!("POST / HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n{chunks}"), status);
    }
    assert_refused("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", Status::BAD_REQUEST);
}

#[test]
fn bare_line_feeds() {
    for head in [
        "GET / HTTP/1.1\nHost: a\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\n\n",
        "GET / HTTP/1.1\r\nHost: a\n\n",
        "\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
        "\r\n\nGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    ] {
        assert_refused(head, Status::BAD_REQUEST);
    }
}

#[test]
fn other_expectations() {
    let head = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 200-ok\r\n\r\n";
    assert_refused(head, Status::EXPECTATION_FAILED);
}

#[test]
fn after_a_good_one() {
    let outcome = converse([send("GET / HTTP/1.1\r\nHost: a\r\n\r\nrubbish\r\n\r\n")]);
    assert_eq!(outcome.statuses(), ["200", "400"]);
    assert_eq!(outcome.seen.writes, 1);
    outcome.assert_refused(Status::BAD_REQUEST);
}
