//! Standard input: read where it may block, since its descriptor's flags belong to others too.
//!
//! Knows nothing of terminals. A wait comes in two steps, so that a fiber that is cancelled loses no bytes: a call that owns
//! nothing looks until std's own buffer holds something, and takes nothing out; then a second one, which cannot block any
//! more unless another took the bytes meanwhile, takes them. If nobody waits for the first any more, the bytes stay where
//! they are, for whoever reads next.

use sisal_park::{blocking, blocking_io};
use sisal_sync::{Mutex, MutexGuard};
use std::fmt;
use std::io::{self, BufRead, Read};

/// What was read and not yet taken: of the whole process, since there is one standard input.
struct Taken {
    bytes: Vec<u8>,
    /// Of the first that is left.
    at: usize,
}

static TAKEN: Mutex<Taken> = Mutex::new(Taken { bytes: Vec::new(), at: 0 });

/// Standard input, as [`std::io::Stdin`]: reading suspends the fiber. Made by [`stdin`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Stdin(());

/// Standard input, locked: nobody else reads meanwhile. As [`std::io::StdinLock`].
pub struct StdinLock(MutexGuard<'static, Taken>);

/// Standard input, as [`std::io::stdin`]. The fiber waits; the call is made on the blocking pool, and the descriptor's flags,
/// which other processes share, are left as they are.
///
/// Bytes are taken from std's standard input in pieces, so do not read through both.
///
/// ```no_run
/// let mut line = String::new();
/// sisal::io::stdin().read_line(&mut line)?;
/// for line in sisal::io::stdin().lines() {
///     println!("{}", line?);
/// }
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn stdin() -> Stdin {
    Stdin(())
}

impl Stdin {
    /// Waits until nobody else reads, and keeps others from it.
    pub fn lock(&self) -> StdinLock {
        StdinLock(TAKEN.lock())
    }

    /// Appends a line, with its end, to `line`; gives its length, 0 at the end of the input.
    ///
    /// # Errors
    /// The system's; [`InvalidData`](io::ErrorKind::InvalidData) if it is not UTF-8; or that the fiber is cancelled.
    pub fn read_line(&self, line: &mut String) -> io::Result<usize> {
        self.lock().read_line(line)
    }

    /// The lines that follow, without their ends.
    pub fn lines(self) -> io::Lines<StdinLock> {
        self.lock().lines()
    }
}

impl StdinLock {
    fn fill(&mut self) -> io::Result<()> {
        blocking_io(|| io::stdin().lock().fill_buf().map(|_| ()))?;
        self.0.at = 0;
        self.0.bytes = blocking(|| {
            let mut stdin = io::stdin().lock();
            let bytes = stdin.fill_buf()?.to_vec();
            stdin.consume(bytes.len());
            io::Result::Ok(bytes)
        })?;
        Ok(())
    }
}

impl BufRead for StdinLock {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.0.at == self.0.bytes.len() {
            self.fill()?;
        }
        Ok(&self.0.bytes[self.0.at..])
    }

    fn consume(&mut self, count: usize) {
        self.0.at = self.0.bytes.len().min(self.0.at + count);
    }
}

impl Read for StdinLock {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        let count = self.fill_buf()?.read(bytes)?;
        self.consume(count);
        Ok(count)
    }
}

impl Read for Stdin {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.lock().read(bytes)
    }
}

impl Read for &Stdin {
    fn read(&mut self, bytes: &mut [u8]) -> io::Result<usize> {
        self.lock().read(bytes)
    }
}

impl fmt::Debug for StdinLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StdinLock").finish_non_exhaustive()
    }
}
