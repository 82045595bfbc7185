#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod finding;
pub mod package;
pub mod rules;
pub mod source;
pub mod tables;
pub mod tree;
