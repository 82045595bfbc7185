//! Conway's problem (1963), for which coroutines were invented: read cards of 80 columns, squeeze `**` to `^`, print lines of
//! 125 characters.
//!
//! Look at: the reader, the squeezer and the printer are three plain loops. None of them has to remember where in a card or a line
//! it was when it ran out of characters.
//!
//! ```text
//! $ cargo run --release --example conway
//! 4 cards of 80 columns
//! IN THE BEGINNING THERE WERE CARDS, AND X^2 WAS WRITTEN X* *2. EACH CARD HAS ITS 80 COLUMNS, NO MORE AND NO LESS, WHATEVER THE
//!  TEXT IS: SO A LINE OF 125 CHARACTERS BEGINS IN THE MIDDLE OF A CARD AND ENDS IN THE MIDDLE OF ANOTHER; Y^3, AND A LONE * STA
//! YS.
//! ```

use sisal::coroutine;

const CARD: usize = 80;
const LINE: usize = 125;

const TEXT: &str = "IN THE BEGINNING THERE WERE CARDS, AND X**2 WAS WRITTEN X* *2. EACH CARD HAS ITS 80 COLUMNS, \
    NO MORE AND NO LESS, WHATEVER THE TEXT IS: SO A LINE OF 125 CHARACTERS BEGINS IN THE MIDDLE OF A CARD AND ENDS IN \
    THE MIDDLE OF ANOTHER; Y**3, AND A LONE * STAYS.";

/// The characters of the cards, one after the other.
fn read(cards: Vec<String>) -> impl Iterator<Item = char> {
    coroutine::iter(move |yielder| {
        for card in &cards {
            card.chars().for_each(|column| yielder.yield_(column));
        }
    })
}

/// `**` becomes `^`.
fn squeeze(mut input: impl Iterator<Item = char> + 'static) -> impl Iterator<Item = char> {
    coroutine::iter(move |yielder| {
        while let Some(first) = input.next() {
            if first != '*' {
                yielder.yield_(first);
                continue;
            }
            match input.next() {
                Some('*') => yielder.yield_('^'),
                Some(second) => {
                    yielder.yield_('*');
                    yielder.yield_(second);
                }
                None => yielder.yield_('*'),
            }
        }
    })
}

fn lines(mut input: impl Iterator<Item = char> + 'static) -> impl Iterator<Item = String> {
    coroutine::iter(move |yielder| {
        loop {
            let line: String = input.by_ref().take(LINE).collect();
            if line.is_empty() {
                return;
            }
            yielder.yield_(line);
        }
    })
}

fn main() {
    let columns: Vec<char> = TEXT.chars().collect();
    let cards: Vec<String> = columns.chunks(CARD).map(|card| card.iter().collect()).collect();
    println!("{} cards of {CARD} columns", cards.len());
    let printed: Vec<String> = lines(squeeze(read(cards))).inspect(|line| println!("{line}")).collect();
    assert_eq!(printed.concat(), TEXT.replace("**", "^"));
}
