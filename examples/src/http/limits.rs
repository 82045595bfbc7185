//! How much and how long. Each bound is what keeps one client from taking what belongs to the others.

use std::time::Duration;

/// Bytes of a request's first line and headers. The usual limit; browsers stay far below.
pub const HEAD_SIZE_MAX: usize = 16 * 1024;

/// Headers of a request. Apache's limit; browsers send about fifteen.
pub const HEADERS_MAX: usize = 100;

/// Headers for which room is made at first. Anything more takes a second, slower look, so that the stack of a waiting
/// fiber stays within a page or two.
pub(super) const HEADERS_USUAL: usize = 24;

/// Bytes of the buffer in which a connection begins to read: a page, which nearly every head fits.
pub(super) const INPUT_SIZE_MIN: usize = 4 * 1024;

/// Bytes of answers that are gathered before they are written, however many requests are waiting.
pub(super) const OUTPUT_SIZE_MAX: usize = 64 * 1024;

/// Bytes of answers for which a connection keeps its buffer.
pub(super) const OUTPUT_SIZE_KEPT: usize = 4 * 1024;

/// Bytes of a request's body, unless the server says otherwise.
pub const BODY_SIZE_MAX: u64 = 16 * 1024 * 1024;

/// Bytes of the line with a chunk's size; extensions that anybody uses are shorter.
pub(super) const CHUNK_LINE_SIZE_MAX: usize = 256;

/// Bytes of the headers behind a chunked body, which are passed over.
pub(super) const TRAILERS_SIZE_MAX: usize = 4 * 1024;

/// From the first byte of a head to its last.
pub const HEAD_WAIT_MAX: Duration = Duration::from_secs(10);

/// Between two requests.
pub const IDLE_WAIT_MAX: Duration = Duration::from_secs(60);

/// From a handler's first look at a body to its end.
pub const BODY_WAIT_MAX: Duration = Duration::from_secs(60);

/// For a client that does not take what has gathered for it, at most `OUTPUT_SIZE_MAX` bytes, whether it takes nothing
/// or takes it by the drop.
pub const WRITE_WAIT_MAX: Duration = Duration::from_secs(30);

/// Bytes of a body that are thrown away to save the connection, if the handler did not want them.
pub const DISCARD_SIZE_MAX: u64 = 256 * 1024;

/// How long, and how many bytes, a client that was refused may go on talking: without that, the kernel would reset the
/// connection, and the client might never see why.
pub(super) const LINGER_WAIT_MAX: Duration = Duration::from_secs(1);
pub(super) const LINGER_SIZE_MAX: usize = 256 * 1024;
