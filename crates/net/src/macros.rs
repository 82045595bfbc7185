//! What the six sockets and the two ends of a pipe have in common and must each say themselves: traits, and methods that pass on.
//!
//! Knows nothing of protocols. Each macro is a list of one-line methods over `socket::Socket`; `$make` is the line of an
//! example that makes a `socket`.

/// The traits of descriptors, and the methods of every one that waits. `$inner` is what owns the descriptor.
macro_rules! descriptor {
    ($name:ident, $inner:ty, $make:literal) => {
        impl $name {
            /// A handle to the same. Handles share settings and the position in the stream, as in std; here they
            /// share the descriptor too, so this cannot fail, and [`as_raw_fd`](std::os::fd::AsRawFd::as_raw_fd) gives the
            /// same number. The descriptor closes with the last handle.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $make]
            /// let other = socket.try_clone()?;
            /// drop(socket);
            /// let number = std::os::fd::AsRawFd::as_raw_fd(&other);
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            /// None. The result is std's.
            pub fn try_clone(&self) -> std::io::Result<Self> {
                Ok(Self { socket: self.socket.clone() })
            }

            /// Whether operations that cannot proceed fail with [`WouldBlock`](std::io::ErrorKind::WouldBlock), instead of
            /// waiting. For all handles, from their next operation on.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $make]
            /// socket.set_nonblocking(true)?;
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            /// None. The result is std's.
            pub fn set_nonblocking(&self, nonblocking: bool) -> std::io::Result<()> {
                self.socket.set_nonblocking(nonblocking);
                Ok(())
            }
        }

        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                self.socket.backing().fmt(f)
            }
        }

        impl std::os::fd::AsFd for $name {
            fn as_fd(&self) -> std::os::fd::BorrowedFd<'_> {
                self.socket.as_fd()
            }
        }

        impl std::os::fd::AsRawFd for $name {
            fn as_raw_fd(&self) -> std::os::fd::RawFd {
                std::os::fd::AsRawFd::as_raw_fd(&self.socket.backing().fd())
            }
        }

        impl std::os::fd::IntoRawFd for $name {
            /// In blocking mode again; see the conversion to [`OwnedFd`](std::os::fd::OwnedFd).
            fn into_raw_fd(self) -> std::os::fd::RawFd {
                std::os::fd::IntoRawFd::into_raw_fd(self.socket.into_std())
            }
        }

        impl std::os::fd::FromRawFd for $name {
            /// Turns it non-blocking underneath.
            unsafe fn from_raw_fd(fd: std::os::fd::RawFd) -> Self {
                // SAFETY: the caller's promise.
                Self::from(unsafe { <std::os::fd::OwnedFd as std::os::fd::FromRawFd>::from_raw_fd(fd) })
            }
        }

        impl From<std::os::fd::OwnedFd> for $name {
            /// Turns it non-blocking underneath. Operations wait, also if it was non-blocking before.
            fn from(fd: std::os::fd::OwnedFd) -> Self {
                Self { socket: $crate::socket::Socket::adopt(<$inner>::from(fd)) }
            }
        }

        impl From<$name> for std::os::fd::OwnedFd {
            /// In blocking mode again, unless `set_nonblocking(true)` was called. Other handles then share it through a
            /// copy of the descriptor; without a descriptor left for that, this panics.
            fn from(socket: $name) -> Self {
                socket.socket.into_std().into()
            }
        }
    };
}

/// A [`descriptor!`] that is a socket: what all sockets have, and the conversions from and to std's type.
macro_rules! socket {
    ($name:ident, $std:ty, $make:literal) => {
        descriptor!($name, $std, $make);

        impl $crate::socket::StdSocket for $std {
            fn set_nonblocking(&self, nonblocking: bool) -> std::io::Result<()> {
                self.set_nonblocking(nonblocking)
            }
        }

        impl $name {
            /// The error that the system has noted for the socket, which is then forgotten (`SO_ERROR`).
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $make]
            /// assert!(socket.take_error()?.is_none());
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            /// The system's.
            pub fn take_error(&self) -> std::io::Result<Option<std::io::Error>> {
                self.socket.backing().take_error()
            }

            /// That it can be read from without waiting: data, a connection to accept, an end or an error; to be waited for, also as an
            /// arm of `select!`: `recv(socket.readable()) -> result => ..`. A hint: another reader may be faster.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $make]
            /// assert!(!socket.readable().is_ready()?);
            /// # Ok(()) }
            /// ```
            pub fn readable(&self) -> sisal_reactor::Readiness<'_> {
                self.socket.readiness(sisal_reactor::Interest::Readable)
            }

            /// That it can be written to without waiting: room, an end or an error; as [`readable`](Self::readable).
            pub fn writable(&self) -> sisal_reactor::Readiness<'_> {
                self.socket.readiness(sisal_reactor::Interest::Writable)
            }
        }

        impl From<$std> for $name {
            /// Turns it non-blocking underneath, and keeps its timeouts. Operations wait, also if it was non-blocking before.
            fn from(socket: $std) -> Self {
                Self { socket: $crate::socket::Socket::adopt(socket) }
            }
        }

        impl From<$name> for $std {
            /// In blocking mode again, unless `set_nonblocking(true)` was called. Other handles then share the socket through a
            /// copy of the descriptor; without a descriptor left for that, this panics.
            fn from(socket: $name) -> Self {
                socket.socket.into_std()
            }
        }
    };
}

