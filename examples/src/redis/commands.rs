//! Commands as they come: arrays of byte strings (`*2 CRLF $3 CRLF GET CRLF $1 CRLF k CRLF`), or a line of words.
//!
//! Knows nothing of what they mean. A command is looked at where it was read; only when all of it is there is it handed out.

use limits::{COMMAND_SIZE_MAX, INPUT_SIZE_MIN, LINE_SIZE_MAX, PARTS_MAX};
use std::io::{self, Read};

/// What a client may ask for.
pub mod limits {
    /// Bytes of a command.
    pub const COMMAND_SIZE_MAX: usize = 16 * 1024 * 1024;
    /// Words of a command.
    pub const PARTS_MAX: usize = 64 * 1024;
    /// Bytes of a line: a number, or a command in words.
    pub const LINE_SIZE_MAX: usize = 4 * 1024;
    /// Bytes of the buffer that a quiet connection keeps.
    pub const INPUT_SIZE_MIN: usize = 4 * 1024;
}

/// What was read, and the words of the command in hand.
#[derive(Debug)]
pub struct Commands {
    bytes: Vec<u8>,
    start: usize,
    end: usize,
    parts: Vec<(usize, usize)>,
}

/// No command looks like that.
#[derive(Debug, PartialEq, Eq)]
pub struct Malformed(pub &'static str);

impl Default for Commands {
    fn default() -> Self {
        Self { bytes: vec![0; INPUT_SIZE_MIN], start: 0, end: 0, parts: Vec::new() }
    }
}

impl Commands {
    /// Reads once; gives the number of bytes, 0 at the end.
    ///
    /// # Errors
    /// The stream's.
    pub fn fill(&mut self, stream: &mut impl Read) -> io::Result<usize> {
        if self.start == self.end {
            (self.start, self.end) = (0, 0);
            if self.bytes.len() > 16 * INPUT_SIZE_MIN {
                self.bytes = vec![0; INPUT_SIZE_MIN];
            }
        } else if self.end == self.bytes.len() {
            if self.start > 0 {
                self.bytes.copy_within(self.start..self.end, 0);
                (self.start, self.end) = (0, self.end - self.start);
            } else {
                self.bytes.resize(self.bytes.len() * 2, 0);
            }
        }
        let count = stream.read(&mut self.bytes[self.end..])?;
        self.end += count;
        // Whoever fills the buffer has more to say, and is better heard in larger pieces.
        if self.end == self.bytes.len() && self.bytes.len() < 16 * INPUT_SIZE_MIN {
            self.bytes.resize(self.bytes.len() * 2, 0);
        }
        Ok(count)
    }

    /// The words of the next command, if all of it is there. A command of no words is passed over.
    ///
    /// # Errors
    /// If what is there is no command, or too large for one. There is no way to go on.
    pub fn next_command(&mut self) -> Result<Option<Command<'_>>, Malformed> {
        loop {
            self.parts.clear();
            let unread = &self.bytes[self.start..self.end];
            let size = match unread.first() {
                None => return Ok(None),
                Some(b'*') => parse(unread, &mut self.parts)?,
                Some(_) => parse_line(unread, &mut self.parts)?,
            };
            let Some(size) = size else {
                let is_too_large = unread.len() >= COMMAND_SIZE_MAX;
                return if is_too_large { Err(Malformed("command too large")) } else { Ok(None) };
            };
            let from = self.start;
            self.start += size;
            if !self.parts.is_empty() {
                return Ok(Some(Command { bytes: &self.bytes[from..self.start], parts: &self.parts }));
            }
        }
    }
}

/// A command's words; there is at least one.
#[derive(Clone, Copy, Debug)]
pub struct Command<'c> {
    bytes: &'c [u8],
    parts: &'c [(usize, usize)],
}

impl<'c> Command<'c> {
    /// The words.
    pub fn words(&self) -> impl ExactSizeIterator<Item = &'c [u8]> + Clone + use<'c> {
        let bytes = self.bytes;
        self.parts.iter().map(move |(from, to)| &bytes[*from..*to])
    }
}

