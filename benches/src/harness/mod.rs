//! The parent process: builds what the children need, starts them in turn, and writes down what they say.
//!
//! Knows nothing of what a row does. In files: [`options`] is the command line, [`programs`] what is built, [`process`] one
//! child, [`serve`] one that is a server, [`measure`] their order, [`results`] what came out, [`machine`] where; [`markdown`] and [`json`] write it, and [`plot`] draws it.

pub mod json;
pub mod machine;
pub mod markdown;
pub mod measure;
pub mod options;
pub mod process;
pub mod programs;
pub mod results;
pub mod serve;

use crate::plot;
use options::Options;
use std::{fs, io};

/// Runs the whole comparison.
///
/// # Errors
/// If a program cannot be built, or a file cannot be written. A child that fails is a result.
pub fn run(options: &Options) -> io::Result<()> {
    let programs = programs::Programs::build(options)?;
    let machine = machine::Machine::look();
    let results = measure::measure(options, &programs);
    let table = markdown::table(options, &machine, &results);
    println!("{table}");
    if let Some(path) = &options.markdown {
        fs::write(path, &table)?;
    }
    let json = json::text(options, &machine, &results);
    if let Some(path) = &options.json {
        fs::write(path, &json)?;
    }
    if let Some(dir) = &options.svg {
        plot::write(&json, dir)?;
    }
    Ok(())
}
