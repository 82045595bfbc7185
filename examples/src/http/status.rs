//! The status codes that the examples use, each with its first line ready to be copied.

use std::fmt;

/// What became of a request.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Status {
    code: u16,
    line: &'static str,
}

macro_rules! statuses {
    ($($name:ident = $code:literal $reason:literal;)*) => {
        impl Status {
            $(
                #[doc = concat!("`", $code, " ", $reason, "`")]
                pub const $name: Self =
                    Self { code: $code, line: concat!("HTTP/1.1 ", $code, " ", $reason, "\r\n") };
            )*
        }
    };
}

statuses! {
    SWITCHING_PROTOCOLS = 101 "Switching Protocols";
    OK = 200 "OK";
    NO_CONTENT = 204 "No Content";
    PARTIAL_CONTENT = 206 "Partial Content";
    MOVED_PERMANENTLY = 301 "Moved Permanently";
    FOUND = 302 "Found";
    NOT_MODIFIED = 304 "Not Modified";
    BAD_REQUEST = 400 "Bad Request";
    FORBIDDEN = 403 "Forbidden";
    NOT_FOUND = 404 "Not Found";
    METHOD_NOT_ALLOWED = 405 "Method Not Allowed";
    REQUEST_TIMEOUT = 408 "Request Timeout";
    CONTENT_TOO_LARGE = 413 "Content Too Large";
    RANGE_NOT_SATISFIABLE = 416 "Range Not Satisfiable";
    EXPECTATION_FAILED = 417 "Expectation Failed";
    HEADERS_TOO_LARGE = 431 "Request Header Fields Too Large";
    INTERNAL_SERVER_ERROR = 500 "Internal Server Error";
    NOT_IMPLEMENTED = 501 "Not Implemented";
    SERVICE_UNAVAILABLE = 503 "Service Unavailable";
    VERSION_NOT_SUPPORTED = 505 "HTTP Version Not Supported";
}

impl Status {
    /// The number.
    pub const fn code(self) -> u16 {
        self.code
    }

    /// The first line of an answer.
    pub(super) const fn line(self) -> &'static str {
        self.line
    }

    /// Whether an answer with this status never has a body, nor says how long it is.
    pub(super) const fn is_bodiless(self) -> bool {
        matches!(self.code, 101 | 204 | 304)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.line.trim_start_matches("HTTP/1.1 ").trim_end())
    }
}

impl fmt::Debug for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Status({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_text() {
        assert_eq!(Status::NOT_FOUND.to_string(), "404 Not Found");
        assert_eq!(Status::OK.line(), "HTTP/1.1 200 OK\r\n");
    }
}
