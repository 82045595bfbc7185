//! The size classes of stacks.
//!
//! Knows nothing of memory: how large, not where.

use std::{fmt, io};

use crate::os;
use crate::stack::{COLOUR_BYTES_MAX, HEADER_BYTES};

/// A size of stacks: 64 KiB, 256 KiB, 1 MiB or 8 MiB, whose stacks are kept for the next fiber, or a larger one, whose
/// stacks are mapped alone and unmapped when they are given back.
///
/// ```
/// use sisal_coro::Class;
///
/// assert_eq!(Class::for_size(64 * 1024)?, Class::DEFAULT);
/// assert_eq!(Class::for_size(100_000)?.to_string(), "256 KiB");
/// assert!(Class::for_size(1_000).is_err());
/// # Ok::<(), std::io::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Class {
    /// What was asked for, rounded up, in units of 4 KiB, so that a [`Stack`](crate::Stack) stays two words; and below it, in
    /// [`SHELF_BITS`], which shelf of a pool keeps it, which is asked at each fiber's start and end.
    bits: u32,
}

const KIB: usize = 1024;
/// What sizes are counted in; no page is smaller.
const UNIT_KIB: u32 = 4;
const SHELF_BITS: u32 = 3;
/// The shelf of what is mapped alone.
const NO_SHELF: u32 = (1 << SHELF_BITS) - 1;

impl Class {
    /// 64 KiB: room for a panic with its backtrace (22 KiB) twice over, at 136 B of page table a parked fiber.
    pub const DEFAULT: Class = Class::new(64, 0);

    /// The least that can be asked for, in bytes. A panic that prints its backtrace needs 22 KiB by itself.
    pub const BYTES_MIN: usize = 24 * KIB;

    /// The most that can be asked for, in bytes: 1 TiB. (A `u64`, for machines whose `usize` is smaller.)
    pub const BYTES_MAX: u64 = 1 << 40;

    /// The classes whose stacks are kept, smallest first; [`shelf`](Self::shelf) is the index.
    pub(crate) const KEPT: [Class; 4] =
        [Class::DEFAULT, Class::new(256, 1), Class::new(1024, 2), Class::new(8 * 1024, 3)];

    const fn new(kib: u32, shelf: u32) -> Class {
        Class { bits: ((kib / UNIT_KIB) << SHELF_BITS) | shelf }
    }

    #[inline]
    fn kib(self) -> u32 {
        (self.bits >> SHELF_BITS) * UNIT_KIB
    }

    /// The smallest class with slots of `bytes` bytes or more.
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) below [`BYTES_MIN`](Self::BYTES_MIN) and above
    /// [`BYTES_MAX`](Self::BYTES_MAX).
    pub fn for_size(bytes: usize) -> io::Result<Class> {
        if bytes < Class::BYTES_MIN || bytes as u64 > Class::BYTES_MAX {
            let text =
                format!("a stack of {bytes} bytes is not possible: the least is 24 KiB, the most is 1 TiB");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, text));
        }
        let kib = bytes.div_ceil(KIB) as u32;
        if let Some(class) = Class::KEPT.into_iter().find(|class| class.kib() >= kib) {
            return Ok(class);
        }
        let page_kib = (os::page_size() / KIB) as u32;
        Ok(Class::new(kib.next_multiple_of(page_kib), NO_SHELF))
    }

    /// The size in bytes by which the class is called: all of a stack but its guard.
    #[inline]
    pub fn bytes(self) -> usize {
        self.kib() as usize * KIB
    }

    /// The size of a whole slot in bytes: the guard comes on top.
    ///
    /// So the tops of neighbours are an odd number of pages apart, 17 of 4 KiB, and meet in all sets of the processor's table of
    /// pages; at 16 they meet in a sixteenth of them, where a thousand do not fit (a top read in turn with 499 others: 6.4 ns at
    /// 16 pages, 2.8 at 17).
    #[inline]
    pub(crate) fn slot_bytes(self) -> usize {
        self.bytes() + os::page_size()
    }

    /// How many bytes of a stack a body can surely use: all but the header and the colour.
    pub fn usable(self) -> usize {
        self.bytes() - HEADER_BYTES - COLOUR_BYTES_MAX
    }

    /// The class as a number, for [`from_bits`](Self::from_bits).
    #[inline]
    pub(crate) fn to_bits(self) -> u32 {
        self.bits
    }

    #[inline]
    pub(crate) fn from_bits(bits: u32) -> Class {
        Class { bits }
    }

    /// Which shelf of a pool keeps this class; `None` if it is mapped alone.
    #[inline]
    pub(crate) fn shelf(self) -> Option<usize> {
        let shelf = self.bits & NO_SHELF;
        if (shelf as usize) < Class::KEPT.len() { Some(shelf as usize) } else { None }
    }
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kib() % 1024 == 0 {
            return write!(f, "{} MiB", self.kib() / 1024);
        }
        write!(f, "{} KiB", self.kib())
    }
}

impl fmt::Debug for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Class({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(bytes: usize) -> String {
        Class::for_size(bytes).expect("a possible size").to_string()
    }

    #[test]
    fn sizes_round_up() {
        assert_eq!(named(24 * KIB), "64 KiB");
        assert_eq!(named(64 * KIB), "64 KiB");
        assert_eq!(named(64 * KIB + 1), "256 KiB");
        assert_eq!(named(1 << 20), "1 MiB");
        assert_eq!(named((1 << 20) + 1), "8 MiB");
        assert_eq!(named(64 << 20), "64 MiB");
        let odd = Class::for_size((8 << 20) + 1).expect("a possible size");
        assert_eq!(odd.bytes() % os::page_size(), 0);
        assert_eq!(odd.shelf(), None);
        if let Ok(bytes) = usize::try_from(Class::BYTES_MAX) {
            let largest = Class::for_size(bytes).expect("a possible size");
            assert_eq!((largest.bytes(), largest.shelf()), (bytes, None));
        }
    }

    #[test]
    fn impossible_sizes_name_figure_and_limits() {
        for bytes in [0, Class::BYTES_MIN - 1, usize::MAX] {
            let error = Class::for_size(bytes).expect_err("an impossible size");
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput);
            let text = error.to_string();
            assert!(text.contains(&bytes.to_string()), "{text}");
            assert!(text.contains("24 KiB") && text.contains("1 TiB"), "{text}");
        }
    }

    #[test]
    fn every_class_has_room_for_a_panic() {
        for (index, class) in Class::KEPT.into_iter().enumerate() {
            assert_eq!(class.shelf(), Some(index));
            assert!(class.usable() >= Class::BYTES_MIN, "{class}");
        }
    }
}
