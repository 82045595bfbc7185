//! The file server: whole files and parts of them, what a client has already, listings, and what it does not give away.
//!
//! Method: the built example as a child process, a folder made for it, std's sockets as clients.

mod support;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use support::{Server, start};

struct Answer {
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn status(&self) -> &str {
        &self.head[9..12]
    }

    fn header(&self, name: &str) -> Option<&str> {
        let start = format!("{name}: ");
        self.head.lines().find_map(|line| line.strip_prefix(&start))
    }
}

fn ask(server: &Server, line: &str, headers: &str) -> Answer {
    let answer = server.ask_bytes(format!("{line} HTTP/1.1\r\nHost: x\r\n{headers}\r\n").as_bytes());
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n").expect("a head");
    Answer { head: String::from_utf8(answer[..end].to_vec()).unwrap(), body: answer[end + 4..].to_vec() }
}

/// A folder of its own for each test, removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder = std::env::temp_dir().join(format!("sisal-files-{name}-{}", std::process::id()));
        fs::create_dir_all(folder.join("inside/sub folder")).unwrap();
        fs::write(folder.join("secret"), "secret").unwrap();
        fs::write(folder.join("inside/.hidden"), "secret").unwrap();
        fs::write(folder.join("inside/hello.txt"), "hello, world").unwrap();
        fs::write(folder.join("inside/sub folder/page.html"), "<p>").unwrap();
        fs::write(folder.join("inside/sub folder/100% <&\".bin"), "strange").unwrap();
        symlink("../secret", folder.join("inside/way-out")).unwrap();
        symlink("hello.txt", folder.join("inside/way-in")).unwrap();
        Self(folder)
    }

    fn serve(&self) -> Server {
        start("http_files", &[self.0.join("inside").to_str().unwrap()])
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

#[test]
fn whole_files_and_parts() {
    let folder = Folder::new("parts");
    let server = folder.serve();
    let whole = ask(&server, "GET /hello.txt", "");
    assert_eq!((whole.status(), &*whole.body), ("200", &b"hello, world"[..]));
    assert_eq!(whole.header("Content-Type"), Some("text/plain; charset=utf-8"));
    assert_eq!(whole.header("Content-Length"), Some("12"));
    assert_eq!(ask(&server, "GET /way-in", "").body, b"hello, world");

    let head = ask(&server, "HEAD /hello.txt", "");
    assert_eq!((head.status(), &*head.body, head.header("Content-Length")), ("200", &b""[..], Some("12")));
    assert_eq!(head.header("ETag"), whole.header("ETag"));

    let part = ask(&server, "GET /hello.txt", "Range: bytes=7-8\r\n");
    assert_eq!((part.status(), &*part.body), ("206", &b"wo"[..]));
    assert_eq!(part.header("Content-Range"), Some("bytes 7-8/12"));
    assert_eq!(ask(&server, "GET /hello.txt", "Range: bytes=-5\r\n").body, b"world");
    let beyond = ask(&server, "GET /hello.txt", "Range: bytes=12-\r\n");
    assert_eq!((beyond.status(), beyond.header("Content-Range")), ("416", Some("bytes */12")));

    for condition in [
        format!("If-None-Match: {}\r\n", whole.header("ETag").unwrap()),
        format!("If-Modified-Since: {}\r\n", whole.header("Last-Modified").unwrap()),
    ] {
        let known = ask(&server, "GET /hello.txt", &condition);
        assert_eq!((known.status(), &*known.body, known.header("Content-Length")), ("304", &b""[..], None));
    }
    server.stop();
}

#[test]
fn what_it_does_not_give_away() {
    let folder = Folder::new("secrets");
    let server = folder.serve();
    for path in [
        "/../secret",
        "/%2e%2e/secret",
        "/..%2fsecret",
        "/sub%20folder/../../secret",
        "/way-out",
        "/.hidden",
        "/%2ehidden",
        "/hello.txt%00",
        "/hello.txt/",
        "/no-such-file",
        "hello.txt",
        "*",
    ] {
        let answer = ask(&server, &format!("GET {path}"), "");
        assert_eq!(answer.status(), "404", "{path}");
        assert!(!answer.body.windows(6).any(|six| six == b"secret"), "{path}");
    }
    let posted = ask(&server, "POST /hello.txt", "Content-Length: 0\r\n");
    assert_eq!((posted.status(), posted.header("Allow")), ("405", Some("GET, HEAD")));
    server.stop();
}

#[test]
fn listings() {
    let folder = Folder::new("listings");
    let server = folder.serve();
    let top = ask(&server, "GET /", "");
    let text = String::from_utf8(top.body.clone()).unwrap();
    assert_eq!((top.status(), top.header("Transfer-Encoding")), ("200", Some("chunked")));
    assert!(
        text.contains("./hello.txt") && text.contains("./sub folder/") && !text.contains("hidden"),
        "{text}"
    );

    let moved = ask(&server, "GET //sub%20folder", "");
    assert_eq!((moved.status(), moved.header("Location")), ("301", Some("/sub%20folder/")));
    let text = String::from_utf8(ask(&server, "GET /sub%20folder/", "").body).unwrap();
    assert!(text.contains("100%25 &lt;&amp;&quot;.bin\">100% &lt;&amp;&quot;.bin</a>"), "{text}");
    assert_eq!(ask(&server, "GET /sub%20folder/100%25%20%3C&%22.bin", "").body, b"strange");
    fs::write(folder.0.join("inside/sub folder/index.html"), "front page").unwrap();
    assert_eq!(ask(&server, "GET /sub%20folder/", "").body, b"front page");
    server.stop();
}

/// Twenty clients who take a file of 32 MB each at their own pace need far less memory than the file has.
#[test]
fn large_files_in_little_memory() {
    let folder = Folder::new("large");
    let server = folder.serve();
    let size = 32 << 20;
    let content: Vec<u8> = (0..size as u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 24) as u8).collect();
    fs::write(folder.0.join("inside/large"), &content).unwrap();
    let mut clients: Vec<_> = (0..20).map(|_| server.connect()).collect();
    for client in &mut clients {
        client.write_all(b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").unwrap();
    }
    let before = server.resident();
    std::thread::scope(|scope| {
        for mut client in clients {
            let content = &content;
            scope.spawn(move || {
                let mut answer = Vec::new();
                client.read_to_end(&mut answer).unwrap();
                assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
                assert!(answer.ends_with(content), "{}", answer.len());
            });
        }
    });
    if let (Some(before), Some(after)) = (before, server.resident()) {
        assert!(after < before + (16 << 20), "{before} bytes before, {after} after");
    }
    server.stop();
}
