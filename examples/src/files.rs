//! Finding files in a folder for clients that may not be trusted.
//!
//! Names that begin with a dot do not exist, `..` least of all, and links that lead out of the folder are not followed.
//! Knows nothing of how files are sent.

use crate::http::{Edition, Request, Wanted, percent_decode};
use std::fmt;
use std::fs;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// What is read at once, and how large a file may be to be read when it is found.
const PIECE: u64 = 64 * 1024;

/// What has been found.
#[derive(Debug)]
pub enum Found {
    /// A file.
    File(File),
    /// A folder, and the names of what is in it; those of folders end in a slash.
    Folder(Vec<String>),
    /// A folder, asked for as if it were a file: the links in its page would lead elsewhere. This is its path.
    FolderAt(String),
}

/// What a request wants of a file: a [`Read`], whose first bytes are there already. The others are read on the blocking
/// pool.
pub struct File {
    /// For the `Content-Type` header.
    pub content_type: &'static str,
    /// Its size and so on.
    pub edition: Edition,
    /// Which part of it this is.
    pub wanted: Wanted,
    start: io::Cursor<Vec<u8>>,
    rest: fs::File,
}

/// Finds what is asked for below `root`, a canonical path. Takes its time: this is to run on the blocking pool.
///
/// # Errors
/// `NotFound`, also for what nobody may ask for; the system's.
pub fn find(root: &Path, request: &Request<'_>) -> io::Result<Found> {
    let is_folder_meant = request.path().ends_with('/');
    let inside = |path: PathBuf| {
        let path = fs::canonicalize(path)?;
        path.starts_with(root).then_some(path).ok_or(io::Error::from(io::ErrorKind::NotFound))
    };
    let path = inside(root.join(local_path(request.path()).ok_or(io::ErrorKind::NotFound)?))?;
    if !path.is_dir() {
        return if is_folder_meant { Err(io::ErrorKind::NotFound.into()) } else { open(&path, request) };
    }
    if !is_folder_meant {
        // One slash only at its beginning: after two, a browser would go to another host.
        return Ok(Found::FolderAt(format!("/{}/", request.path().trim_matches('/'))));
    }
    match inside(path.join("index.html")) {
        Ok(page) => open(&page, request),
        Err(error) if error.kind() == io::ErrorKind::NotFound => names(&path).map(Found::Folder),
        Err(error) => Err(error),
    }
}

/// The path below the root, if it is one that may be asked for.
fn local_path(path: &str) -> Option<PathBuf> {
    let path = percent_decode(path.strip_prefix('/')?)?;
    let mut local = PathBuf::new();
    for name in path.split('/').filter(|name| !name.is_empty()) {
        // Hidden files, `.` and `..` alike. What another system takes for a separator has no place in a name either.
        if name.starts_with('.') || name.contains(['\0', '\\', ':']) {
            return None;
        }
        local.push(name);
    }
    Some(local)
}

fn open(path: &Path, request: &Request<'_>) -> io::Result<Found> {
    // Before it is opened: a pipe would keep whoever opens it.
    let metadata = fs::metadata(path)?;
    if !metadata.is_file() {
        return Err(io::ErrorKind::NotFound.into());
    }
    let mut rest = fs::File::open(path)?;
    let edition = Edition::new(metadata.len(), metadata.modified()?);
    let wanted = edition.wanted(request);
    let part = wanted.part(edition.size());
    let mut start = Vec::new();
    if !part.is_empty() && request.method() != "HEAD" {
        rest.seek(SeekFrom::Start(part.start))?;
        (&rest).take(PIECE.min(part.end - part.start)).read_to_end(&mut start)?;
    }
    Ok(Found::File(File {
        content_type: content_type(path),
        edition,
        wanted,
        start: io::Cursor::new(start),
        rest,
    }))
}

fn names(folder: &Path) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let slash = if entry.path().is_dir() { "/" } else { "" };
        names.extend(entry.file_name().to_str().map(|name| format!("{name}{slash}")));
    }
    names.retain(|name| !name.starts_with('.'));
    names.sort_unstable();
    Ok(names)
}

impl Read for File {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.start.read(buffer)? {
            0 => {
                // What has been sent is not kept for as long as the rest takes.
                self.start = io::Cursor::default();
                sisal::blocking(|| self.rest.read(buffer))
            }
            count => Ok(count),
        }
    }
}

impl fmt::Debug for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("File")
            .field("edition", &self.edition)
            .field("wanted", &self.wanted)
            .finish_non_exhaustive()
    }
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|extension| extension.to_str()).unwrap_or("") {
        "html" | "htm" => "text/html; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "txt" | "md" | "rs" | "toml" => "text/plain; charset=utf-8",
        "json" => "application/json",
        "wasm" => "application/wasm",
        "pdf" => "application/pdf",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_may_ask_for() {
        for path in [
            "",
            "x",
            "*",
            "/..",
            "/../x",
            "/x/../../y",
            "/%2e%2e/x",
            "/%2E./x",
            "/.git",
            "/x/.hidden",
            "/..%2fx",
            "/x%00",
            "/..\\x",
            "/c:x",
            "/%",
            "/%zz",
            "/%ff",
        ] {
            assert_eq!(local_path(path), None, "{path}");
        }
    }

    #[test]
    fn what_anybody_may() {
        for (path, local) in [
            ("/", ""),
            ("//", ""),
            ("/a", "a"),
            ("/a/b.c", "a/b.c"),
            ("/a//b/", "a/b"),
            ("/%61%20b", "a b"),
            ("/a%2fb", "a/b"),
        ] {
            assert_eq!(local_path(path), Some(PathBuf::from(local)), "{path}");
        }
    }
}
