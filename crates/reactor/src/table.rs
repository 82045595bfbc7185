//! The sources of one reactor, by token. A token never names a later source.
//!
//! Knows nothing of events. A token is the source's place in a slab, and in its upper bits the number of the
//! registration, so that an event which was fetched before its source left, and is looked at after another source took
//! the place, finds nobody:
//!
//! ```text
//!  │ generation (24 of 64 bits, 12 of 32) │ place (40, 20) │
//! ```
//!
//! A generation comes round after 2^24 registrations. Should an event be held back for just so long, its later source
//! sees an edge that was not, and calls once in vain.

use crate::source::Inner;
use mio::Token;
use slab::Slab;
use std::sync::Arc;

const PLACE_BITS: u32 = usize::BITS / 8 * 5;
const PLACE_MASK: usize = (1 << PLACE_BITS) - 1;

/// The token of the reactor's own bell. No source's place has all bits set.
pub(crate) const BELL: Token = Token(usize::MAX);

struct Entry {
    token: Token,
    source: Arc<Inner>,
}

/// Sources by token.
#[derive(Default)]
pub(crate) struct Table {
    entries: Slab<Entry>,
    generation: usize,
}

impl Table {
    /// Enters `source`; `None` if the table is full.
    pub(crate) fn insert(&mut self, source: Arc<Inner>) -> Option<Token> {
        let vacant = self.entries.vacant_entry();
        if vacant.key() >= PLACE_MASK {
            return None;
        }
        self.generation = self.generation.wrapping_add(1);
        let token = Token(vacant.key() | (self.generation << PLACE_BITS));
        vacant.insert(Entry { token, source });
        Some(token)
    }

    /// The source that was entered under `token`, if it is still here.
    #[inline]
    pub(crate) fn get(&self, token: Token) -> Option<&Arc<Inner>> {
        let entry = self.entries.get(token.0 & PLACE_MASK)?;
        (entry.token == token).then_some(&entry.source)
    }

    /// Takes the source out.
    pub(crate) fn remove(&mut self, token: Token) -> Option<Arc<Inner>> {
        self.get(token)?;
        Some(self.entries.remove(token.0 & PLACE_MASK).source)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    /// All of them.
    pub(crate) fn into_sources(self) -> impl Iterator<Item = Arc<Inner>> {
        self.entries.into_iter().map(|(_, entry)| entry.source)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_never_names_a_later_source() {
        let mut table = Table::default();
        let (first, second) = (Arc::new(Inner::new()), Arc::new(Inner::new()));
        let old = table.insert(Arc::clone(&first)).unwrap();
        assert!(Arc::ptr_eq(table.get(old).unwrap(), &first));
        assert!(table.remove(old).is_some());
        let new = table.insert(Arc::clone(&second)).unwrap();
        assert_eq!(old.0 & PLACE_MASK, new.0 & PLACE_MASK, "the place is used again");
        assert!(table.get(old).is_none() && table.remove(old).is_none());
        assert!(Arc::ptr_eq(table.get(new).unwrap(), &second));
        assert!(table.get(BELL).is_none());
        assert_eq!(table.len(), 1);
    }
}
