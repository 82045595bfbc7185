//! A chat in the browser: one room, over WebSockets; tungstenite, unmodified.
//!
//! Look at: the fiber that serves a client reads, and whatever is to be written goes through a bounded mailbox to a second
//! fiber, tungstenite's own answers included (`Half`), so that frames never mix. A line is made a frame once, however many
//! there are to hear it, and nobody waits for a client that does not read: it is sent away when its mailbox is full.
//!
//! ```text
//! $ cargo run --release --example ws_chat
//! listening on 127.0.0.1:8080
//! $ xdg-open http://127.0.0.1:8080/
//! ```

use examples::http::{Connection, Request, Status, Transport, is_timeout};
use examples::server::{self, Client};
use sisal::channel::{self, Receiver, Sender};
use sisal::fiber;
use sisal::net::TcpStream;
use sisal::sync::Mutex;
use std::collections::{HashMap, VecDeque};
use std::io::{self, Read, Write};
use std::net::Shutdown;
use std::sync::Arc;
use std::time::Duration;
use tungstenite::handshake::derive_accept_key;
use tungstenite::protocol::frame::coding::{CloseCode, Data, OpCode};
use tungstenite::protocol::frame::{CloseFrame, Frame};
use tungstenite::protocol::{Role, WebSocketConfig};
use tungstenite::{Error, Message, WebSocket};

const PAGE: &str = include_str!("ws_chat.html");
/// Bytes of a line.
const LINE_SIZE_MAX: usize = 4 * 1024;
/// Lines that a newcomer gets to read.
const HISTORY_SIZE: usize = 20;
/// Frames that wait for a client.
const MAILBOX_SIZE: usize = 256;
/// How long a client may be silent before it is asked for a sign of life, and how long it then has.
const SILENCE_MAX: Duration = Duration::from_secs(30);

#[derive(Default)]
struct Room {
    mailboxes: HashMap<u64, Sender<Arc<[u8]>>>,
    history: VecDeque<Arc<[u8]>>,
    next_number: u64,
}

impl Room {
    fn enter(&mut self, mailbox: Sender<Arc<[u8]>>) -> u64 {
        self.next_number += 1;
        // Shorter than a mailbox.
        self.history.iter().for_each(|frame| drop(mailbox.try_send(frame.clone())));
        self.mailboxes.insert(self.next_number, mailbox);
        self.next_number
    }

    fn say(&mut self, line: &str) {
        let frame = encode(Frame::message(line.to_owned(), OpCode::Data(Data::Text), true));
        // The only sender: without it, the client's writing fiber writes what is left, and hangs up.
        self.mailboxes.retain(|_, mailbox| mailbox.try_send(frame.clone()).is_ok());
        self.history.push_back(frame);
        if self.history.len() > HISTORY_SIZE {
            self.history.pop_front();
        }
    }
}

fn encode(frame: Frame) -> Arc<[u8]> {
    let mut bytes = Vec::new();
    let made = frame.format(&mut bytes);
    debug_assert!(made.is_ok(), "memory takes everything");
    bytes.into()
}

/// A socket of which tungstenite reads, while what it writes goes the way of all frames.
struct Half<'a> {
    stream: &'a TcpStream,
    room: &'a Mutex<Room>,
    number: u64,
}

impl Read for Half<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.stream.read(buffer)
    }
}

