//! The seeded generator behind every choice that a scheduler makes: which victim, which arm of a select first.
//!
//! Knows nothing of those choices. Not for secrets. The algorithm is xorshift64* (G. Marsaglia, "Xorshift RNGs", 2003;
//! S. Vigna, "An experimental exploration of Marsaglia's xorshift generators, scrambled", 2016).

use std::cell::Cell;

/// A generator with one owner.
///
/// ```
/// use sisal_base::rng::Rng;
/// let (a, b) = (Rng::new(7), Rng::new(7));
/// assert_eq!(a.below(1000), b.below(1000));
/// assert!(a.below(3) < 3);
/// ```
#[derive(Debug)]
pub struct Rng(Cell<u64>);

impl Rng {
    /// A generator that gives the same numbers for the same seed.
    pub const fn new(seed: u64) -> Self {
        // The state must not be zero, from which xorshift never leaves.
        let mixed = seed.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        Self(Cell::new(if mixed == 0 { 1 } else { mixed }))
    }

    /// The next 64 bits.
    #[inline]
    pub fn next_u64(&self) -> u64 {
        let mut x = self.0.get();
        x ^= x >> 12;
        x ^= x << 25;
        x ^= x >> 27;
        self.0.set(x);
        x.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// A number in `0..bound`, by multiplication (D. Lemire, "Fast random integer generation in an interval", 2019),
    /// whose bias of `bound / 2^32` nothing here can notice.
    ///
    /// # Panics
    /// If `bound` is 0.
    #[inline]
    pub fn below(&self, bound: usize) -> usize {
        assert!(bound > 0, "a choice among no things");
        (((self.next_u64() >> 32) * bound as u64) >> 32) as usize
    }
}
