//! The parent process: builds what the children need, starts them in turn, and writes down what they say.
//!
//! Knows nothing of what a row does. In files: [`options`] is the command line, [`programs`] what is built, [`process`] one
//! child, [`serve`] one that is a server, [`measure`] their order, [`results`] what came out, [`machine`] where; [`markdown`], [`json`] and [`plot`] write it.

pub mod json;
pub mod machine;
pub mod markdown;
pub mod measure;
pub mod options;
pub mod plot;
pub mod process;
pub mod programs;
pub mod results;
pub mod serve;

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
    if let Some(path) = &options.json {
        fs::write(path, json::text(options, &machine, &results))?;
    }
    if let Some(dir) = &options.svg {
        fs::create_dir_all(dir)?;
        fs::write(dir.join("compare.svg"), plot::ratios(&results))?;
        if let Some(text) = plot::growth(&results) {
            fs::write(dir.join("growth.svg"), text)?;
        }
    }
    Ok(())
}
