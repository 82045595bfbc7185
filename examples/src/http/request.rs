//! A request as its handler sees it: a view into the connection's buffer, which copies nothing.

use super::head::Head;
use std::fmt;

/// Which of the two HTTP/1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Version {
    /// `HTTP/1.0`
    Http10,
    /// `HTTP/1.1`
    #[default]
    Http11,
}

/// Method, target, version and headers.
#[derive(Clone, Copy)]
pub struct Request<'c> {
    bytes: &'c [u8],
    head: &'c Head,
}

impl<'c> Request<'c> {
    pub(super) const fn new(bytes: &'c [u8], head: &'c Head) -> Self {
        Self { bytes, head }
    }

    /// `GET`, `HEAD`, `POST`: as it was sent, for methods distinguish upper and lower case.
    pub fn method(&self) -> &'c str {
        text(self.head.method.get(self.bytes)).unwrap_or("")
    }

    /// What is asked for, as it was sent: usually a path, perhaps with a query.
    pub fn target(&self) -> &'c str {
        text(self.head.target.get(self.bytes)).unwrap_or("")
    }

    /// The target up to its query.
    pub fn path(&self) -> &'c str {
        self.target().split_once('?').map_or_else(|| self.target(), |(path, _)| path)
    }

    /// What stands behind the target's first question mark.
    pub fn query(&self) -> Option<&'c str> {
        self.target().split_once('?').map(|(_, query)| query)
    }

    /// The version that the client speaks.
    pub const fn version(&self) -> Version {
        self.head.version
    }

    /// The first header of this name, in whatever case, if its value is text.
    pub fn header(&self, name: &str) -> Option<&'c str> {
        let mut headers = self.headers();
        headers.find(|(other, _)| other.eq_ignore_ascii_case(name)).and_then(|(_, value)| text(value))
    }

    /// All headers in the order in which they were sent.
    pub fn headers(&self) -> impl Iterator<Item = (&'c str, &'c [u8])> + use<'c> {
        let bytes = self.bytes;
        self.head
            .headers
            .iter()
            .map(move |(name, value)| (text(name.get(bytes)).unwrap_or(""), value.get(bytes)))
    }

    /// Bytes of the body, 0 if there is none; `None` if it comes in chunks.
    pub const fn content_length(&self) -> Option<u64> {
        if self.head.is_chunked { None } else { Some(self.head.content_length) }
    }
}

fn text(bytes: &[u8]) -> Option<&str> {
    std::str::from_utf8(bytes).ok()
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Request({} {})", self.method(), self.target())
    }
}

/// What was meant by a text in which bytes stand as `%` and two digits; `None` if it is no such text, or not UTF-8 then.
///
/// ```
/// # use examples::http::percent_decode;
/// assert_eq!(percent_decode("a%20%C3%A9").as_deref(), Some("a é"));
/// assert_eq!(percent_decode("100%"), None);
/// ```
pub fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let mut digit = || char::from(bytes.next()?).to_digit(16);
        decoded.push((digit()? * 16 + digit()?) as u8);
    }
    String::from_utf8(decoded).ok()
}
