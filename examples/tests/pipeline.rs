//! The pipeline example gives what the classic shell pipeline gives, on a real text and on a large made one, and its memory
//! does not grow with the text.
//!
//! Method: runs the built example beside `tr | sort | uniq -c`.

mod support;

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Output};
use support::example;

fn stdout(output: Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn pipeline(file: &Path, workers: &str) -> String {
    stdout(Command::new(example("pipeline")).arg(file).env("SISAL_WORKERS", workers).output().unwrap())
}

fn shell(file: &Path) -> String {
    let script = r#"tr -cs 'A-Za-z' '\n' < "$0" | tr 'A-Z' 'a-z' | grep . | LC_ALL=C sort | uniq -c |
        LC_ALL=C sort -k1,1nr -k2,2 | head -20"#;
    stdout(Command::new("sh").args(["-c", script]).arg(file).output().unwrap())
}

/// The same lines, however wide the columns are.
fn rows(text: &str) -> Vec<Vec<&str>> {
    text.lines().map(|line| line.split_whitespace().collect()).collect()
}

#[test]
fn the_same_answer_as_sort_and_uniq() {
    let license = Path::new(env!("CARGO_MANIFEST_DIR")).join("../LICENSE");
    for workers in ["1", "2", "4"] {
        assert_eq!(rows(&pipeline(&license, workers)), rows(&shell(&license)));
    }
}

#[test]
fn words_across_block_ends_are_whole_and_empty_texts_are_fine() {
    let folder = std::env::temp_dir().join(format!("sisal-pipeline-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let (text, empty) = (folder.join("text"), folder.join("empty"));
    let mut made = String::new();
    for n in 0..60_000_u32 {
        write!(made, "{} ", ["alpha", "Beta", "gamma-ray", "x", "the", "THE"][n as usize % 6]).unwrap();
        if n % 97 == 0 {
            made.push('\n');
        }
    }
    std::fs::write(&text, made).unwrap();
    std::fs::write(&empty, "").unwrap();
    assert_eq!(rows(&pipeline(&text, "2")), rows(&shell(&text)));
    assert_eq!(pipeline(&empty, "2"), "");
    std::fs::remove_dir_all(&folder).unwrap();
}

#[test]
fn a_file_that_is_not_there_is_an_error() {
    let output = Command::new(example("pipeline")).arg("no/such/file").output().unwrap();
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("NotFound"));
}
