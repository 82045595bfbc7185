//! [`std::io`], with what blocks in the place of what blocks the OS thread: change `use std::io` to `use sisal::io`.
//!
//! Knows nothing of readiness; that is `sisal-reactor`. The traits, adapters and helpers are std's own, so whatever reads
//! and writes through them works over sisal's sockets and pipes as it is.
//!
//! ```
//! use sisal::io::{self, BufRead, BufReader, Write};
//!
//! # fn main() -> io::Result<()> {
//! let (reader, mut writer) = io::pipe()?;
//! sisal::go! {
//!     writeln!(writer, "one\ntwo").unwrap();
//! };
//! let lines = BufReader::new(reader).lines().collect::<io::Result<Vec<_>>>()?;
//! assert_eq!(lines, ["one", "two"]);
//! # Ok(()) }
//! ```

mod stdin;
mod stdout;

pub use stdin::{Stdin, StdinLock, stdin};
pub use stdout::{Stderr, StderrLock, Stdout, StdoutLock, stderr, stdout};

pub use sisal_net::{PipeReader, PipeWriter, pipe, wait_readable, wait_writable};
pub use std::io::*;
