//! The rules, one a file: a function from plain data to [findings](crate::finding::Finding).
//!
//! None of them knows another, or reads a file by itself.

pub mod allows;
pub mod cfgs;
pub mod edges;
pub mod heads;
pub mod lengths;
pub mod manifests;
pub mod top_level;
pub mod unsafety;
pub mod wording;
