//! A web server for the files of a folder: ranges, conditions, listings, and files of any size in little memory.
//!
//! Look at: files block the thread that reads them, so `sisal::blocking` takes each step elsewhere, and borrows the request
//! for it. A small file is found, opened and read in one such step; of a large one 64 KiB are in memory at a time. A page
//! that lists a folder is written without its length being known, and goes out in chunks. What a client may ask for at all
//! is decided in `src/files.rs`.
//!
//! ```text
//! $ cargo run --release --example http_files 127.0.0.1:8080 target/doc
//! listening on 127.0.0.1:8080
//! $ curl -sI http://127.0.0.1:8080/sisal/index.html
//! HTTP/1.1 200 OK
//! Date: Sat, 21 Nov 2026 09:41:05 GMT
//! Content-Type: text/html; charset=utf-8
//! Last-Modified: Sat, 21 Nov 2026 08:12:33 GMT
//! ETag: "2a4f-18ba3cf1e8d21b00"
//! Accept-Ranges: bytes
//! Content-Length: 10831
//! ```

use examples::files::{self, File, Found};
use examples::http::{Connection, Exchange, Status};
use examples::server::{self, Client};
use std::io::{self, Write};
use std::path::Path;

fn serve(client: Client, root: &Path) -> io::Result<()> {
    client.stream().set_nodelay(true)?;
    let mut connection = Connection::new(client)?;
    while let Some(mut exchange) = connection.next_exchange()? {
        // Whatever went wrong, the connection knows how far the answer had come.
        let _ = answer(&mut exchange, root);
    }
    Ok(())
}

fn answer(exchange: &mut Exchange<'_, Client>, root: &Path) -> io::Result<()> {
    let request = exchange.request();
    if !matches!(request.method(), "GET" | "HEAD") {
        return exchange.respond(Status::METHOD_NOT_ALLOWED).header("Allow", "GET, HEAD").body(b"");
    }
    match sisal::blocking(|| files::find(root, &request)) {
        Ok(Found::File(file)) => send(exchange, file),
        Ok(Found::Folder(names)) => list(exchange, &names),
        Ok(Found::FolderAt(path)) => {
            exchange.respond(Status::MOVED_PERMANENTLY).header("Location", &path).body(b"")
        }
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {
            exchange.respond(Status::FORBIDDEN).body(b"")
        }
        Err(_) => exchange.respond(Status::NOT_FOUND).body(b"there is no such file\n"),
    }
}

fn send(exchange: &mut Exchange<'_, Client>, file: File) -> io::Result<()> {
    let mut response = exchange
        .respond(file.wanted.status())
        .header("Content-Type", file.content_type)
        .header("Last-Modified", &file.edition.modified())
        .header("ETag", file.edition.tag())
        .header("Accept-Ranges", "bytes");
    if let Some(range) = file.edition.content_range(&file.wanted) {
        response = response.header("Content-Range", &range);
    }
    let part = file.wanted.part(file.edition.size());
    response.body_from(part.end - part.start, file)
}

/// How long the page gets shows when it is written.
fn list(exchange: &mut Exchange<'_, Client>, names: &[String]) -> io::Result<()> {
    let escape = |text: &str| text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
    // A name is a link relative to this page; a browser decodes it once.
    let link = |name: &str| {
        escape(&format!("./{}", name.replace('%', "%25").replace('?', "%3F").replace('#', "%23")))
    };
    let path = exchange.request().path();
    let mut page = exchange.respond(Status::OK).header("Content-Type", "text/html; charset=utf-8").stream();
    writeln!(page, "<!doctype html><meta charset=utf-8><title>{0}</title><h1>{0}</h1>", escape(path))?;
    for name in names {
        writeln!(page, "<a href=\"{}\">{}</a><br>", link(name), escape(name))?;
    }
    page.finish();
    Ok(())
}

fn main() -> io::Result<()> {
    let root = std::fs::canonicalize(std::env::args().nth(2).unwrap_or_else(|| ".".to_owned()))?;
    server::run(move |client| serve(client, &root))
}
