//! What would happen on 64 workers, with ten million fibers? Two small simulations, of which this machine can check the least
//! worker counts only: [`fan_out`] is the stealing and wake policy, [`homes`] what it costs that started fibers stay home.
//!
//! Knows nothing of the runtime: the policy is written down here a second time, in events, with times from measurements. So
//! it says what follows from the policy, not what a machine of 64 cores does with its caches.

pub mod fan_out;
pub mod homes;

/// Nanoseconds of simulated time.
pub type Ns = u64;

/// Numbers that look random and are the same in each run (a multiply-add generator, its high bits stirred).
#[derive(Clone, Debug)]
pub struct Draws(u64);

impl Draws {
    /// The sequence of that seed.
    pub fn new(seed: u64) -> Self {
        Self(seed ^ 0x9e37_79b9_7f4a_7c15)
    }

    /// A number below `bound`.
    pub fn below(&mut self, bound: usize) -> usize {
        (self.unit() * bound as f64) as usize
    }

    /// A number in `0.0..1.0`.
    pub fn unit(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        let stirred = (self.0 ^ (self.0 >> 33)).wrapping_mul(0xff51_afd7_ed55_8ccd);
        (stirred >> 11) as f64 / (1_u64 << 53) as f64
    }
}
