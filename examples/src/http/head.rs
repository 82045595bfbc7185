//! A request's head: where its parts stand in the buffer, and how its body is framed.
//!
//! Knows nothing of streams. The parts are kept as places and not as slices, so that a connection can own them beside
//! its buffer and use their memory again.
//!
//! A head whose framing two readers could understand differently is refused, for that difference is how requests are
//! smuggled past a proxy: a length that is no number, two lengths that differ, a length beside a coding, a coding that does
//! not end in `chunked` or goes on behind it, a coding in HTTP/1.0, a line that ends in a bare line feed, no `Host` or
//! several of them.

use super::limits::{HEADERS_MAX, HEADERS_USUAL};
use super::request::Version;
use super::status::Status;
use std::mem::MaybeUninit;

/// A piece of the head: from, to. A head has at most 16 KiB.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Place(u16, u16);

const _: () = assert!(super::limits::HEAD_SIZE_MAX <= u16::MAX as usize);

impl Place {
    /// Where `part` stands in `whole`, of which it is a piece.
    fn of(part: &[u8], whole: &[u8]) -> Self {
        let from = part.as_ptr().addr() - whole.as_ptr().addr();
        let to = from + part.len();
        assert!(to <= whole.len(), "a piece of something else");
        Self(from as u16, to as u16)
    }

    /// The piece of `whole` that stands here.
    pub(super) fn get(self, whole: &[u8]) -> &[u8] {
        &whole[usize::from(self.0)..usize::from(self.1)]
    }
}

/// What a head says.
#[derive(Debug, Default)]
pub(super) struct Head {
    pub(super) method: Place,
    pub(super) target: Place,
    pub(super) version: Version,
    /// Name and value.
    pub(super) headers: Vec<(Place, Place)>,
    /// Bytes of the body; 0 if it is chunked.
    pub(super) content_length: u64,
    pub(super) is_chunked: bool,
    pub(super) keep_alive: bool,
    /// The client waits for a word before it sends the body.
    pub(super) expects_continue: bool,
}

/// What came of looking at some bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Parsed {
    /// A head of so many bytes.
    Whole(usize),
    /// The beginning of one.
    Part,
    /// Nothing that could be answered otherwise.
    Refused(Status),
}

impl Head {
    /// Looks for a head at the beginning of `bytes`.
    pub(super) fn parse(&mut self, bytes: &[u8]) -> Parsed {
        match self.parse_with::<HEADERS_USUAL>(bytes) {
            Err(httparse::Error::TooManyHeaders) => self.parse_slow(bytes),
            parsed => Self::refuse(parsed),
        }
    }

    /// For heads with unusually many headers.
    #[cold]
    #[inline(never)]
    fn parse_slow(&mut self, bytes: &[u8]) -> Parsed {
        Self::refuse(self.parse_with::<HEADERS_MAX>(bytes))
    }

    fn refuse(parsed: httparse::Result<Parsed>) -> Parsed {
        match parsed {
            Ok(httparse::Status::Complete(parsed)) => parsed,
            Ok(httparse::Status::Partial) => Parsed::Part,
            Err(httparse::Error::TooManyHeaders) => Parsed::Refused(Status::HEADERS_TOO_LARGE),
            Err(httparse::Error::Version) => Parsed::Refused(Status::VERSION_NOT_SUPPORTED),
            Err(_) => Parsed::Refused(Status::BAD_REQUEST),
        }
    }

    #[inline(never)]
    fn parse_with<const N: usize>(&mut self, bytes: &[u8]) -> httparse::Result<Parsed> {
        let mut headers = [const { MaybeUninit::uninit() }; N];
        let mut request = httparse::Request::new(&mut []);
        let size = match request.parse_with_uninit_headers(bytes, &mut headers)? {
            httparse::Status::Complete(size) => size,
            httparse::Status::Partial => return Ok(httparse::Status::Partial),
        };
        if has_bare_line_feed(&bytes[..size]) {
            return Ok(httparse::Status::Complete(Parsed::Refused(Status::BAD_REQUEST)));
        }
        self.method = Place::of(request.method.unwrap_or_default().as_bytes(), bytes);
        self.target = Place::of(request.path.unwrap_or_default().as_bytes(), bytes);
        self.version = if request.version == Some(0) { Version::Http10 } else { Version::Http11 };
        self.headers.clear();
        let mut framing = Framing::default();
        for header in request.headers.iter() {
            self.headers.push((Place::of(header.name.as_bytes(), bytes), Place::of(header.value, bytes)));
            framing.see(header.name, header.value);
        }
        let parsed = match self.frame(&framing) {
            Ok(()) => Parsed::Whole(size),
            Err(status) => Parsed::Refused(status),
        };
        Ok(httparse::Status::Complete(parsed))
    }