/// The size of the array at the beginning of `bytes`, if it is whole.
fn parse(bytes: &[u8], parts: &mut Vec<(usize, usize)>) -> Result<Option<usize>, Malformed> {
    let Some((count, mut at)) = number(bytes, 1)? else { return Ok(None) };
    if count > PARTS_MAX as i64 {
        return Err(Malformed("invalid multibulk length"));
    }
    for _ in 0..count {
        match bytes.get(at) {
            None => return Ok(None),
            Some(b'$') => {}
            Some(_) => return Err(Malformed("expected '$'")),
        }
        let Some((size, from)) = number(bytes, at + 1)? else { return Ok(None) };
        let size = usize::try_from(size).ok().filter(|size| *size <= COMMAND_SIZE_MAX);
        let to = from + size.ok_or(Malformed("invalid bulk length"))?;
        match bytes.get(to..to + 2) {
            None => return Ok(None),
            Some(b"\r\n") => parts.push((from, to)),
            Some(_) => return Err(Malformed("expected a line's end")),
        }
        at = to + 2;
    }
    Ok(Some(at))
}

/// The number that stands at `from`, and where the next line begins.
fn number(bytes: &[u8], from: usize) -> Result<Option<(i64, usize)>, Malformed> {
    let Some(line) = bytes.get(from..) else { return Ok(None) };
    let Some(size) = line.iter().take(LINE_SIZE_MAX).position(|byte| *byte == b'\n') else {
        return if line.len() >= LINE_SIZE_MAX { Err(Malformed("too big a line")) } else { Ok(None) };
    };
    let digits = line[..size].strip_suffix(b"\r").ok_or(Malformed("expected a line's end"))?;
    let number = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    Ok(Some((number.ok_or(Malformed("invalid length"))?, from + size + 1)))
}

/// The size of the line of words at the beginning of `bytes`, if it is whole. This is for people with a terminal.
fn parse_line(bytes: &[u8], parts: &mut Vec<(usize, usize)>) -> Result<Option<usize>, Malformed> {
    let Some(size) = bytes.iter().take(LINE_SIZE_MAX).position(|byte| *byte == b'\n') else {
        return if bytes.len() >= LINE_SIZE_MAX {
            Err(Malformed("too big inline request"))
        } else {
            Ok(None)
        };
    };
    let mut from = 0;
    for word in bytes[..size].split(u8::is_ascii_whitespace) {
        if !word.is_empty() {
            parts.push((from, from + word.len()));
        }
        from += word.len() + 1;
    }
    Ok(Some(size + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The commands in `bytes` that come in pieces of `step`, and how it ended.
    fn read(bytes: &[u8], step: usize) -> (Vec<Vec<Vec<u8>>>, Option<Malformed>) {
        let mut commands = Commands::default();
        let mut all = Vec::new();
        for mut piece in bytes.chunks(step) {
            while !piece.is_empty() {
                commands.fill(&mut piece).unwrap();
                loop {
                    match commands.next_command() {
                        Ok(Some(command)) => all.push(command.words().map(<[u8]>::to_vec).collect()),
                        Ok(None) => break,
                        Err(malformed) => return (all, Some(malformed)),
                    }
                }
            }
        }
        (all, None)
    }

    #[test]
    fn in_pieces_of_every_size() {
        let bytes = b"*2\r\n$3\r\nGET\r\n$5\r\na\r\nb*\r\n*0\r\nPING  you \r\n\r\n*1\r\n$0\r\n\r\n";
        for step in 1..=bytes.len() {
            let (commands, malformed) = read(bytes, step);
            assert_eq!(malformed, None);
            let expected: [&[&[u8]]; 3] = [&[b"GET", b"a\r\nb*"], &[b"PING", b"you"], &[b""]];
            assert!(commands.iter().eq(expected.iter()), "{step}: {commands:?}");
        }
    }

    #[test]
    fn larger_than_the_buffer() {
        let value = vec![b'x'; 300_000];
        let mut bytes = format!("*3\r\n$3\r\nSET\r\n$1\r\nk\r\n${}\r\n", value.len()).into_bytes();
        bytes.extend_from_slice(&value);
        bytes.extend_from_slice(b"\r\nPING\r\n");
        let (commands, malformed) = read(&bytes, 1_000);
        assert_eq!((commands.len(), malformed), (2, None));
        assert!(commands[0][2] == value);
    }

    #[test]
    fn what_is_none() {
        for bytes in [
            "*x\r\n".to_owned(),
            "*1\n".to_owned(),
            "*1000000\r\n".to_owned(),
            "*1\r\nGET\r\n".to_owned(),
            "*1\r\n$-1\r\n".to_owned(),
            "*1\r\n$99999999999\r\n".to_owned(),
            "*1\r\n$99999999999999999999\r\n".to_owned(),
            "*1\r\n$1\r\nab\r\n".to_owned(),
            format!("*{}", "1".repeat(LINE_SIZE_MAX)),
            "x".repeat(LINE_SIZE_MAX),
        ] {
            assert!(read(bytes.as_bytes(), 4_096).1.is_some(), "{bytes}");
        }
    }
}
