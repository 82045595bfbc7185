//! System calls that fail now and then: every client is served all the same.

use crate::server::{Seen, Server, client, talk};

/// 60 clients, one after the other and then at once, of a server in which the system calls fail as strace's `inject` says.
fn serve_with(inject: &str) -> Option<Seen> {
    let inject = format!("inject={inject}");
    let server = Server::start_under(&["strace", "-f", "-qq", "-o", "/dev/null", "-e", &inject], 0)?;
    for _ in 0..30 {
        talk(&mut client(server.address), b"one after the other");
    }
    let mut clients: Vec<_> = (0..30).map(|_| client(server.address)).collect();
    for round in 0..3_u8 {
        clients.iter_mut().for_each(|client| talk(client, &[round; 10_000]));
    }
    drop(clients);
    let seen = server.end();
    assert_eq!(seen.connections, 60);
    Some(seen)
}

#[test]
fn no_descriptors_for_an_accept() {
    if let Some(seen) = serve_with("accept4:error=EMFILE:when=2+3") {
        assert!(seen.accept_errors >= 10, "{seen:?}: the accept loop is told");
    }
}

#[test]
fn a_connection_that_is_gone_before_its_accept() {
    if let Some(seen) = serve_with("accept4:error=ECONNABORTED:when=1+2") {
        assert_eq!(seen.accept_errors, 0, "passed over");
    }
}

#[test]
fn an_interrupted_accept() {
    if let Some(seen) = serve_with("accept4:error=EINTR:when=1+2") {
        assert_eq!(seen.accept_errors, 0, "made again");
    }
}

#[test]
fn an_interrupted_poll() {
    serve_with("epoll_wait,epoll_pwait,epoll_pwait2:error=EINTR:when=1+2");
}

#[test]
fn interrupted_reads_and_writes() {
    serve_with("recvfrom,sendto,read,write:error=EINTR:when=10+7");
}
