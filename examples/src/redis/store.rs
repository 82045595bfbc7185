//! The data: byte strings and lists by key, which may have an end.
//!
//! Knows nothing of the protocol. What has ended is gone whenever somebody looks, and [`Store::sweep`] finds what nobody
//! looks at.

use std::collections::{BTreeSet, HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// A key, shared by the two places that know it.
type Key = Arc<[u8]>;

/// Everything. The clock is set from outside, once for many commands.
#[derive(Debug)]
pub struct Store {
    entries: HashMap<Key, Entry>,
    ends: BTreeSet<(Instant, Key)>,
    now: Instant,
}

#[derive(Debug)]
struct Entry {
    value: Value,
    end: Option<Instant>,
}

#[derive(Debug)]
enum Value {
    Bytes(Vec<u8>),
    List(VecDeque<Vec<u8>>),
}

/// Why a command cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refused {
    /// The value is of another kind.
    Kind,
    /// The value, or the result, is no number.
    Number,
}

/// How much longer a key will be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// It is not.
    Gone,
    /// As long as nobody removes it.
    Never,
    /// So much longer.
    In(Duration),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Kind => "WRONGTYPE Operation against a key holding the wrong kind of value",
            Self::Number => "ERR value is not an integer or out of range",
        })
    }
}

impl Store {
    /// An empty one.
    pub fn new(now: Instant) -> Self {
        Self { entries: HashMap::new(), ends: BTreeSet::new(), now }
    }

    /// Sets the clock.
    pub fn set_now(&mut self, now: Instant) {
        self.now = now;
    }

    /// The clock.
    pub fn now(&self) -> Instant {
        self.now
    }

    /// How many keys there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Removes all.
    pub fn clear(&mut self) {
        self.entries.clear();
        self.ends.clear();
    }

    /// Whether there is such a key.
    pub fn contains(&mut self, key: &[u8]) -> bool {
        self.entry(key).is_some()
    }

    /// The bytes.
    ///
    /// # Errors
    /// If it is a list.
    pub fn get(&mut self, key: &[u8]) -> Result<Option<&[u8]>, Refused> {
        match self.entry(key) {
            None => Ok(None),
            Some(Entry { value: Value::Bytes(bytes), .. }) => Ok(Some(bytes)),
            Some(_) => Err(Refused::Kind),
        }
    }

    /// Puts bytes in the place of whatever was there. They never end.
    pub fn set(&mut self, key: &[u8], bytes: &[u8]) {
        self.set_end(key, None);
        match self.entries.get_mut(key) {
            Some(Entry { value: Value::Bytes(old), .. }) => {
                old.clear();
                old.extend_from_slice(bytes);
            }
            Some(entry) => entry.value = Value::Bytes(bytes.to_vec()),
            None => self.insert(key, Value::Bytes(bytes.to_vec())),
        }
    }

    /// Adds to a number; what is not there counts as 0.
    ///
    /// # Errors
    /// If it is no number, or would be too large for one.
    pub fn add(&mut self, key: &[u8], step: i64) -> Result<i64, Refused> {
        let old = match self.get(key)? {
            None => 0,
            Some(bytes) => parse(bytes).ok_or(Refused::Number)?,
        };
        let new = old.checked_add(step).ok_or(Refused::Number)?;
        let text = new.to_string().into_bytes();
        match self.entries.get_mut(key) {
            Some(entry) => entry.value = Value::Bytes(text),
            None => self.insert(key, Value::Bytes(text)),
        }
        Ok(new)
    }

    /// The list, if there is one. It must not be left empty; see [`Store::tidy`].
    ///
    /// # Errors
    /// If it is no list.
    pub fn list(&mut self, key: &[u8]) -> Result<Option<&mut VecDeque<Vec<u8>>>, Refused> {
        match self.entry(key) {
            None => Ok(None),
            Some(Entry { value: Value::List(list), .. }) => Ok(Some(list)),
            Some(_) => Err(Refused::Kind),
        }
    }

    /// The list, a new one if there is none.
    ///
    /// # Errors
    /// If it is no list.
    pub fn list_or_new(&mut self, key: &[u8]) -> Result<&mut VecDeque<Vec<u8>>, Refused> {
        if self.entry(key).is_none() {
            self.insert(key, Value::List(VecDeque::new()));
        }
        self.list(key)?.ok_or(Refused::Kind)
    }

