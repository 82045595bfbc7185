//! What the example programs share: a small HTTP/1.1, pages about the process itself, files for strangers, what a
//! small Redis is made of, and the manners of a server.
//!
//! The programs themselves stand beside this folder, one file each, in reading order.

pub mod debug;
pub mod files;
pub mod http;
pub mod redis;
pub mod server;

/// The front page's example is compiled and run with the tests.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
