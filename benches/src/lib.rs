//! benches of sisal.

#![forbid(unsafe_code)]
