//! Counts the instructions of the hot paths and compares them with `instructions.txt`: fails where one has grown by 5 %.
//!
//! ```text
//! cargo run --release -p benches --bin instructions            # compare
//! cargo run --release -p benches --bin instructions -- --write # the new baseline; say why in the commit
//! ```

use benches::instructions;
use std::{env, io, process};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    if let ["run", path, ops] = *arguments {
        instructions::run(path, ops.parse().map_err(io::Error::other)?);
        return Ok(());
    }
    if !instructions::has_valgrind() {
        println!("no valgrind here: nothing is counted");
        return Ok(());
    }
    let counts = instructions::count(&env::current_exe()?)?;
    if arguments == ["--write"] {
        return instructions::write_baseline(&counts);
    }
    let (text, holds) = instructions::compare(&counts)?;
    print!("{text}");
    process::exit(i32::from(!holds))
}
