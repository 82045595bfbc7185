//! A file of comma-separated values, filtered by column: each stage pulls from the one before it, and nothing is read before it
//! is needed.
//!
//! Look at: two stages are coroutines, two are the iterators of std, and they fit together. A file of any length needs one line of
//! memory, and the first match is there before the rest is read.
//!
//! ```text
//! $ cargo run --release --example csv_pipeline [FILE]
//! ada,1815,mathematics
//! emmy,1882,mathematics
//! 7 lines read
//! the first of a million lines that match: after 3 lines
//! all that match: 250000 of 1000000
//! ```

use sisal::coroutine;
use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::rc::Rc;

const SAMPLE: &str = "name,born,field\n\nada,1815,mathematics\ngrace,1906,computing\n\nemmy,1882,mathematics\nlise,1878,physics\n";

/// The rows whose third column is `field`, and a count of the lines that were read for them.
fn rows_of(
    file: impl Read + 'static,
    field: &'static str,
) -> (impl Iterator<Item = Vec<String>>, Rc<Cell<u32>>) {
    let read = Rc::new(Cell::new(0));
    let count = Rc::clone(&read);
    let lines = coroutine::iter(move |yielder| {
        for line in BufReader::new(file).lines() {
            count.set(count.get() + 1);
            yielder.yield_(line.expect("a line of text"));
        }
    });
    let parsed = coroutine::iter(move |yielder| {
        for line in lines.filter(|line| !line.is_empty()) {
            yielder.yield_(line.split(',').map(str::to_owned).collect::<Vec<_>>());
        }
    });
    (parsed.filter(move |row| row.get(2).is_some_and(|column| column == field)), read)
}

/// A text of that many lines, which is never in memory.
struct Generated {
    lines: u32,
    rest: &'static [u8],
}

impl Read for Generated {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        const LINES: [&[u8]; 4] =
            [b"lise,1878,physics\n", b"\n", b"ada,1815,mathematics\n", b"grace,1906,computing\n"];
        if self.rest.is_empty() && self.lines > 0 {
            self.lines -= 1;
            self.rest = LINES[3 - (self.lines % 4) as usize];
        }
        self.rest.read(buffer)
    }
}

fn main() -> io::Result<()> {
    let file: Box<dyn Read> = match std::env::args().nth(1) {
        Some(path) => Box::new(File::open(path)?),
        None => Box::new(SAMPLE.as_bytes()),
    };
    let (rows, read) = rows_of(file, "mathematics");
    rows.for_each(|row| println!("{}", row.join(",")));
    println!("{} lines read", read.get());

    let text = Generated { lines: 1_000_000, rest: &[] };
    let (mut rows, read) = rows_of(text, "mathematics");
    rows.next();
    println!("the first of a million lines that match: after {} lines", read.get());
    assert_eq!(read.get(), 3);
    let matching = 1 + rows.count();
    println!("all that match: {matching} of {}", read.get());
    assert_eq!((matching, read.get()), (250_000, 1_000_000));
    Ok(())
}
