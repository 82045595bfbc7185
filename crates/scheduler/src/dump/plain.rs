//! Texts of a simulation that read alike in every run of one seed: fibers by their numbers in it, and letters for addresses.
//!
//! Knows nothing of who wrote the text.

/// How a simulation numbers its fibers: 1 is the root, the others follow in the order of their birth.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Numbers {
    /// The id of the first that was born inside.
    pub(crate) first: u64,
    /// That of the root, which comes from outside.
    pub(crate) root: u64,
}

impl Numbers {
    pub(crate) fn of(self, id: u64) -> u64 {
        if id == self.root { 1 } else { id.wrapping_sub(self.first).wrapping_add(2) }
    }

    /// `text` with both.
    pub(super) fn plain(self, text: &str) -> String {
        lettered(&self.numbered(text))
    }

    /// `text` with fibers by their numbers.
    pub(crate) fn numbered(self, text: &str) -> String {
        let mut parts = text.split('#');
        let mut numbered = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let end = part.find(|c: char| !c.is_ascii_digit()).unwrap_or(part.len());
            match part[..end].parse() {
                Ok(id) => numbered.push_str(&format!("#{}{}", self.of(id), &part[end..])),
                Err(_) => numbered.extend(["#", part]),
            }
        }
        numbered
    }
}

/// `text` with addresses as letters, in the order in which they come.
pub(crate) fn lettered(text: &str) -> String {
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
    use super::Numbers;

    #[test]
    fn addresses_become_letters_and_ids_the_simulations_own_numbers() {
        let text =
            "fiber #1007: mutex 0xabc0, 10 times, held by #1008; mutex 0x7; mutex 0xabc0 0; join of #99";
        let expected = "fiber #7: mutex A, 10 times, held by #8; mutex B; mutex A 0; join of #1";
        assert_eq!(Numbers { first: 1002, root: 99 }.plain(text), expected);
    }
}
