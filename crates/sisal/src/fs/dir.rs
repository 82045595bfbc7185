//! What is in a folder, as [`std::fs::read_dir`].
//!
//! Knows nothing of the files themselves.

use sisal_park::blocking_io;
use std::ffi::OsString;
use std::fs::{FileType, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::{fmt, vec};

/// Entries that are fetched at once, so that a large folder costs few ways to the pool.
const ENTRIES_A_CALL: usize = 64;

/// What is in the folder at `path`, as [`std::fs::read_dir`].
///
/// ```
/// # fn main() -> std::io::Result<()> {
/// let names = sisal::fs::read_dir(".")?.map(|entry| entry.map(|entry| entry.file_name()));
/// assert!(names.collect::<std::io::Result<Vec<_>>>()?.contains(&"Cargo.toml".into()));
/// # Ok(()) }
/// ```
///
/// # Errors
/// The system's; or that the fiber is cancelled.
pub fn read_dir<P: AsRef<Path>>(path: P) -> io::Result<ReadDir> {
    let path = path.as_ref().to_owned();
    let rest = blocking_io(move || std::fs::read_dir(path))?;
    Ok(ReadDir { fetched: Vec::new().into_iter(), rest: Some(rest) })
}

/// An iterator over what is in a folder; made by [`read_dir`]. If the fiber is cancelled, it gives that error once, and
/// then ends.
pub struct ReadDir {
    fetched: vec::IntoIter<io::Result<std::fs::DirEntry>>,
    /// `None` at the end.
    rest: Option<std::fs::ReadDir>,
}

impl Iterator for ReadDir {
    type Item = io::Result<DirEntry>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.fetched.len() == 0 {
            let mut rest = self.rest.take()?;
            let fetched = blocking_io(move || {
                let fetched: Vec<_> = rest.by_ref().take(ENTRIES_A_CALL).collect();
                Ok((fetched, rest))
            });
            match fetched {
                Ok((fetched, rest)) => {
                    self.rest = (fetched.len() == ENTRIES_A_CALL).then_some(rest);
                    self.fetched = fetched.into_iter();
                }
                Err(error) => return Some(Err(error)),
            }
        }
        Some(self.fetched.next()?.map(|entry| DirEntry(Arc::new(entry))))
    }
}

impl fmt::Debug for ReadDir {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReadDir").field("rest", &self.rest).finish_non_exhaustive()
    }
}

/// One file in a folder, as [`std::fs::DirEntry`].
#[derive(Debug)]
pub struct DirEntry(Arc<std::fs::DirEntry>);

impl DirEntry {
    /// Its path: that of the folder, and its name.
    pub fn path(&self) -> PathBuf {
        self.0.path()
    }

    /// Its name.
    pub fn file_name(&self) -> OsString {
        self.0.file_name()
    }

    /// What the system knows of it, or of the link that it is.
    ///
    /// # Errors
    /// The system's; or that the fiber is cancelled.
    pub fn metadata(&self) -> io::Result<Metadata> {
        let entry = Arc::clone(&self.0);
        blocking_io(move || entry.metadata())
    }

    /// Whether it is a file, a folder, a link. Most systems tell it with the name.
    ///
    /// # Errors
    /// The system's; or that the fiber is cancelled.
    pub fn file_type(&self) -> io::Result<FileType> {
        let entry = Arc::clone(&self.0);
        blocking_io(move || entry.file_type())
    }
}
