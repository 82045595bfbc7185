//! Every example prints what its header says, and stands in the index.
//!
//! Method: the lines after `$ cargo run .. --example NAME` in a program's header are its output, to the letter. Servers and
//! programs that take a file are driven by the tests of their own.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, thread};

/// What is driven elsewhere: `servers.rs` and `pipeline.rs`, and the tests of the packages in folders.
fn is_driven_elsewhere(part: &str, source: &str, output: &str) -> bool {
    !part.is_empty() || source.contains("server::") || output.contains('…') || output.contains("$ cargo")
}

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

/// The built example: cargo builds it before this test, beside the test's own binary.
fn built(name: &str) -> PathBuf {
    let own = env::current_exe().unwrap();
    own.parent().and_then(Path::parent).unwrap().join("examples").join(name)
}

/// The folders of programs, in this one; each is a package.
const FOLDERS: [&str; 2] = ["", "libraries/"];

/// The programs of a folder, and their sources.
fn sources_in(part: &str) -> BTreeMap<String, String> {
    let files = fs::read_dir(folder().join(part)).unwrap().map(|entry| entry.unwrap().path());
    files
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| {
            (path.file_stem().unwrap().to_str().unwrap().to_owned(), fs::read_to_string(&path).unwrap())
        })
        .collect()
}

/// The output that a header promises.
fn promised(name: &str, source: &str) -> Option<String> {
    let mut lines = source.lines().take_while(|line| line.starts_with("//!"));
    lines.find(|line| line.starts_with("//! $ ") && line.contains(&format!("--example {name}")))?;
    let output = lines.take_while(|line| *line != "//! ```");
    Some(
        output
            .map(|line| line.trim_start_matches("//!").strip_prefix(' ').unwrap_or("").to_owned() + "\n")
            .collect(),
    )
}

fn run(name: &str) -> String {
    let output = Command::new(built(name)).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{name} failed: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

/// A fiber may start on any worker.
fn anywhere(output: &str) -> String {
    (0..10).fold(output.to_owned(), |text, worker| text.replace(&format!("worker {worker}"), "worker #"))
}

#[test]
fn each_prints_what_its_header_says() {
    let mut programs = Vec::new();
    for part in FOLDERS {
        for (name, source) in sources_in(part) {
            let output =
                promised(&name, &source).unwrap_or_else(|| panic!("{name} shows no output in its header"));
            if !is_driven_elsewhere(part, &source, &output) {
                programs.push((name, output));
            }
        }
    }
    assert!(programs.len() > 20, "only {} programs", programs.len());
    // Several wait for a second or two: at once.
    thread::scope(|scope| {
        let running: Vec<_> = programs
            .into_iter()
            .map(|(name, output)| (name.clone(), output, scope.spawn(move || run(&name))))
            .collect();
        for (name, output, printed) in running {
            let printed = anywhere(&printed.join().unwrap());
            assert_eq!(printed, anywhere(&output), "{name} prints something else than its header says");
        }
    });
}

#[test]
fn the_index_lists_each_of_them() {
    let index = fs::read_to_string(folder().join("README.md")).unwrap();
    for part in FOLDERS {
        let manifest = fs::read_to_string(folder().join(part).join("Cargo.toml")).unwrap();
        for name in sources_in(part).keys() {
            assert!(index.contains(&format!("]({part}{name}.rs)")), "{name} is not in examples/README.md");
            assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is in no Cargo.toml");
        }
    }
}
