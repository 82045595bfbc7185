//! Other programs, as [`std::process`] has them: fibers wait for them, and for their pipes.
//!
//! Knows nothing of readiness; that is `sisal-reactor`.
//!
//! ```
//! use sisal::process::Command;
//!
//! # fn main() -> std::io::Result<()> {
//! let output = Command::new("echo").arg("hello").output()?;
//! assert!(output.status.success());
//! assert_eq!(output.stdout, b"hello\n");
//! # Ok(()) }
//! ```
//!
//! A child at both ends of which fibers talk:
//!
//! ```
//! use sisal::process::{Command, Stdio};
//! use std::io::{BufRead, BufReader, Write};
//!
//! # fn main() -> std::io::Result<()> {
//! let mut child = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
//! let mut stdin = child.stdin.take().unwrap();
//! sisal::go! {
//!     for n in 0..3 {
//!         writeln!(stdin, "line {n}").unwrap();
//!     }
//! };
//! let lines = BufReader::new(child.stdout.take().unwrap()).lines().count();
//! assert_eq!(lines, 3);
//! assert!(child.wait()?.success());
//! # Ok(()) }
//! ```

mod child;
mod command;

pub use child::Child;
pub use command::Command;
pub use std::process::{ExitCode, ExitStatus, Output, Stdio, abort, exit, id};
