//! A protocol automaton as straight-line code: no enum of states, the place in the code is the state.
//!
//! Look at: the parser of a chunked body is two nested loops over single bytes, which come as they come; the pieces in which they
//! arrive do not matter.
//!
//! ```text
//! $ cargo run --release --example fsm
//! in pieces of 1: Ok("Wikipedia in chunks")
//! in pieces of 7: Ok("Wikipedia in chunks")
//! a bad size: Err("not a hexadecimal digit: 'x'")
//! ```

use sisal::coroutine::{Coroutine, CoroutineState, Yielder};

type Parsed = Result<String, String>;

/// Each yield asks for the next byte.
struct Input<'a>(&'a Yielder<u8, ()>, Option<u8>);

impl Input<'_> {
    fn next(&mut self) -> u8 {
        self.1.take().unwrap_or_else(|| self.0.yield_(()))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        loop {
            match self.next() {
                b'\r' => {}
                b'\n' => return line,
                byte => line.push(char::from(byte)),
            }
        }
    }
}

fn parse(yielder: &Yielder<u8, ()>, first: u8) -> Parsed {
    let mut input = Input(yielder, Some(first));
    let mut body = String::new();
    loop {
        let line = input.line();
        if let Some(bad) = line.chars().find(|digit| !digit.is_ascii_hexdigit()) {
            return Err(format!("not a hexadecimal digit: {bad:?}"));
        }
        let size = usize::from_str_radix(&line, 16).map_err(|error| error.to_string())?;
        if size == 0 {
            input.line();
            return Ok(body);
        }
        (0..size).for_each(|_| body.push(char::from(input.next())));
        input.line();
    }
}

/// Feeds `text` to a parser in pieces, as a socket would.
fn feed(text: &str, piece: usize) -> Parsed {
    let parser = Coroutine::new(parse);
    for piece in text.as_bytes().chunks(piece) {
        for &byte in piece {
            if let CoroutineState::Complete(parsed) = parser.resume(byte) {
                return parsed;
            }
        }
    }
    Err("the text ends too soon".into())
}

fn main() {
    let text = "4\r\nWiki\r\n5\r\npedia\r\nA\r\n in chunks\r\n0\r\n\r\n";
    for piece in [1, 7] {
        let parsed = feed(text, piece);
        println!("in pieces of {piece}: {parsed:?}");
        assert_eq!(parsed.as_deref(), Ok("Wikipedia in chunks"));
    }
    let bad = feed("4x\r\nWiki\r\n", 3);
    println!("a bad size: {bad:?}");
    assert!(bad.is_err());
}
