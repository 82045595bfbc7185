//! A folder of a test's own, in the place of std's private helper.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A folder that is removed with this value.
#[derive(Debug)]
pub struct TempDir(PathBuf);

impl TempDir {
    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        // What cannot be removed is left lying: the test is over.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A new folder among the system's temporary ones.
///
/// # Panics
/// If it cannot be made.
pub fn tmpdir() -> TempDir {
    static MADE: AtomicUsize = AtomicUsize::new(0);
    let name = format!("conformance-{}-{}", process::id(), MADE.fetch_add(1, Ordering::Relaxed));
    let path = env::temp_dir().join(name);
    fs::create_dir(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    TempDir(path)
}
