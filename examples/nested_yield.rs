//! Yields from inside calls, and a coroutine inside a coroutine: Lua's inner and outer.
//!
//! Look at: `inner` yields for the outer coroutine from three calls deep, which a stackless generator cannot; and a coroutine
//! drives another one and passes its values on.
//!
//! ```text
//! $ cargo run --release --example nested_yield
//! outer 1
//! deep 3
//! deep 2
//! deep 1
//! inner a
//! inner b
//! outer 2
//! ```

use sisal::coroutine::{self, Yielder};

/// Yields for the coroutine whose yielder it is given.
fn deep(yielder: &Yielder<(), String>, depth: u32) {
    if depth > 0 {
        yielder.yield_(format!("deep {depth}"));
        deep(yielder, depth - 1);
    }
}

fn inner() -> impl Iterator<Item = String> {
    coroutine::iter(|yielder| {
        for letter in ["a", "b"] {
            yielder.yield_(format!("inner {letter}"));
        }
    })
}

fn main() {
    let outer = coroutine::iter(|yielder| {
        yielder.yield_("outer 1".to_owned());
        deep(yielder, 3);
        for line in inner() {
            yielder.yield_(line);
        }
        yielder.yield_("outer 2".to_owned());
    });
    let lines: Vec<String> = outer.inspect(|line| println!("{line}")).collect();
    assert_eq!(lines, ["outer 1", "deep 3", "deep 2", "deep 1", "inner a", "inner b", "outer 2"]);
}
