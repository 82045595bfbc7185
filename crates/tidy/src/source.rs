//! A source file, and the same file with comments and the insides of literals blanked out.
//!
//! Knows no rule and no syntax above words and brackets. Blanking keeps every byte in its place, so an offset means the
//! same in `text` and in `code`.

/// A Rust file.
#[derive(Clone, Debug)]
pub struct Source {
    /// Relative to the repository's root, with `/`.
    pub path: String,
    /// As it is.
    pub text: String,
    /// With blanks for comments and for what stands inside string and character literals.
    pub code: String,
}

impl Source {
    /// The file `path` with the content `text`.
    pub fn new(path: impl Into<String>, text: impl Into<String>) -> Self {
        let text = text.into();
        Self { path: path.into(), code: blank(&text), text }
    }

    /// The line of a byte offset, counted from 1.
    pub fn line(&self, offset: usize) -> usize {
        1 + self.text.as_bytes()[..offset].iter().filter(|byte| **byte == b'\n').count()
    }

    /// The words of the code (identifiers and keywords) with their offsets.
    pub fn words(&self) -> impl Iterator<Item = (usize, &str)> {
        words(&self.code)
    }

    /// What stands between the bracket at `open` and its partner, with the offset of its first byte.
    pub fn inside(&self, open: usize) -> Option<(usize, &str)> {
        let mut depth = 0_usize;
        for (index, byte) in self.code.bytes().enumerate().skip(open) {
            match byte {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' if depth <= 1 => return Some((open + 1, self.code.get(open + 1..index)?)),
                b')' | b']' | b'}' => depth -= 1,
                _ => {}
            }
        }
        None
    }
}

/// The words of a text with their offsets.
pub fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let is_word = |c: char| c.is_alphanumeric() || c == '_';
    let mut rest = 0;
    std::iter::from_fn(move || {
        let start = rest + text[rest..].find(is_word)?;
        let end = text[start..].find(|c| !is_word(c)).map_or(text.len(), |length| start + length);
        rest = end;
        Some((start, &text[start..end]))
    })
}

/// `text` with blanks for comments and for the insides of literals; line breaks stay.
fn blank(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut code = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let (keep, end) = token(bytes, at);
        for (index, byte) in bytes[at..end].iter().enumerate() {
            let kept =
                index < keep || *byte == b'\n' || (index + 1 == end - at && matches!(byte, b'"' | b'\''));
            code.push(if kept { *byte } else { b' ' });
        }
        at = end;
    }
    // Blanks replace whole characters or follow them, since every token ends where a character ends.
    String::from_utf8_lossy(&code).into_owned()
}

/// How many bytes from `at` on stay, and where this piece ends.
fn token(bytes: &[u8], at: usize) -> (usize, usize) {
    let rest = &bytes[at..];
    if rest.starts_with(b"//") {
        let length = rest.iter().position(|byte| *byte == b'\n').unwrap_or(rest.len());
        return (0, at + length);
    }
    if rest.starts_with(b"/*") {
        return (0, at + comment_length(rest));
    }
    if let Some((prefix, length)) = raw_string(rest) {
        return (prefix, at + length);
    }
    match rest[0] {
        b'"' => (1, at + quoted_length(rest, b'"')),
        b'\'' if is_character(rest) => (1, at + quoted_length(rest, b'\'')),
        byte if is_word(byte) => {
            let length = rest.iter().position(|byte| !is_word(*byte)).unwrap_or(rest.len());
            (length, at + length)
        }
        _ => (1, at + 1),
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}

/// The length of a block comment, which may hold others.
fn comment_length(rest: &[u8]) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < rest.len() {
        if rest[at..].starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if rest[at..].starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += 1;
        }
    }
    at
}

/// If `rest` begins with a raw string: the length of its opening, and of all of it.
fn raw_string(rest: &[u8]) -> Option<(usize, usize)> {
    let letters = rest.iter().take_while(|byte| matches!(byte, b'r' | b'b' | b'c')).count();
    if letters == 0 || letters > 2 || rest[letters - 1] != b'r' {
        return None;
    }
    let hashes = rest[letters..].iter().take_while(|byte| **byte == b'#').count();
    let open = letters + hashes;
    if rest.get(open) != Some(&b'"') {
        return None;
    }
    let mut close = vec![b'"'];
    close.resize(1 + hashes, b'#');
    let inside = &rest[open + 1..];
    let length = inside.windows(close.len()).position(|window| window == close).unwrap_or(inside.len());
    Some((open + 1, (open + 1 + length + close.len()).min(rest.len())))
}

/// The length of a literal that begins with `quote`.
fn quoted_length(rest: &[u8], quote: u8) -> usize {
    let mut at = 1;
    while at < rest.len() {
        match rest[at] {
            b'\\' => at += 2,
            byte if byte == quote => return at + 1,
            _ => at += 1,
        }
    }
    rest.len()
}

/// Whether a `'` begins a character and not a lifetime: `'a'` and `'\n'`, but not `'a`.
fn is_character(rest: &[u8]) -> bool {
    match rest.get(1) {
        None => false,
        Some(b'\\') => true,
        Some(first) => {
            let width = match first {
                0x00..=0x7f => 1,
                0x80..=0xdf => 2,
                0xe0..=0xef => 3,
                _ => 4,
            };
            rest.get(1 + width) == Some(&b'\'')
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_of(text: &str) -> Vec<String> {
        Source::new("a.rs", text).words().map(|(_, word)| word.to_owned()).collect()
    }

    #[test]
    fn comments_and_literals_are_blank() {
        assert_eq!(words_of("a // unsafe\nb /* c /* d */ e */ f"), ["a", "b", "f"]);
        assert_eq!(
            words_of(r####"let a = "un\"safe"; b(r#"c " d"#) + br"e""####),
            ["let", "a", "b", "r", "br"]
        );
        assert_eq!(words_of("f::<'a>('b', '\\'', 'é', b'x') 'c: d"), ["f", "a", "b", "c", "d"]);
    }

    #[test]
    fn offsets_and_lines_stay() {
        let source = Source::new("a.rs", "// é\n\"ü\n\" here");
        let (offset, word) = source.words().next().unwrap();
        assert_eq!((word, source.line(offset)), ("here", 3));
        assert_eq!(source.code.len(), source.text.len());
    }

    #[test]
    fn inside_of_brackets() {
        let source = Source::new("a.rs", "f(a(b), \")\")");
        assert_eq!(source.inside(1).unwrap(), (2, "a(b), \" \""));
    }
}
