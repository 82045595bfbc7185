//! The table in `tests/README.md` names every fault, once, by the name of its test.

use std::collections::BTreeSet;
use std::process::Command;

#[test]
fn names_every_fault() {
    let text = include_str!("../README.md");
    let rows: Vec<Vec<&str>> = text
        .lines()
        .map(|line| line.split('|').map(str::trim).collect::<Vec<_>>())
        .filter(|cells| cells.len() == 7 && cells[1].parse::<usize>().is_ok())
        .collect();
    for (index, cells) in rows.iter().enumerate() {
        assert_eq!(cells[1], (index + 1).to_string(), "the rows are numbered");
    }
    assert!(rows.len() >= 50, "{} rows", rows.len());
    let named: BTreeSet<String> = rows.iter().map(|cells| cells[5].trim_matches('`').to_owned()).collect();
    assert_eq!(named.len(), rows.len(), "a test stands in one row");
    let output = Command::new(std::env::current_exe().unwrap()).arg("--list").output().unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    let tests: BTreeSet<String> = listed
        .lines()
        .filter_map(|line| line.strip_suffix(": test"))
        .filter(|name| !["server::server_process", "table::names_every_fault"].contains(name))
        .map(str::to_owned)
        .collect();
    assert_eq!(named, tests);
}