/// Timeouts, for whatever sends and receives.
macro_rules! timeouts {
    ($name:ident, $make:literal) => {
        impl $name {
            /// How long a read may wait; `None`, as in the beginning, for ever. A read that takes longer fails with
            /// [`WouldBlock`](std::io::ErrorKind::WouldBlock), as std's on Unix. For all handles, and also for a fiber that
            /// waits already (a thread outside any runtime learns of it with its next read).
            ///
            /// ```
            /// # use std::time::Duration;
            /// # fn main() -> std::io::Result<()> {
            #[doc = $make]
            /// socket.set_read_timeout(Some(Duration::from_millis(100)))?;
            /// assert_eq!(socket.read_timeout()?, Some(Duration::from_millis(100)));
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            /// [`InvalidInput`](std::io::ErrorKind::InvalidInput) for a timeout of zero.
            pub fn set_read_timeout(&self, timeout: Option<std::time::Duration>) -> std::io::Result<()> {
                self.socket.set_timeout(sisal_reactor::Interest::Readable, timeout)
            }

            /// How long a write may wait; see [`set_read_timeout`](Self::set_read_timeout).
            ///
            /// ```
            /// # use std::time::Duration;
            /// # fn main() -> std::io::Result<()> {
            #[doc = $make]
            /// assert!(socket.set_write_timeout(Some(Duration::ZERO)).is_err());
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            /// [`InvalidInput`](std::io::ErrorKind::InvalidInput) for a timeout of zero.
            pub fn set_write_timeout(&self, timeout: Option<std::time::Duration>) -> std::io::Result<()> {
                self.socket.set_timeout(sisal_reactor::Interest::Writable, timeout)
            }

            /// How long a read may wait.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $make]
            /// assert_eq!(socket.read_timeout()?, None);
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            /// None. The result is std's.
            pub fn read_timeout(&self) -> std::io::Result<Option<std::time::Duration>> {
                Ok(self.socket.timeout(sisal_reactor::Interest::Readable))
            }

            /// How long a write may wait.
            ///
            /// ```
            /// # fn main() -> std::io::Result<()> {
            #[doc = $make]
            /// assert_eq!(socket.write_timeout()?, None);
            /// # Ok(()) }
            /// ```
            ///
            /// # Errors
            /// None. The result is std's.
            pub fn write_timeout(&self) -> std::io::Result<Option<std::time::Duration>> {
                Ok(self.socket.timeout(sisal_reactor::Interest::Writable))
            }
        }
    };
}

/// `Read` and `Write`, for the socket and for `&` of it. `$drains` says whether a short read has left nothing.
macro_rules! stream {
    ($name:ident, drains: $drains:literal) => {
        impl std::io::Read for &$name {
            fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
                let wanted = bytes.len();
                self.socket.run_with(
                    sisal_reactor::Interest::Readable,
                    $crate::socket::Limits::default(),
                    |count| $drains && (1..wanted).contains(count),
                    |socket| socket.recv(bytes, 0),
                )
            }

            fn read_vectored(&mut self, slices: &mut [std::io::IoSliceMut<'_>]) -> std::io::Result<usize> {
                self.socket.run(sisal_reactor::Interest::Readable, |socket| socket.recv_vectored(slices))
            }
        }

        impl std::io::Write for &$name {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                self.socket.run(sisal_reactor::Interest::Writable, |socket| socket.send(bytes))
            }

            fn write_vectored(&mut self, slices: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
                self.socket.run(sisal_reactor::Interest::Writable, |socket| socket.send_vectored(slices))
            }

            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }

        impl std::io::Read for $name {
            fn read(&mut self, bytes: &mut [u8]) -> std::io::Result<usize> {
                (&*self).read(bytes)
            }

            fn read_vectored(&mut self, slices: &mut [std::io::IoSliceMut<'_>]) -> std::io::Result<usize> {
                (&*self).read_vectored(slices)
            }
        }

        impl std::io::Write for $name {
            fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
                (&*self).write(bytes)
            }

            fn write_vectored(&mut self, slices: &[std::io::IoSlice<'_>]) -> std::io::Result<usize> {
                (&*self).write_vectored(slices)
            }

            fn flush(&mut self) -> std::io::Result<()> {
                Ok(())
            }
        }
    };
}
