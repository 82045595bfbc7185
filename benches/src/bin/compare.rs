//! Compares sisal with other runtimes, row by row, in one run: `--help` says how, benches/README.md what the rows ask.

use benches::child;
use benches::harness::{self, options::Options};
use benches::load;
use std::{env, process};

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    if arguments.first().is_some_and(|word| word == child::WORD) {
        child::run(&arguments[1..]);
    }
    if arguments.first().is_some_and(|word| word == load::WORD) {
        load::run(&arguments[1..]);
    }
    let options = Options::parse(&arguments).unwrap_or_else(|text| {
        println!("{text}");
        process::exit(if text.starts_with("compare ") { 0 } else { 2 });
    });
    if let Err(error) = harness::run(&options) {
        eprintln!("{error}");
        process::exit(1);
    }
}
