//! A child process: one row, one peer. It prints `figure NAME VALUE` a line and nothing else to standard output.
//!
//! A server prints `listening on ADDRESS` instead, and serves until it is killed.

use crate::row::{Peer, Setup};
use crate::rows;
use std::process;

/// The word by which a program of ours knows that it is a child.
pub const WORD: &str = "child";

/// Runs what `arguments` (after [`WORD`]) say: row, peer, workers, `quick` or `full`. Does not return.
pub fn run(arguments: &[String]) -> ! {
    let [row, peer, workers, size] = arguments else { fail("child ROW PEER WORKERS quick|full") };
    let Some(row) = rows::ALL.iter().find(|known| known.name == row) else { fail("no such row") };
    let Some(peer) = Peer::named(peer) else { fail("no such peer") };
    let Some(body) = row.body(peer) else { fail("this peer takes no part in this row") };
    let Ok(workers) = workers.parse() else { fail("the number of workers is no number") };
    let setup = Setup { peer, workers, params: row.params, quick: size == "quick" };
    for (name, value) in body(&setup) {
        println!("figure {name} {value}");
    }
    // Not by returning: what it costs to tear a runtime down is no row's question.
    process::exit(0)
}

fn fail(text: &str) -> ! {
    eprintln!("{text}");
    process::exit(2)
}
