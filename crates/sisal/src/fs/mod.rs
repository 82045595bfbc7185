//! Files and folders, as [`std::fs`] has them: each call runs on the blocking pool, and the fiber waits.
//!
//! Knows nothing of the pool's threads.
//!
//! ```
//! use sisal::fs;
//! use std::io::{BufRead, BufReader, Write};
//!
//! # fn main() -> std::io::Result<()> {
//! # let folder = std::env::temp_dir().join(format!("sisal-doc-fs-{}", std::process::id()));
//! fs::create_dir_all(&folder)?;
//! let path = folder.join("list");
//! writeln!(fs::File::create(&path)?, "one\ntwo")?;
//! let lines = BufReader::new(fs::File::open(&path)?).lines().collect::<std::io::Result<Vec<_>>>()?;
//! assert_eq!(lines, ["one", "two"]);
//! fs::remove_dir_all(&folder)?;
//! # Ok(()) }
//! ```
//!
//! # What differs from std
//!
//! - A call costs some 10,000 to 20,000 ns more, for the way to the pool and back. So read and write large pieces, or
//!   through [`BufReader`](std::io::BufReader) and [`BufWriter`](std::io::BufWriter).
//! - A call owns what it works on: buffers are copied. A fiber that is cancelled, or over its deadline, gets that as an error
//!   at once, and the call goes on by itself: a write may still happen, a read may still move the position.
//! - On a thread that runs no fibers, the calls are std's.

mod dir;
mod file;
mod open_options;

pub use dir::{DirEntry, ReadDir, read_dir};
pub use file::File;
pub use open_options::OpenOptions;
pub use std::fs::{FileTimes, FileType, Metadata, Permissions};

use sisal_park::blocking_io;
use std::io;
use std::path::{Path, PathBuf};

/// Functions of std's name, with one path.
macro_rules! with_path {
    ($($name:ident -> $result:ty, $what:literal;)*) => {$(
        #[doc = concat!($what, ", as [`std::fs::", stringify!($name), "`].")]
        ///
        /// # Errors
        /// The system's; or that the fiber is cancelled.
        pub fn $name<P: AsRef<Path>>(path: P) -> io::Result<$result> {
            let path = path.as_ref().to_owned();
            blocking_io(move || std::fs::$name(path))
        }
    )*};
}

/// Functions of std's name, with two paths.
macro_rules! with_two_paths {
    ($($name:ident -> $result:ty, $what:literal;)*) => {$(
        #[doc = concat!($what, ", as [`std::fs::", stringify!($name), "`].")]
        ///
        /// # Errors
        /// The system's; or that the fiber is cancelled.
        pub fn $name<P: AsRef<Path>, Q: AsRef<Path>>(from: P, to: Q) -> io::Result<$result> {
            let (from, to) = (from.as_ref().to_owned(), to.as_ref().to_owned());
            blocking_io(move || std::fs::$name(from, to))
        }
    )*};
}

with_path! {
    read -> Vec<u8>, "Reads a whole file";
    read_to_string -> String, "Reads a whole file, which must be UTF-8";
    metadata -> Metadata, "What the system knows of a file, through links";
    symlink_metadata -> Metadata, "What the system knows of a file, or of the link that it is";
    canonicalize -> PathBuf, "The absolute path, with all links resolved";
    read_link -> PathBuf, "Where a link leads";
    exists -> bool, "Whether there is such a file";
    create_dir -> (), "Makes a folder";
    create_dir_all -> (), "Makes a folder, and those that it is in";
    remove_file -> (), "Removes a file";
    remove_dir -> (), "Removes an empty folder";
    remove_dir_all -> (), "Removes a folder with all that is in it";
}

with_two_paths! {
    rename -> (), "Gives a file another name, in the place of the file that has it";
    copy -> u64, "Copies a file, and gives its length";
    hard_link -> (), "Gives a file a second name";
}

/// Writes a whole file, in the place of what it was, as [`std::fs::write`].
///
/// # Errors
/// The system's; or that the fiber is cancelled.
pub fn write<P: AsRef<Path>, C: AsRef<[u8]>>(path: P, contents: C) -> io::Result<()> {
    let (path, contents) = (path.as_ref().to_owned(), contents.as_ref().to_owned());
    blocking_io(move || std::fs::write(path, contents))
}

/// Sets a file's permissions, as [`std::fs::set_permissions`].
///
/// # Errors
/// The system's; or that the fiber is cancelled.
pub fn set_permissions<P: AsRef<Path>>(path: P, permissions: Permissions) -> io::Result<()> {
    let path = path.as_ref().to_owned();
    blocking_io(move || std::fs::set_permissions(path, permissions))
}

/// Makes a symbolic link at `link` that leads to `original`, as [`std::os::unix::fs::symlink`].
///
/// # Errors
/// The system's; or that the fiber is cancelled.
pub fn symlink<P: AsRef<Path>, Q: AsRef<Path>>(original: P, link: Q) -> io::Result<()> {
    let (original, link) = (original.as_ref().to_owned(), link.as_ref().to_owned());
    blocking_io(move || std::os::unix::fs::symlink(original, link))
}
