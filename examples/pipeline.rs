//! The twenty most frequent words of a text, by a pipeline of fibers joined by bounded channels.
//!
//! ```text
//!            blocks of lines        words of a block
//!  ┌──────┐  bounded(8)  ┌──────────┐  bounded(8)  ┌───────┐
//!  │ read ├─────────────▶│ tokenise ├─────────────▶│ count ├──▶ top 20
//!  └──────┘              │  several │              └───────┘
//!                        └──────────┘
//! ```
//!
//! Look at: no stage knows the others, each is a loop over its receiver; the bounded channels hold the reader back, so a
//! text of 1 GB needs no more memory than one of 1 MB; each stage ends when the one before it has dropped its senders.
//!
//! ```text
//! $ cargo run --release --example pipeline [FILE]
//!     132 the
//!     102 or
//!     …
//! ```

use sisal::channel::{self, Receiver, Sender};
use sisal::{fiber, go};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, IsTerminal, Read};
use std::time::{Duration, Instant};

type Words = HashMap<String, u64>;

/// A text that is always there.
const DEFAULT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../LICENSE");
const BLOCK: u64 = 64 * 1024;

/// Reads whole lines, in blocks. Files block the thread that reads them, so `blocking` takes the reads elsewhere.
fn read(path: &str, blocks: &Sender<Vec<u8>>) -> io::Result<()> {
    let mut file = BufReader::with_capacity(BLOCK as usize, sisal::blocking(|| File::open(path))?);
    let (mut total, mut shown) = (0, Instant::now());
    loop {
        let mut block = Vec::with_capacity(BLOCK as usize + 256);
        sisal::blocking(|| {
            file.by_ref().take(BLOCK).read_to_end(&mut block)?;
            file.read_until(b'\n', &mut block)
        })?;
        total += block.len();
        if io::stderr().is_terminal() && shown.elapsed() > Duration::from_millis(100) {
            shown = Instant::now();
            eprint!("\r{} MB", total / 1_000_000);
        }
        if block.is_empty() || blocks.send(block).is_err() {
            return Ok(());
        }
    }
}

/// A word is a run of ASCII letters; case does not matter.
fn tokenise(blocks: &Receiver<Vec<u8>>, words: &Sender<Words>) {
    for mut block in blocks {
        block.make_ascii_lowercase();
        let mut found = Words::new();
        for word in block.split(|byte| !byte.is_ascii_alphabetic()).filter(|word| !word.is_empty()) {
            let word = std::str::from_utf8(word).expect("ASCII letters are UTF-8");
            match found.get_mut(word) {
                Some(count) => *count += 1,
                None => drop(found.insert(word.to_owned(), 1)),
            }
        }
        if words.send(found).is_err() {
            return;
        }
    }
}

fn count(words: Receiver<Words>) -> Vec<(String, u64)> {
    let mut totals = Words::new();
    for (word, count) in words.into_iter().flatten() {
        *totals.entry(word).or_default() += count;
    }
    let mut ranking: Vec<_> = totals.into_iter().collect();
    ranking.sort_unstable_by(|(a, m), (b, n)| n.cmp(m).then_with(|| a.cmp(b)));
    ranking
}

#[sisal::main]
fn main() -> io::Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| DEFAULT.to_owned());
    let (blocks, to_tokenise) = channel::bounded(8);
    let (words, to_count) = channel::bounded(8);
    let counter = go!(name = "count", move || count(to_count));
    fiber::scope(|s| {
        for _ in 0..2 * std::thread::available_parallelism().map_or(1, usize::from) {
            let words = words.clone();
            s.spawn(|| tokenise(&to_tokenise, &{ words }));
        }
        // A stage ends when the last sender to it is gone: the tokenisers have theirs, and `blocks` goes when this has read all.
        drop(words);
        let blocks = blocks;
        read(&path, &blocks)
    })?;
    for (word, count) in counter.join().unwrap().iter().take(20) {
        println!("{count:8} {word}");
    }
    Ok(())
}
