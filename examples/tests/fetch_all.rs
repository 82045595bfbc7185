//! `fetch_all` gathers all pages, and tells those that failed from the others.
//!
//! Method: runs the built example, against its own server and against `http_hello`.

mod support;

use std::process::Command;
use support::{example, start};

fn fetch(arguments: &[&str]) -> String {
    let output = Command::new(example("fetch_all")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn its_own_pages() {
    let text = fetch(&[]);
    assert!(text.starts_with("1000 pages, 200 at once: 990 good, 10 failed, "), "{text}");
    assert!(text.contains("the first that failed: /4: 404 Not Found"), "{text}");
}

#[test]
fn of_another_server() {
    let server = start("http_hello", &[]);
    assert!(
        fetch(&[&server.address, "300"])
            .starts_with("300 pages, 200 at once: 300 good, 0 failed, 4200 bytes")
    );
    server.stop();
}