    /// Takes over what the headers said together.
    fn frame(&mut self, framing: &Framing) -> Result<(), Status> {
        let is_old = self.version == Version::Http10;
        if framing.is_bad || framing.hosts > 1 || (framing.hosts == 0 && !is_old) {
            return Err(Status::BAD_REQUEST);
        }
        if framing.codings > 0 {
            if framing.length.is_some() || is_old || !framing.is_chunked {
                return Err(Status::BAD_REQUEST);
            }
            if framing.codings > 1 {
                return Err(Status::NOT_IMPLEMENTED);
            }
        }
        if framing.expects_else {
            return Err(Status::EXPECTATION_FAILED);
        }
        self.is_chunked = framing.is_chunked;
        self.content_length = framing.length.unwrap_or(0);
        self.keep_alive = !framing.close && (!is_old || framing.keep_alive);
        self.expects_continue = framing.expects_continue && !is_old;
        Ok(())
    }
}

/// What the headers say about where the request ends and whether another may follow.
#[derive(Debug, Default)]
struct Framing {
    hosts: u32,
    length: Option<u64>,
    codings: u32,
    /// The last coding is `chunked`.
    is_chunked: bool,
    is_bad: bool,
    close: bool,
    keep_alive: bool,
    expects_continue: bool,
    expects_else: bool,
}

impl Framing {
    fn see(&mut self, name: &str, value: &[u8]) {
        // Most headers are none of these, and their length says so.
        match name.len() {
            4 if name.eq_ignore_ascii_case("host") => self.hosts += 1,
            6 if name.eq_ignore_ascii_case("expect") => {
                let is_known = value.eq_ignore_ascii_case(b"100-continue");
                self.expects_continue |= is_known;
                self.expects_else |= !is_known;
            }
            10 if name.eq_ignore_ascii_case("connection") => self.see_connection(value),
            14 if name.eq_ignore_ascii_case("content-length") => self.see_length(value),
            17 if name.eq_ignore_ascii_case("transfer-encoding") => self.see_codings(value),
            _ => {}
        }
    }

    fn see_connection(&mut self, value: &[u8]) {
        for word in value.split(|byte| *byte == b',') {
            let word = word.trim_ascii();
            self.close |= word.eq_ignore_ascii_case(b"close");
            self.keep_alive |= word.eq_ignore_ascii_case(b"keep-alive");
        }
    }

    /// Codings are applied in order, over all headers of the name.
    fn see_codings(&mut self, value: &[u8]) {
        for word in value.split(|byte| *byte == b',') {
            // Blanks only: to trim more than others do is to read another coding.
            let is_blank = |byte: &u8| matches!(byte, b' ' | b'\t');
            let start = word.iter().position(|byte| !is_blank(byte)).unwrap_or(word.len());
            let end = word.iter().rposition(|byte| !is_blank(byte)).map_or(start, |last| last + 1);
            // Nothing may stand behind `chunked`, not even another `chunked`.
            self.is_bad |= self.is_chunked || start == end;
            self.is_chunked = word[start..end].eq_ignore_ascii_case(b"chunked");
            self.codings += 1;
        }
    }

    fn see_length(&mut self, value: &[u8]) {
        let length = number(value);
        // The same length twice is harmless, and some proxies do it.
        let differs = self.length.is_some() && self.length != length;
        self.is_bad |= length.is_none() || differs;
        self.length = length;
    }
}

/// Some take a bare line feed for a line's end and some do not.
fn has_bare_line_feed(head: &[u8]) -> bool {
    // Without a branch in it, so that it goes over many bytes at once.
    let bare = |pair: &[u8]| u32::from((pair[1] == b'\n') & (pair[0] != b'\r'));
    head.first() == Some(&b'\n') || head.windows(2).map(bare).sum::<u32>() > 0
}

/// Digits and nothing else: no sign, no blank, no list.
fn number(digits: &[u8]) -> Option<u64> {
    if digits.is_empty() {
        return None;
    }
    digits.iter().try_fold(0_u64, |number, byte| {
        let digit = byte.is_ascii_digit().then(|| u64::from(byte - b'0'))?;
        number.checked_mul(10)?.checked_add(digit)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers() {
        assert_eq!(number(b"0"), Some(0));
        assert_eq!(number(b"18446744073709551615"), Some(u64::MAX));
        for bad in ["", "+1", "-1", "1 ", "1,1", "0x1", "18446744073709551616", "9999999999999999999999"] {
            assert_eq!(number(bad.as_bytes()), None, "{bad}");
        }
    }
}
