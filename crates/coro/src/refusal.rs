//! Why there was no stack, and what can be done about it.
//!
//! Knows nothing of how stacks are made.

use std::io;

use crate::class::Class;

/// What was missing.
#[derive(Debug)]
pub(crate) enum Refusal {
    /// Address space, for a mapping of so many bytes.
    Space { bytes: usize, source: io::Error },
    /// A mapping for one more guard.
    Mappings { mappings_max: Option<usize> },
    /// Memory for page tables or for the list of stacks.
    Memory { source: Option<io::Error> },
}

impl Refusal {
    /// The error for whoever wanted a stack of `class`, when `stacks` of all classes exist in `mapped_bytes` bytes.
    pub(crate) fn into_error(self, class: Class, stacks: usize, mapped_bytes: usize) -> io::Error {
        let mapped_mib = mapped_bytes >> 20;
        let text = match self {
            Refusal::Space { bytes, source } => {
                let kib = bytes / 1024;
                format!(
                    "no address space for another stack of {class}: mapping {kib} KiB failed ({source}); \
                     {stacks} stacks exist in {mapped_mib} MiB; raise the limit of the process (`ulimit -v`, \
                     `ulimit -d`, or RLIMIT_AS and RLIMIT_DATA), or have fewer fibers at a time"
                )
            }
            Refusal::Mappings { mappings_max } => {
                let limit = mappings_max.map_or("unknown".to_owned(), |limit| limit.to_string());
                format!(
                    "no memory mapping left for the guard of another stack of {class}: {stacks} stacks exist, \
                     each guard takes two mappings, and vm.max_map_count is {limit}; raise it with \
                     `sysctl -w vm.max_map_count=..`, or use Linux 6.13 or later without locked memory, where guards \
                     take none"
                )
            }
            Refusal::Memory { source } => {
                let source = source.map_or("allocation failed".to_owned(), |error| error.to_string());
                format!(
                    "no memory for another stack of {class}: {source}; {stacks} stacks exist in {mapped_mib} MiB; \
                     give the process more memory, or have fewer fibers at a time"
                )
            }
        };
        io::Error::new(io::ErrorKind::OutOfMemory, text)
    }
}
