#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod host;

pub use host::{error_kind, mode::enter, mpsc, scope, std_sync, temp::tmpdir, thread};
