//! How a file is opened, as [`std::fs::OpenOptions`].
//!
//! Knows nothing of what is done with it.

use super::File;
use sisal_park::blocking_io;
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// How a file is opened, as [`std::fs::OpenOptions`]. (For Unix's own options, `use std::os::unix::fs::OpenOptionsExt`.)
///
/// ```
/// use sisal::fs::OpenOptions;
/// assert!(OpenOptions::new().read(true).open("no/such/file").is_err());
/// ```
#[derive(Clone, Debug)]
pub struct OpenOptions(std::fs::OpenOptions);

/// std's settings, passed on.
macro_rules! settings {
    ($($name:ident, $what:literal;)*) => {
        impl OpenOptions {$(
            #[doc = concat!($what, ", as [`std::fs::OpenOptions::", stringify!($name), "`].")]
            pub fn $name(&mut self, value: bool) -> &mut Self {
                self.0.$name(value);
                self
            }
        )*}
    };
}

settings! {
    read, "Whether it may be read";
    write, "Whether it may be written";
    append, "Whether each write goes to its end";
    truncate, "Whether it is emptied first";
    create, "Whether it is made if it is not there";
    create_new, "Whether it must not be there, and is made";
}

impl OpenOptions {
    /// All off.
    #[expect(clippy::new_without_default, reason = "std's has none either")]
    pub fn new() -> Self {
        Self(std::fs::OpenOptions::new())
    }

    /// Opens the file at `path`.
    ///
    /// # Errors
    /// The system's; or that the fiber is cancelled.
    pub fn open<P: AsRef<Path>>(&self, path: P) -> io::Result<File> {
        let (options, path) = (self.0.clone(), path.as_ref().to_owned());
        blocking_io(move || options.open(path)).map(File::from)
    }
}

impl OpenOptionsExt for OpenOptions {
    fn mode(&mut self, mode: u32) -> &mut Self {
        self.0.mode(mode);
        self
    }

    fn custom_flags(&mut self, flags: i32) -> &mut Self {
        self.0.custom_flags(flags);
        self
    }
}
