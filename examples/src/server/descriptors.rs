//! Why no client can be accepted: the limit that stands behind an error, and what raises it.
//!
//! Knows nothing of servers.

use std::fmt;
use std::io;

/// An error of `accept`, with the figure and the knob if descriptors have run out.
pub(super) struct Explained<'a>(pub(super) &'a io::Error);

impl fmt::Display for Explained<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)?;
        match self.0.raw_os_error() {
            Some(libc::EMFILE) => {
                let limit = process_limit().map_or_else(|| "so many".to_owned(), |count| count.to_string());
                write!(
                    f,
                    ": this process may have {limit} descriptors, and each client takes one; `ulimit -n` raises that, \
                     `Server::connections_max` takes fewer clients"
                )
            }
            Some(libc::ENFILE) => f.write_str(": all processes together; the sysctl fs.file-max raises that"),
            _ => Ok(()),
        }
    }
}

/// How many descriptors this process may have.
fn process_limit() -> Option<u64> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the limit is ours to write to.
    (unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &raw mut limit) } == 0).then_some(limit.rlim_cur)
}
