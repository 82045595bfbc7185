//! Loops of libraries end with an error of theirs when their fiber is cancelled, and the program says so as its header shows.
//!
//! Method: the built example as a child process; its output, to the letter.

#[path = "../../tests/support/mod.rs"]
mod support;

use std::process::Command;

#[test]
fn each_loop_ends_by_itself() {
    let output = Command::new(support::example("cancelled")).output().unwrap();
    let (printed, errors) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{printed}{errors}");
    let header = include_str!("../cancelled.rs").lines().skip_while(|line| !line.starts_with("//! $ "));
    let shown = header.skip(1).take_while(|line| *line != "//! ```");
    let shown: String = shown.map(|line| line.trim_start_matches("//! ").to_owned() + "\n").collect();
    assert_eq!(printed, shown);
}
