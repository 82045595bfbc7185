//! Addresses of Unix sockets, between std's type and the system's.
//!
//! Knows nothing of sockets. std's type cannot be made from the system's by others, but from its parts: a path, a name in
//! Linux's abstract namespace, or nothing.

use crate::UnixSocketAddr;
use socket2::SockAddr;
use std::io;
use std::path::Path;

#[cfg(target_os = "android")]
use std::os::android::net::SocketAddrExt;
#[cfg(target_os = "linux")]
use std::os::linux::net::SocketAddrExt;

/// std's address from the system's.
pub(crate) fn to_std(address: &SockAddr) -> io::Result<UnixSocketAddr> {
    if let Some(path) = address.as_pathname() {
        return UnixSocketAddr::from_pathname(path);
    }
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Some(name) = address.as_abstract_namespace() {
        return UnixSocketAddr::from_abstract_name(name);
    }
    UnixSocketAddr::from_pathname("")
}

/// The system's address from std's.
pub(crate) fn from_std(address: &UnixSocketAddr) -> io::Result<SockAddr> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    if let Some(name) = address.as_abstract_name() {
        use std::os::unix::ffi::OsStrExt;
        // An abstract name is what follows a zero byte.
        let name = [b"\0", name].concat();
        return SockAddr::unix(std::ffi::OsStr::from_bytes(&name));
    }
    SockAddr::unix(address.as_pathname().unwrap_or(Path::new("")))
}

/// The system's address of a path, which like std's must not hold a zero byte.
pub(crate) fn of_path(path: &Path) -> io::Result<SockAddr> {
    UnixSocketAddr::from_pathname(path).and_then(|address| from_std(&address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let path = UnixSocketAddr::from_pathname("/tmp/x").unwrap();
        let back = to_std(&from_std(&path).unwrap()).unwrap();
        assert_eq!(back.as_pathname(), path.as_pathname());
        let unnamed = UnixSocketAddr::from_pathname("").unwrap();
        assert!(to_std(&from_std(&unnamed).unwrap()).unwrap().is_unnamed());
        assert!(of_path(Path::new("a\0b")).is_err());
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn an_abstract_name_there_and_back() {
        let name = UnixSocketAddr::from_abstract_name(b"sisal\0x").unwrap();
        let back = to_std(&from_std(&name).unwrap()).unwrap();
        assert_eq!(back.as_abstract_name(), Some(&b"sisal\0x"[..]));
    }
}
