//! What was wrong with a run, as a report that is the same for the same run.
//!
//! Knows nothing of how runs are made.

use crate::task::Payload;
use std::fmt;

/// What was wrong.
pub(super) enum Failure {
    /// The closure has panicked.
    Panic(Payload),
    /// A fiber has panicked, and nobody joined it.
    Unjoined(String),
    /// All are parked, and nothing will wake them.
    Deadlock(String),
    /// The closure has returned, and fibers are left that never end.
    Leaked(String),
    /// So many turns, and no end.
    Endless(u64, String),
    /// That fiber waits for a time of the real clock.
    RealTime(String),
    /// Somebody has stopped it.
    Stopped(String),
}

impl Failure {
    /// Whether the other is of the same kind: what a shrunk run must be.
    pub(super) fn is_like(&self, other: &Self) -> bool {
        std::mem::discriminant(self) == std::mem::discriminant(other)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Panic(payload) => {
                let text = payload.downcast_ref::<&'static str>().copied();
                let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
                write!(f, "panic: {}", text.unwrap_or("(no text)"))
            }
            Self::Unjoined(text) => write!(f, "a fiber has panicked that nobody joins: {text}"),
            Self::Deadlock(dump) => {
                write!(f, "deadlock: all fibers are parked, and no timer is armed\n{dump}")
            }
            Self::Leaked(dump) => {
                write!(
                    f,
                    "the closure has returned, and fibers that it does not wait for have not ended\n{dump}"
                )
            }
            Self::Endless(turns, dump) => {
                write!(f, "no end after {turns} turns (see `Builder::turns_max`)\n{dump}")
            }
            Self::RealTime(fiber) => write!(
                f,
                "{fiber} has a deadline of the real clock, which is long over on the simulation's: take `sisal::time::now()` where it is \
                 made, instead of `Instant::now()`"
            ),
            Self::Stopped(dump) => write!(f, "it was stopped from outside\n{dump}"),
        }
    }
}

/// `text` with addresses as letters, in the order in which they come, and fibers by their numbers in the simulation: as it reads in
/// every run of the same seed.
pub(super) fn plain(text: &str, number: impl Fn(u64) -> u64) -> String {
    lettered(&numbered(text, number))
}

/// `text` with fibers by their numbers in the simulation.
pub(super) fn numbered(text: &str, number: impl Fn(u64) -> u64) -> String {
    let mut parts = text.split('#');
    let mut numbered = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
        match part[..end].parse().map(&number) {
            Ok(number) => numbered.push_str(&format!("#{number}{}", &part[end..])),
            Err(_) => numbered.extend(["#", part]),
        }
    }
    numbered
}

/// `text` with addresses as letters, in the order in which they come.
pub(super) fn lettered(text: &str) -> String {
    let mut parts = text.split("0x");
    let mut lettered = parts.next().unwrap_or_default().to_owned();
    let mut addresses = Vec::new();
    for part in parts {
        let end = part.find(|c: char| !c.is_ascii_hexdigit()).unwrap_or(part.len());
        let known = addresses.iter().position(|address| *address == &part[..end]);
        let place = known.unwrap_or_else(|| {
            addresses.push(&part[..end]);
            addresses.len() - 1
        });
        lettered.extend([&letters(place), &part[end..]]);
    }
    lettered
}

/// A, B, … Z, A1, B1, …
fn letters(place: usize) -> String {
    let letter = char::from(b'A' + (place % 26) as u8);
    if place < 26 { letter.to_string() } else { format!("{letter}{}", place / 26) }
}

#[cfg(test)]
mod tests {
    use super::plain;

    #[test]
    fn addresses_become_letters_and_numbers_the_simulations_own() {
        let text = "fiber #1007: mutex 0xabc0, 10 times, held by #1008; mutex 0x7; mutex 0xabc0 0";
        let expected = "fiber #7: mutex A, 10 times, held by #8; mutex B; mutex A 0";
        assert_eq!(plain(text, |id| id - 1000), expected);
    }
}
