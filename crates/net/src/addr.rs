//! Names of hosts become addresses, without blocking a worker.
//!
//! Knows nothing of sockets. The trait has the shape of std's, and the types that std gives it to; only the lookup of a
//! name, which can take seconds, goes to where it may block. (It is not std's trait itself, since whoever is generic over
//! that cannot tell a name from an address, nor send it elsewhere.)

use crate::sim;
use std::io;
use std::iter;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6};
use std::{option, slice, vec};

/// What can be turned into addresses, as [`std::net::ToSocketAddrs`].
///
/// The lookup of a name suspends the fiber and keeps its worker free. Literal addresses are not looked up.
///
/// ```
/// use sisal_net::ToSocketAddrs;
/// # fn main() -> std::io::Result<()> {
/// let mut addresses = "127.0.0.1:80".to_socket_addrs()?;
/// assert_eq!(addresses.next(), Some(([127, 0, 0, 1], 80).into()));
/// assert!(("::1", 80).to_socket_addrs()?.all(|address| address.is_ipv6()));
/// # Ok(()) }
/// ```
pub trait ToSocketAddrs {
    /// The addresses, best first.
    type Iter: Iterator<Item = SocketAddr>;

    /// The addresses.
    ///
    /// # Errors
    /// If the text is no address, or nobody knows the name.
    fn to_socket_addrs(&self) -> io::Result<Self::Iter>;
}

macro_rules! one_address {
    ($($type:ty),*) => {$(
        impl ToSocketAddrs for $type {
            type Iter = option::IntoIter<SocketAddr>;
            fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
                Ok(Some(SocketAddr::from(*self)).into_iter())
            }
        }
    )*};
}

one_address!(SocketAddr, SocketAddrV4, SocketAddrV6, (IpAddr, u16), (Ipv4Addr, u16), (Ipv6Addr, u16));

impl<'a> ToSocketAddrs for &'a [SocketAddr] {
    type Iter = iter::Cloned<slice::Iter<'a, SocketAddr>>;
    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        Ok(self.iter().cloned())
    }
}

impl<T: ToSocketAddrs + ?Sized> ToSocketAddrs for &T {
    type Iter = T::Iter;
    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        (**self).to_socket_addrs()
    }
}

impl ToSocketAddrs for str {
    type Iter = vec::IntoIter<SocketAddr>;
    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        match self.parse::<SocketAddr>() {
            Ok(address) => Ok(vec![address].into_iter()),
            Err(_) => {
                if let Some(answer) = sim::resolve(self) {
                    return answer.map(Vec::into_iter);
                }
                let name = self.to_owned();
                sisal_park::blocking_io(move || std::net::ToSocketAddrs::to_socket_addrs(&name))
            }
        }
    }
}

impl ToSocketAddrs for String {
    type Iter = vec::IntoIter<SocketAddr>;
    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        self.as_str().to_socket_addrs()
    }
}

impl ToSocketAddrs for (&str, u16) {
    type Iter = vec::IntoIter<SocketAddr>;
    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        match self.0.parse::<IpAddr>() {
            Ok(ip) => Ok(vec![SocketAddr::new(ip, self.1)].into_iter()),
            Err(_) => {
                if let Some(answer) = sim::resolve_at(self.0, self.1) {
                    return answer.map(Vec::into_iter);
                }
                let name = (self.0.to_owned(), self.1);
                sisal_park::blocking_io(move || std::net::ToSocketAddrs::to_socket_addrs(&name))
            }
        }
    }
}

impl ToSocketAddrs for (String, u16) {
    type Iter = vec::IntoIter<SocketAddr>;
    fn to_socket_addrs(&self) -> io::Result<Self::Iter> {
        (self.0.as_str(), self.1).to_socket_addrs()
    }
}

/// Calls `f` with one address after another until it succeeds; gives the last error.
pub(crate) fn each<T>(
    addresses: impl ToSocketAddrs,
    mut f: impl FnMut(SocketAddr) -> io::Result<T>,
) -> io::Result<T> {
    let mut last = None;
    for address in addresses.to_socket_addrs()? {
        match f(address) {
            Ok(value) => return Ok(value),
            Err(error) => last = Some(error),
        }
    }
    Err(last.unwrap_or_else(no_addresses))
}

/// The address of an Internet socket.
pub(crate) fn of_ip(address: &socket2::SockAddr) -> io::Result<SocketAddr> {
    address.as_socket().ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// What std says if there are no addresses at all.
pub(crate) fn no_addresses() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidInput, "could not resolve to any addresses")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(addresses: impl ToSocketAddrs) -> io::Result<Vec<SocketAddr>> {
        addresses.to_socket_addrs().map(Iterator::collect)
    }

    #[test]
    fn the_same_answers_as_std() {
        let expected: SocketAddr = "127.0.0.1:80".parse().unwrap();
        assert_eq!(all("127.0.0.1:80").unwrap(), [expected]);
        assert_eq!(all(("127.0.0.1", 80)).unwrap(), [expected]);
        assert_eq!(all((String::from("127.0.0.1"), 80)).unwrap(), [expected]);
        assert_eq!(all((Ipv4Addr::LOCALHOST, 80)).unwrap(), [expected]);
        assert_eq!(all(&[expected, expected][..]).unwrap(), [expected; 2]);
        assert_eq!(all("[::1]:80").unwrap(), [(Ipv6Addr::LOCALHOST, 80).into()]);
        assert!(all("localhost:80").unwrap().iter().all(|address| address.ip().is_loopback()));
        for wrong in ["127.0.0.1", "127.0.0.1:x", ""] {
            let theirs = std::net::ToSocketAddrs::to_socket_addrs(wrong).unwrap_err();
            assert_eq!(all(wrong).unwrap_err().to_string(), theirs.to_string());
        }
    }

    #[test]
    fn the_last_error_counts() {
        let addresses = [SocketAddr::from(([1, 1, 1, 1], 1)), SocketAddr::from(([2, 2, 2, 2], 2))];
        let result: io::Result<()> =
            each(&addresses[..], |address| Err(io::Error::other(address.to_string())));
        assert_eq!(result.unwrap_err().to_string(), "2.2.2.2:2");
        assert_eq!(each(addresses[0], |address| Ok(address.port())).unwrap(), 1);
        let result: io::Result<()> = each(&addresses[..0], |_| Ok(()));
        assert_eq!(result.unwrap_err().kind(), io::ErrorKind::InvalidInput);
    }
}