    /// Removes the key if an empty list is left of it.
    pub fn tidy(&mut self, key: &[u8]) {
        if matches!(self.list(key), Ok(Some(list)) if list.is_empty()) {
            self.remove(key);
        }
    }

    /// Removes a key; gives whether there was one.
    pub fn remove(&mut self, key: &[u8]) -> bool {
        let is_there = self.set_end(key, None);
        is_there && self.entries.remove(key).is_some()
    }

    /// Lets a key end then, or never; gives whether there is such a key. One that ends now is gone.
    pub fn set_end(&mut self, key: &[u8], end: Option<Instant>) -> bool {
        if self.entry(key).is_none() {
            return false;
        }
        let Some((key, entry)) = self.entries.get_key_value(key).map(|(key, entry)| (key.clone(), entry.end))
        else {
            return false;
        };
        if let Some(old) = entry {
            self.ends.remove(&(old, key.clone()));
        }
        if let Some(entry) = self.entries.get_mut(&key) {
            entry.end = end;
        }
        if let Some(end) = end {
            self.ends.insert((end, key));
        }
        true
    }

    /// When a key ends.
    pub fn end(&mut self, key: &[u8]) -> End {
        let now = self.now;
        match self.entry(key) {
            None => End::Gone,
            Some(Entry { end: None, .. }) => End::Never,
            Some(Entry { end: Some(end), .. }) => End::In(end.saturating_duration_since(now)),
        }
    }

    /// Removes what has ended, at most `count` keys; gives how many there were.
    pub fn sweep(&mut self, count: usize) -> usize {
        let mut swept = 0;
        while swept < count && self.ends.first().is_some_and(|(end, _)| *end <= self.now) {
            if let Some((_, key)) = self.ends.pop_first() {
                self.entries.remove(&key);
            }
            swept += 1;
        }
        swept
    }

    fn insert(&mut self, key: &[u8], value: Value) {
        self.entries.insert(key.into(), Entry { value, end: None });
    }

    /// What is there and has not ended.
    fn entry(&mut self, key: &[u8]) -> Option<&mut Entry> {
        let end = self.entries.get(key)?.end.filter(|end| *end <= self.now);
        if let Some(end) = end {
            let (key, _) = self.entries.remove_entry(key)?;
            self.ends.remove(&(end, key));
            return None;
        }
        self.entries.get_mut(key)
    }
}

/// A whole number, as commands and values have it.
pub(super) fn parse(bytes: &[u8]) -> Option<i64> {
    std::str::from_utf8(bytes).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_is_gone() {
        let start = Instant::now();
        let second = Duration::from_secs(1);
        let mut store = Store::new(start);
        for key in [b"a", b"b", b"c"] {
            store.set(key, b"1");
            assert!(store.set_end(key, Some(start + second)));
        }
        store.set(b"b", b"2");
        assert_eq!(store.end(b"a"), End::In(second));
        assert_eq!((store.end(b"b"), store.end(b"d")), (End::Never, End::Gone));
        store.set_now(start + second);
        assert_eq!(store.get(b"a"), Ok(None));
        assert_eq!(store.len(), 2);
        assert_eq!((store.sweep(9), store.len()), (1, 1));
        assert!(!store.set_end(b"c", None) && store.ends.is_empty());
    }

    #[test]
    fn kinds_and_numbers() {
        let mut store = Store::new(Instant::now());
        assert_eq!((store.add(b"n", 5), store.add(b"n", -7)), (Ok(5), Ok(-2)));
        assert_eq!(store.get(b"n"), Ok(Some(&b"-2"[..])));
        store.list_or_new(b"l").unwrap().push_front(b"x".to_vec());
        assert_eq!(store.get(b"l"), Err(Refused::Kind));
        assert_eq!(store.list(b"n"), Err(Refused::Kind));
        store.set(b"n", b"9223372036854775807");
        assert_eq!((store.add(b"n", 1), store.add(b"l", 1)), (Err(Refused::Number), Err(Refused::Kind)));
        store.list(b"l").unwrap().unwrap().clear();
        store.tidy(b"l");
        assert!(!store.contains(b"l") && !store.remove(b"l") && store.remove(b"n") && store.is_empty());
    }
}
