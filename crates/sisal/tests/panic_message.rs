//! Goal: the message of a panic in a fiber says which fiber it is and where it was spawned, and its backtrace shows the fiber's functions.
//! Method: the test runs itself again as a child, which panics, and reads its stderr. A hook that was set before is called, too.

use sisal::fiber;
use std::process::Command;

const CHILD: &str = "SISAL_TEST_PANICS";

#[inline(never)]
fn fails() {
    panic!("on purpose");
}

#[test]
fn it_names_the_fiber() {
    if std::env::var_os(CHILD).is_some() {
        let default = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            eprintln!("the hook before");
            default(info);
        }));
        assert!(fiber::Builder::new().name("bad".into()).spawn(fails).unwrap().join().is_err());
        assert!(sisal::spawn(fails).join().is_err());
        return;
    }
    let child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "it_names_the_fiber", "--nocapture"])
        .env(CHILD, "1")
        .env("RUST_BACKTRACE", "1")
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&child.stderr);
    assert!(child.status.success(), "{text}");
    let line = text.lines().find(|line| line.contains("'bad'")).unwrap();
    assert!(
        line.starts_with("sisal: fiber #")
            && line.contains("spawned at crates/sisal/tests/panic_message.rs:"),
        "{line}"
    );
    // Once each: the line, then the hook that was there, and its message and backtrace.
    for part in ["panics:", "the hook before", "on purpose", "panic_message::fails"] {
        assert_eq!(text.matches(part).count(), 2, "{part} in:\n{text}");
    }
    assert!(text.find("'bad'") < text.find("the hook before"), "{text}");
}
