//! The chat: everybody hears everybody, newcomers read what was said, and who does not read is sent away.
//!
//! Method: the built example as a child process, tungstenite over std's sockets as its clients.

#[path = "../../tests/support/mod.rs"]
mod support;

use std::io::Read;
use std::net::TcpStream;
use support::{Server, start};
use tungstenite::{Message, WebSocket};

fn join(server: &Server) -> WebSocket<TcpStream> {
    tungstenite::client(format!("ws://{}/chat", server.address), server.connect()).unwrap().0
}

#[track_caller]
fn hear(client: &mut WebSocket<TcpStream>, expected: &str) {
    assert_eq!(client.read().unwrap().to_text().unwrap(), expected);
}

#[test]
fn everybody_hears_everybody() {
    let server = start("ws_chat", &[]);
    let mut clients: Vec<_> = (0..20).map(|_| join(&server)).collect();
    for n in 0..clients.len() {
        let line = format!("line {n}");
        clients[n].send(Message::text(line.clone())).unwrap();
        clients.iter_mut().for_each(|client| hear(client, &line));
    }
    let mut late = join(&server);
    (0..clients.len()).for_each(|n| hear(&mut late, &format!("line {n}")));

    late.send(Message::Ping(b"x".as_slice().into())).unwrap();
    assert_eq!(late.read().unwrap(), Message::Pong(b"x".as_slice().into()));
    late.close(None).unwrap();
    while late.read().is_ok() {}
    clients[0].send(Message::text("still here")).unwrap();
    clients.iter_mut().for_each(|client| hear(client, "still here"));

    server.signal();
    assert!(matches!(clients[0].read(), Ok(Message::Close(_))), "it says goodbye");
    drop(clients);
    server.stop_by_itself();
}

#[test]
fn what_is_no_chat() {
    let server = start("ws_chat", &[]);
    let page = server.ask("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    assert!(page.starts_with("HTTP/1.1 200 OK") && page.contains("new WebSocket"), "{page}");
    let upgrade = "GET /chat HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: websocket\r\n\
                   Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    let answer = server.ask(upgrade);
    assert!(answer.starts_with("HTTP/1.1 101 "), "{answer}");
    assert!(answer.contains("Sec-WebSocket-Accept: s3pPLMBiTxaQ9kYGzzhZRbK+xOo=\r\n"), "{answer}");
    for other in [
        upgrade.replace("Version: 13", "Version: 8"),
        upgrade.replace("Upgrade: websocket", "Upgrade: h2c"),
        upgrade.replace("Host: x\r\n", "Host: x\r\nOrigin: http://evil\r\n"),
    ] {
        assert!(server.ask(&other).starts_with("HTTP/1.1 400 "), "{other}");
    }
    assert!(server.ask(&upgrade.replace("Host: x\r\n", "Host: x\r\nOrigin: http://x\r\n")).contains(" 101 "));
    server.stop();
}

#[test]
fn lines_that_are_too_long() {
    let server = start("ws_chat", &[]);
    let mut client = join(&server);
    client.send(Message::text("x".repeat(100_000))).unwrap();
    while client.read().is_ok() {}
    let mut rest = Vec::new();
    let _ = client.get_mut().read_to_end(&mut rest);
    server.stop();
}

/// One who does not read is left out and cut off; the others hear all, and memory stays bounded.
#[test]
fn who_does_not_listen() {
    let server = start("ws_chat", &[]);
    let mut deaf = join(&server);
    let mut talker = join(&server);
    let before = server.resident();
    for n in 0..10_000 {
        let line = format!("{n} {}", "x".repeat(3_000));
        talker.send(Message::text(line.clone())).unwrap();
        hear(&mut talker, &line);
    }
    if let (Some(before), Some(after)) = (before, server.resident()) {
        assert!(after < before + (16 << 20), "{before} bytes before, {after} after");
    }
    let mut heard = 0;
    while deaf.read().is_ok() {
        heard += 1;
    }
    assert!(heard < 10_000, "it was to be left out");
    server.stop();
}
