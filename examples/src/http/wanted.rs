//! Which part of a file a request wants, if any: ranges, and what it has already.
//!
//! Knows nothing of files but their size and when they were changed.

use super::date;
use super::request::Request;
use super::status::Status;
use std::ops::Range;
use std::time::{SystemTime, UNIX_EPOCH};

/// What tells one version of a file from another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edition {
    size: u64,
    /// Seconds since 1970.
    modified: u64,
    tag: String,
}

/// What a request is to be answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// 200 and everything.
    Whole,
    /// 206 and these bytes.
    Part(Range<u64>),
    /// 304: the client has this edition.
    Nothing,
    /// 416: the part begins behind the end.
    Impossible,
}

impl Wanted {
    /// Which bytes go into the answer, of a file of `size`.
    pub fn part(&self, size: u64) -> Range<u64> {
        match self {
            Self::Whole => 0..size,
            Self::Part(part) => part.clone(),
            Self::Nothing | Self::Impossible => 0..0,
        }
    }

    /// What the answer is called.
    pub const fn status(&self) -> Status {
        match self {
            Self::Whole => Status::OK,
            Self::Part(_) => Status::PARTIAL_CONTENT,
            Self::Nothing => Status::NOT_MODIFIED,
            Self::Impossible => Status::RANGE_NOT_SATISFIABLE,
        }
    }
}

impl Edition {
    /// Of a file with so many bytes that was last changed then.
    pub fn new(size: u64, modified: SystemTime) -> Self {
        let since = modified.duration_since(UNIX_EPOCH).unwrap_or_default();
        let tag = format!("\"{size:x}-{:x}\"", since.as_nanos());
        Self { size, modified: since.as_secs(), tag }
    }

    /// Bytes of the file.
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// For the `ETag` header.
    pub fn tag(&self) -> &str {
        &self.tag
    }

    /// For the `Last-Modified` header.
    pub fn modified(&self) -> String {
        String::from_utf8_lossy(&date::format(self.modified)).into_owned()
    }

    /// For the `Content-Range` header, if the answer needs one.
    pub fn content_range(&self, wanted: &Wanted) -> Option<String> {
        match wanted {
            Wanted::Part(part) => Some(format!("bytes {}-{}/{}", part.start, part.end - 1, self.size)),
            Wanted::Impossible => Some(format!("bytes */{}", self.size)),
            Wanted::Whole | Wanted::Nothing => None,
        }
    }

    /// What the request wants. A header that makes no sense counts as not sent, and several ranges as none, which the
    /// standard allows.
    pub fn wanted(&self, request: &Request<'_>) -> Wanted {
        if self.is_known(request) {
            return Wanted::Nothing;
        }
        match request.header("Range").filter(|_| self.is_range_meant(request)) {
            Some(range) => self.part(range),
            None => Wanted::Whole,
        }
    }

    fn is_known(&self, request: &Request<'_>) -> bool {
        if let Some(tags) = request.header("If-None-Match") {
            let is_ours = |tag: &str| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == self.tag;
            return tags.split(',').any(|tag| is_ours(tag.trim()));
        }
        let since = request.header("If-Modified-Since").and_then(date::parse);
        since.is_some_and(|since| self.modified <= since)
    }

    /// A client that has a part of another edition wants the whole of this one.
    fn is_range_meant(&self, request: &Request<'_>) -> bool {
        match request.header("If-Range") {
            None => true,
            Some(condition) => condition == self.tag || date::parse(condition) == Some(self.modified),
        }
    }

    fn part(&self, range: &str) -> Wanted {
        let Some((first, last)) = range.strip_prefix("bytes=").and_then(|range| range.trim().split_once('-'))
        else {
            return Wanted::Whole;
        };
        let number = |text: &str| {
            let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            // More digits than fit is far behind the end.
            is_number.then(|| text.parse().unwrap_or(u64::MAX))
        };
        let part = match (number(first), number(last)) {
            (Some(first), _) if last.is_empty() => first..self.size,
            (Some(first), Some(last)) if first <= last => first..self.size.min(last.saturating_add(1)),
            (None, Some(count)) if first.is_empty() => self.size.saturating_sub(count)..self.size,
            _ => return Wanted::Whole,
        };
        if part.is_empty() { Wanted::Impossible } else { Wanted::Part(part) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::tests::{converse_with, send};
    use std::time::Duration;

    fn edition() -> Edition {
        Edition::new(1_000, UNIX_EPOCH + Duration::from_millis(784_111_777_500))
    }

    #[track_caller]
    fn assert_wanted(headers: &str, wanted: Wanted) {
        let mut seen = None;
        converse_with([send(&format!("GET / HTTP/1.1\r\nHost: a\r\n{headers}\r\n\r\n"))], |exchange| {
            seen = Some(edition().wanted(&exchange.request()));
            Ok(())
        });
        assert_eq!(seen, Some(wanted), "{headers}");
    }

    #[test]
    fn ranges() {
        for (range, wanted) in [
            ("bytes=0-0", Wanted::Part(0..1)),
            ("bytes=0-", Wanted::Part(0..1_000)),
            ("bytes=10-19", Wanted::Part(10..20)),
            ("bytes=990-5000", Wanted::Part(990..1_000)),
            ("bytes=999-99999999999999999999999", Wanted::Part(999..1_000)),
            ("bytes=0-18446744073709551615", Wanted::Part(0..1_000)),
            ("bytes=-1", Wanted::Part(999..1_000)),
            ("bytes=-5000", Wanted::Part(0..1_000)),
            ("bytes=-0", Wanted::Impossible),
            ("bytes=1000-", Wanted::Impossible),
            ("bytes=99999999999999999999999-", Wanted::Impossible),
            ("bytes=1-0", Wanted::Whole),
            ("bytes=-", Wanted::Whole),
            ("bytes=+1-2", Wanted::Whole),
            ("bytes=a-b", Wanted::Whole),
            ("bytes=1-2-3", Wanted::Whole),
            ("bytes=0-1,5-6", Wanted::Whole),
            ("lines=0-1", Wanted::Whole),
        ] {
            assert_wanted(&format!("Range: {range}"), wanted);
        }
    }

    #[test]
    fn what_the_client_has() {
        let tag = edition().tag().to_owned();
        let date = "Sun, 06 Nov 1994 08:49:37 GMT";
        for (headers, wanted) in [
            (format!("If-None-Match: {tag}"), Wanted::Nothing),
            (format!("If-None-Match: \"x\", W/{tag}"), Wanted::Nothing),
            ("If-None-Match: *".to_owned(), Wanted::Nothing),
            (format!("If-None-Match: \"x\"\r\nIf-Modified-Since: {date}"), Wanted::Whole),
            (format!("If-Modified-Since: {date}"), Wanted::Nothing),
            (format!("If-Modified-Since: {}", date.replace("37", "36")), Wanted::Whole),
            ("If-Modified-Since: yesterday".to_owned(), Wanted::Whole),
            (format!("Range: bytes=0-1\r\nIf-Range: {tag}"), Wanted::Part(0..2)),
            (format!("Range: bytes=0-1\r\nIf-Range: {date}"), Wanted::Part(0..2)),
            ("Range: bytes=0-1\r\nIf-Range: \"x\"".to_owned(), Wanted::Whole),
        ] {
            assert_wanted(&headers, wanted);
        }
    }

    #[test]
    fn nothing_is_no_part() {
        assert_eq!(Edition::new(0, UNIX_EPOCH).part("bytes=0-"), Wanted::Impossible);
    }
}