impl Write for Half<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.room.lock();
        let mailbox = room.mailboxes.get(&self.number).ok_or(io::ErrorKind::BrokenPipe)?;
        mailbox.try_send(bytes.into()).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn serve(client: Client, room: &Mutex<Room>) -> io::Result<()> {
    client.stream().set_nodelay(true)?;
    let mut connection = Connection::new(client)?;
    while let Some(mut exchange) = connection.next_exchange()? {
        let request = exchange.request();
        match (request.method(), request.path(), websocket_key(&request)) {
            ("GET", "/chat", Some(key)) => {
                let response = exchange.respond(Status::SWITCHING_PROTOCOLS);
                let response = response.header("Connection", "Upgrade").header("Upgrade", "websocket");
                response.header("Sec-WebSocket-Accept", &derive_accept_key(key.as_bytes())).body(b"")?;
                let (mut client, read_ahead) = connection.into_parts()?;
                client.set_idle(true);
                return chat(&client, read_ahead, room);
            }
            ("GET", "/chat", None) => {
                exchange.respond(Status::BAD_REQUEST).body(b"this is for WebSockets\n")?
            }
            ("GET" | "HEAD", "/", _) => {
                exchange
                    .respond(Status::OK)
                    .header("Content-Type", "text/html; charset=utf-8")
                    .body(PAGE.as_bytes())?;
            }
            _ => exchange.respond(Status::NOT_FOUND).body(b"")?,
        }
    }
    Ok(())
}

/// The key of a request to speak WebSocket, if it comes from a page of ours or from no page at all.
fn websocket_key<'c>(request: &Request<'c>) -> Option<&'c str> {
    let says = |name, word: &str| {
        let value = request.header(name).unwrap_or_default();
        value.split(',').any(|part| part.trim().eq_ignore_ascii_case(word))
    };
    let host = request.header("Host").unwrap_or_default();
    let is_ours = request
        .header("Origin")
        .is_none_or(|origin| origin.split_once("://").is_some_and(|(_, at)| at == host));
    let is_meant =
        says("Connection", "upgrade") && says("Upgrade", "websocket") && says("Sec-WebSocket-Version", "13");
    request.header("Sec-WebSocket-Key").filter(|_| is_ours && is_meant)
}

fn chat(client: &Client, read_ahead: Vec<u8>, room: &Mutex<Room>) -> io::Result<()> {
    let stream = client.stream();
    stream.set_read_timeout(Some(SILENCE_MAX))?;
    let (mailbox, mail) = channel::bounded(MAILBOX_SIZE);
    fiber::scope(|s| {
        s.spawn(move || deliver(stream, &mail));
        let config =
            WebSocketConfig::default().read_buffer_size(4 * 1024).max_message_size(Some(LINE_SIZE_MAX));
        let number = room.lock().enter(mailbox);
        let half = Half { stream, room, number };
        let mut socket = WebSocket::from_partially_read(half, read_ahead, Role::Server, Some(config));
        // Who has not said goodbye is told so; if it has gone all the same, that concerns nobody else.
        if listen(&mut socket, room).is_err() {
            let code = if client.is_asked_to_go() { CloseCode::Away } else { CloseCode::Policy };
            let frame = encode(Frame::close(Some(CloseFrame { code, reason: "".into() })));
            let _ = socket.get_mut().write_all(&frame);
        }
        room.lock().mailboxes.remove(&number);
    });
    Ok(())
}

fn listen(socket: &mut WebSocket<Half<'_>>, room: &Mutex<Room>) -> Result<(), Error> {
    let mut is_asked = false;
    loop {
        match socket.read() {
            Ok(Message::Text(line)) => room.lock().say(&line),
            Ok(Message::Close(_)) => return socket.flush(),
            Ok(_) => {}
            Err(Error::Io(error)) if is_timeout(&error) && !is_asked => {
                is_asked = true;
                socket.send(Message::Ping(Vec::new().into()))?;
                continue;
            }
            Err(error) => return Err(error),
        }
        is_asked = false;
    }
}

/// Writes frames until nobody has any more for this client.
fn deliver(mut stream: &TcpStream, mail: &Receiver<Arc<[u8]>>) {
    while let Ok(frame) = mail.recv() {
        if stream.write_all(&frame).is_err() {
            break;
        }
    }
    // Wakes the fiber that reads, if it still does.
    let _ = stream.shutdown(Shutdown::Both);
}

fn main() -> io::Result<()> {
    let room = Mutex::new(Room::default());
    server::run(move |client| serve(client, &room))
}
