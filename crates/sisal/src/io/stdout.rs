//! Standard output and standard error: written where it may block, since their descriptors' flags belong to others too.
//!
//! Knows nothing of terminals. A write that has begun is waited for to its end, also by a fiber that is cancelled: it may
//! have something to say about that.

use sisal_park::blocking;
use sisal_sync::{Mutex, MutexGuard};
use std::fmt::{self, Write as _};
use std::io::{self, Write};

/// One of the two: its handle, its lock, and the function that gives it.
macro_rules! output {
    ($name:ident, $lock:ident, $static:ident, $function:ident, $what:literal) => {
        static $static: Mutex<()> = Mutex::new(());

        #[doc = concat!($what, ", as [`std::io::", stringify!($name), "`]: writing suspends the fiber.")]
        #[doc = concat!("Made by [`", stringify!($function), "`].")]
        #[derive(Clone, Copy, Debug, Default)]
        pub struct $name(());

        #[doc = concat!($what, ", locked: nobody else writes through sisal meanwhile.")]
        pub struct $lock(#[expect(dead_code, reason = "held, not read")] MutexGuard<'static, ()>);

        #[doc = concat!($what, ", as [`std::io::", stringify!($function), "`]. The fiber waits; the call is made on the")]
        /// blocking pool, and the descriptor's flags, which other processes share, are left as they are. What one `write!`
        /// formats is written at once. (`println!` and its kind block the OS thread if whoever reads is slow.)
        ///
        /// ```
        /// use std::io::Write;
        #[doc = concat!("writeln!(sisal::io::", stringify!($function), "(), \"hello\")?;")]
        /// # Ok::<(), std::io::Error>(())
        /// ```
        pub fn $function() -> $name {
            $name(())
        }

        impl $name {
            /// Waits until nobody else writes through sisal, and keeps others from it.
            pub fn lock(&self) -> $lock {
                $lock($static.lock())
            }
        }

        impl Write for $lock {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                blocking(|| io::$function().write(bytes))
            }

            fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
                blocking(|| io::$function().write_all(bytes))
            }

            fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) -> io::Result<()> {
                self.write_all(&formatted(arguments)?)
            }

            fn flush(&mut self) -> io::Result<()> {
                blocking(|| io::$function().flush())
            }
        }

        impl Write for &$name {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.lock().write(bytes)
            }

            fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
                self.lock().write_all(bytes)
            }

            fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) -> io::Result<()> {
                // Formatted before it is locked: a user's `Display` may write too.
                self.write_all(&formatted(arguments)?)
            }

            fn flush(&mut self) -> io::Result<()> {
                self.lock().flush()
            }
        }

        impl Write for $name {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                (&*self).write(bytes)
            }

            fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
                (&*self).write_all(bytes)
            }

            fn write_fmt(&mut self, arguments: fmt::Arguments<'_>) -> io::Result<()> {
                (&*self).write_fmt(arguments)
            }

            fn flush(&mut self) -> io::Result<()> {
                (&*self).flush()
            }
        }

        impl fmt::Debug for $lock {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_struct(stringify!($lock)).finish_non_exhaustive()
            }
        }
    };
}

output!(Stdout, StdoutLock, STDOUT, stdout, "Standard output");
output!(Stderr, StderrLock, STDERR, stderr, "Standard error");

/// All of it, so that it is one way to the pool.
fn formatted(arguments: fmt::Arguments<'_>) -> io::Result<Vec<u8>> {
    let mut text = String::new();
    text.write_fmt(arguments)
        .map_err(|_| io::Error::other("a formatting trait implementation returned an error"))?;
    Ok(text.into_bytes())
}
