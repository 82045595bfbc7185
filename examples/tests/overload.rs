//! A gate bounds what waits, whatever the load; without one, what cannot be answered piles up. Every request is accounted for.
//!
//! Method: reads the table that the built example prints. How much is answered in time depends on the machine, so no test
//! says so.

mod support;

use std::process::Command;
use support::example;

/// Gate, load, and the five counts of a row: offered, in time, late, refused, waiting at most.
fn rows(table: &str) -> Vec<(bool, String, [u64; 5])> {
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let rows = rows.filter(|words| words.len() == 8 && matches!(words[0], "yes" | "no"));
    rows.map(|words| {
        let number = |at: usize| words[at].parse().unwrap();
        (words[0] == "yes", words[1].to_owned(), [number(2), number(3), number(4), number(5), number(7)])
    })
    .collect()
}

#[test]
fn the_gate_bounds_what_waits() {
    let output = Command::new(example("overload")).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let workers: u64 = text.split_whitespace().next().unwrap().parse().unwrap();
    let rows = rows(&text);
    assert_eq!(rows.len(), 8, "{text}");
    for (is_gated, load, [offered, in_time, late, refused, waiting]) in rows {
        assert_eq!(in_time + late + refused, offered, "{text}");
        if is_gated {
            assert!(waiting <= 100 * workers, "{text}");
        } else {
            assert_eq!(refused, 0, "{text}");
            assert!(load != "10x" || waiting > 100 * workers, "{text}");
        }
    }
}
