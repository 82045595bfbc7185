//! benches of sisal.
