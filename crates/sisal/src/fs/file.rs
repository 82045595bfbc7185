//! An open file, as [`std::fs::File`].
//!
//! Knows nothing of where it is; each call on it runs on the blocking pool, and shares it with the caller.

use super::OpenOptions;
use sisal_park::blocking_io;
use std::fs::{FileTimes, Metadata, Permissions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::sync::Arc;

/// What one read or write takes at the most: it is copied, and the way to the pool is small beside that many bytes.
const BYTES_A_CALL: usize = 256 * 1024;

/// An open file, as [`std::fs::File`]: calls run on the blocking pool while the fiber waits. Clones share the descriptor, and so
/// the position. It is closed on the thread that drops the last of them.
///
/// ```
/// use sisal::fs::File;
/// use std::io::{Read, Seek, Write};
///
/// # fn main() -> std::io::Result<()> {
/// # let path = std::env::temp_dir().join(format!("sisal-doc-file-{}", std::process::id()));
/// let mut file = File::options().read(true).write(true).create(true).truncate(true).open(&path)?;
/// file.write_all(b"hello")?;
/// file.rewind()?;
/// let mut text = String::new();
/// file.read_to_string(&mut text)?;
/// assert_eq!(text, "hello");
/// # std::fs::remove_file(&path)?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct File(Arc<std::fs::File>);

impl File {
    /// Opens a file to read it.
    ///
    /// # Errors
    /// The system's; or that the fiber is cancelled. So with all that follows.
    pub fn open<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        OpenOptions::new().read(true).open(path)
    }

    /// Opens a file to write it, empty; makes it if it is not there.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn create<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        OpenOptions::new().write(true).create(true).truncate(true).open(path)
    }

    /// Makes a file that must not be there, to read and write it.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn create_new<P: AsRef<Path>>(path: P) -> io::Result<Self> {
        OpenOptions::new().read(true).write(true).create_new(true).open(path)
    }

    /// Other ways to open it.
    pub fn options() -> OpenOptions {
        OpenOptions::new()
    }

    fn call<T: Send + 'static>(
        &self,
        f: impl FnOnce(&std::fs::File) -> io::Result<T> + Send + 'static,
    ) -> io::Result<T> {
        let file = Arc::clone(&self.0);
        blocking_io(move || f(&file))
    }

    /// Returns when all of it, and what the system knows of it, is on the disk.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn sync_all(&self) -> io::Result<()> {
        self.call(std::fs::File::sync_all)
    }

    /// Returns when all of it is on the disk.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn sync_data(&self) -> io::Result<()> {
        self.call(std::fs::File::sync_data)
    }

    /// Cuts it to `size` bytes, or fills it up with zeroes.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn set_len(&self, size: u64) -> io::Result<()> {
        self.call(move |file| file.set_len(size))
    }

    /// What the system knows of it.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn metadata(&self) -> io::Result<Metadata> {
        self.call(std::fs::File::metadata)
    }

    /// Sets its permissions.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn set_permissions(&self, permissions: Permissions) -> io::Result<()> {
        self.call(move |file| file.set_permissions(permissions))
    }

    /// Sets when it was changed and looked at.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub fn set_times(&self, times: FileTimes) -> io::Result<()> {
        self.call(move |file| file.set_times(times))
    }

    /// Another handle to the same. It shares the descriptor, so this cannot fail.
    ///
    /// # Errors
    /// None. The result is std's.
    pub fn try_clone(&self) -> io::Result<Self> {
        Ok(Self(Arc::clone(&self.0)))
    }
}

/// Copies what a call has read.
fn take(bytes: &mut [u8], read: &[u8]) -> usize {
    bytes[..read.len()].copy_from_slice(read);
    read.len()
}

/// A buffer for the call, and what it has read into it.
fn read_owned(wanted: usize, read: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; wanted.min(BYTES_A_CALL)];
    let count = read(&mut bytes)?;
    bytes.truncate(count);
    Ok(bytes)
}

/// As much of `bytes` as one call takes.
fn piece(bytes: &[u8]) -> Vec<u8> {
    bytes[..bytes.len().min(BYTES_A_CALL)].to_vec()
}

impl Read for &File {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let wanted = bytes.len();
        let read = self.call(move |mut file| read_owned(wanted, |buffer| file.read(buffer)))?;
        Ok(take(bytes, &read))
    }

    fn read_to_end(&mut self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        let rest = self.call(|mut file| {
            let mut rest = Vec::new();
            file.read_to_end(&mut rest)?;
            Ok(rest)
        })?;
        bytes.extend_from_slice(&rest);
        Ok(rest.len())
    }

    fn read_to_string(&mut self, text: &mut String) -> io::Result<usize> {
        let rest = self.call(|mut file| {
            let mut rest = String::new();
            file.read_to_string(&mut rest)?;
            Ok(rest)
        })?;
        text.push_str(&rest);
        Ok(rest.len())
    }
}

impl Write for &File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let bytes = piece(bytes);
        self.call(move |mut file| file.write(&bytes))
    }

    /// Nothing is kept back.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for &File {
    /// Does not wait: only a number changes.
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        (&*self.0).seek(to)
    }
}

impl FileExt for File {
    fn read_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<usize> {
        let wanted = bytes.len();
        let read = self.call(move |file| read_owned(wanted, |buffer| file.read_at(buffer, offset)))?;
        Ok(take(bytes, &read))
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        let bytes = piece(bytes);
        self.call(move |file| file.write_at(&bytes, offset))
    }
}

impl Read for File {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        (&*self).read(bytes)
    }

    fn read_to_end(&mut self, bytes: &mut Vec<u8>) -> io::Result<usize> {
        (&*self).read_to_end(bytes)
    }

    fn read_to_string(&mut self, text: &mut String) -> io::Result<usize> {
        (&*self).read_to_string(text)
    }
}

impl Write for File {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Seek for File {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        (&*self).seek(to)
    }
}

impl From<std::fs::File> for File {
    fn from(file: std::fs::File) -> Self {
        Self(Arc::new(file))
    }
}

impl From<OwnedFd> for File {
    fn from(fd: OwnedFd) -> Self {
        std::fs::File::from(fd).into()
    }
}

impl TryFrom<File> for std::fs::File {
    type Error = io::Error;

    /// std's file. If there are other handles, or a call goes on that nobody waits for any more, it is a copy of the
    /// descriptor, for which there may be none left.
    fn try_from(file: File) -> io::Result<Self> {
        Arc::try_unwrap(file.0).or_else(|file| file.try_clone())
    }
}

impl AsFd for File {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRawFd for File {
    fn as_raw_fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}
