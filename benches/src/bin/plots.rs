//! Draws the comparison that is written down, without measuring again.
//!
//! ```text
//! cargo run --release -p benches --bin plots                  # benches/results.json into benches/plots
//! cargo run --release -p benches --bin plots -- JSON FOLDER
//! ```

use benches::plot;
use std::path::Path;
use std::{env, fs, io};

fn main() -> io::Result<()> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let (json, dir) = match &*arguments {
        [] => (here.join("results.json"), here.join("plots")),
        [json, dir] => (json.into(), dir.into()),
        _ => return Err(io::Error::other("plots [JSON FOLDER]")),
    };
    for name in plot::write(&fs::read_to_string(json)?, &dir)? {
        println!("{}", dir.join(name).display());
    }
    Ok(())
}
