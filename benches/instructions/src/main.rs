//! Counts the instructions of the hot paths and compares them with `baseline.txt`: fails where one has grown by 5 %.
//!
//! ```text
//! cargo run --release -p instructions            # compare
//! cargo run --release -p instructions -- --write # the new baseline; say why in the commit
//! ```

#![forbid(unsafe_code)]

mod count;

use std::{env, io, process};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["run", path, ops] = *arguments {
        count::run(path, ops.parse().map_err(io::Error::other)?);
        return Ok(());
    }
    if !count::has_valgrind() {
        println!("no valgrind here: nothing is counted");
        return Ok(());
    }
    let counts = count::count(&env::current_exe()?)?;
    if arguments == ["--write"] {
        return count::write_baseline(&counts);
    }
    let (text, holds) = count::compare(&counts)?;
    print!("{text}");
    process::exit(i32::from(!holds))
}
