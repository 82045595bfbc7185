//! The chunked coding, taken apart as it comes. Knows nothing of streams.
//!
//! ```text
//! body    = *( chunk ) "0" [ext] CRLF *( trailer CRLF ) CRLF
//! chunk   = size [ext] CRLF  data CRLF          size: hexadecimal digits, at least one
//! ```
//!
//! | state | the next byte is | and then |
//! |---|---|---|
//! | `Size` | a digit, or ends the digits | `Size`, `Extension`, `SizeLf` |
//! | `Extension` | passed over | `Extension`, `SizeLf` |
//! | `SizeLf` | a line feed | `Data`, or `TrailerStart` after the chunk of size 0 |
//! | `Data` | the user's | `Data`, `DataCr` |
//! | `DataCr`, `DataLf` | the line break behind the data | `DataLf`, `Size` |
//! | `TrailerStart` | the first of a trailer's line, or of the last line break | `Trailer`, `EndLf` |
//! | `Trailer`, `TrailerLf` | passed over, or its line break | `Trailer`, `TrailerLf`, `TrailerStart` |
//! | `EndLf` | the very last | `Done` |
//!
//! Line breaks are a carriage return and a line feed and nothing else: a reader that takes less for one sees other chunks
//! than a proxy that does not.

use super::limits::{CHUNK_LINE_SIZE_MAX, TRAILERS_SIZE_MAX};

/// How far a chunked body has come.
#[derive(Clone, Debug)]
pub(super) struct Chunks {
    state: State,
    /// While the size is read, what it is so far; then the bytes of data that are left.
    left: u64,
    /// Bytes of the line, or of all trailers.
    line_size: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Size,
    Extension,
    SizeLf,
    Data,
    DataCr,
    DataLf,
    TrailerStart,
    Trailer,
    TrailerLf,
    EndLf,
    Done,
}

/// No chunked body looks like that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl Chunks {
    pub(super) const fn new() -> Self {
        Self { state: State::Size, left: 0, line_size: 0 }
    }

    /// Whether the body has ended.
    pub(super) fn is_done(&self) -> bool {
        self.state == State::Done
    }

    /// How many bytes of data come next.
    pub(super) fn data_left(&self) -> u64 {
        if self.state == State::Data { self.left } else { 0 }
    }

    /// So many bytes of the data have been taken.
    pub(super) fn take_data(&mut self, count: u64) {
        assert!(self.state == State::Data && count <= self.left, "more data than the chunk has");
        self.left -= count;
        if self.left == 0 {
            self.state = State::DataCr;
        }
    }

    /// Uses what stands between data, from the beginning of `bytes` up to the next data or the body's end; gives the
    /// number of bytes used.
    pub(super) fn advance(&mut self, bytes: &[u8]) -> Result<usize, Malformed> {
        let mut used = 0;
        for byte in bytes {
            if matches!(self.state, State::Data | State::Done) {
                break;
            }
            self.step(*byte)?;
            used += 1;
        }
        Ok(used)
    }

    fn step(&mut self, byte: u8) -> Result<(), Malformed> {
        self.line_size += 1;
        self.state = match (self.state, byte) {
            (State::Size, b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') => {
                let digit = char::from(byte).to_digit(16).map_or(0, u64::from);
                self.left =
                    self.left.checked_mul(16).and_then(|size| size.checked_add(digit)).ok_or(Malformed)?;
                State::Size
            }
            // A size without digits is none.
            (State::Size, _) if self.line_size == 1 => return Err(Malformed),
            (State::Size, b';' | b' ' | b'\t') => State::Extension,
            (State::Size | State::Extension, b'\r') => State::SizeLf,
            (State::Extension | State::Trailer | State::TrailerStart, b' '..=b'~' | b'\t' | 0x80..) => {
                if self.state == State::Extension { State::Extension } else { State::Trailer }
            }
            (State::SizeLf, b'\n') => {
                self.line_size = 0;
                if self.left > 0 { State::Data } else { State::TrailerStart }
            }
            (State::DataCr, b'\r') => State::DataLf,
            (State::DataLf, b'\n') => {
                self.line_size = 0;
                State::Size
            }
            (State::TrailerStart, b'\r') => State::EndLf,
            (State::Trailer, b'\r') => State::TrailerLf,
            (State::TrailerLf, b'\n') => State::TrailerStart,
            (State::EndLf, b'\n') => State::Done,
            _ => return Err(Malformed),
        };
        let bound = match self.state {
            State::Size | State::Extension | State::SizeLf => CHUNK_LINE_SIZE_MAX,
            _ => TRAILERS_SIZE_MAX,
        };
        if self.line_size > bound { Err(Malformed) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data of a body that comes in pieces of `step` bytes, and what is left behind it.
    fn decode(body: &[u8], step: usize) -> Result<(Vec<u8>, Vec<u8>), Malformed> {
        let mut chunks = Chunks::new();
        let mut data = Vec::new();
        let mut rest = Vec::new();
        for mut piece in body.chunks(step) {
            while !piece.is_empty() {
                if chunks.is_done() {
                    rest.extend_from_slice(piece);
                    break;
                }
                let used = chunks.advance(piece)?;
                piece = &piece[used..];
                let count = piece.len().min(chunks.data_left() as usize);
                if count > 0 {
                    chunks.take_data(count as u64);
                }
                data.extend_from_slice(&piece[..if chunks.is_done() { 0 } else { count }]);
                piece = &piece[count..];
            }
        }
        assert!(chunks.is_done(), "{chunks:?}");
        Ok((data, rest))
    }

    #[test]
    fn in_pieces_of_every_size() {
        let body =
            b"5\r\nhello\r\n6;x=\"y\"\r\n world\r\n00C \r\n, and so on.\r\n0\r\nX: y\r\nZ: a\r\n\r\nGET";
        for step in 1..=body.len() {
            let (data, rest) = decode(body, step).unwrap();
            assert_eq!((&*data, &*rest), (&b"hello world, and so on."[..], &b"GET"[..]), "{step}");
        }
        assert_eq!(decode(b"0\r\n\r\n", 1).unwrap(), (Vec::new(), Vec::new()));
    }

    #[test]
    fn what_is_none() {
        for body in [
            "\r\n",
            ";x\r\n",
            " 5\r\nhello",
            "-5\r\nhello",
            "+5\r\nhello",
            "0x5\r\nhello",
            "5\nhello",
            "5\rhello",
            "5\r\r\nhello",
            "5;a\nhello",
            "5;\u{0}\r\nhello",
            "5\r\nhelloX",
            "5\r\nhello\n",
            "5\r\nhello\r\r",
            "5\r\nhello0\r\n\r\n",
            "0\r\n\n",
            "0\n\r\n",
            "0\r\nX: y\n\r\n",
            "0\r\nX: y\r\r\n",
            "0\r\n\r\r",
            "10000000000000000\r\n",
            "ffffffffffffffffffff\r\n",
            "zz\r\n",
        ] {
            assert_eq!(decode(body.as_bytes(), 1), Err(Malformed), "{body:?}");
        }
    }

    #[test]
    fn bounds() {
        let long = |size: usize| format!("5;{}\r\nhello\r\n0\r\n\r\n", "x".repeat(size));
        assert!(decode(long(CHUNK_LINE_SIZE_MAX - 4).as_bytes(), 7).is_ok());
        assert_eq!(decode(long(CHUNK_LINE_SIZE_MAX - 2).as_bytes(), 7), Err(Malformed));
        let trailers = format!("0\r\n{}\r\n", "X: y\r\n".repeat(TRAILERS_SIZE_MAX / 6 + 1));
        assert_eq!(decode(trailers.as_bytes(), 7), Err(Malformed));
        let zeros = format!("{}5\r\nhello\r\n", "0".repeat(CHUNK_LINE_SIZE_MAX));
        assert_eq!(decode(zeros.as_bytes(), 7), Err(Malformed));
    }
}
