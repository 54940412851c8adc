use crate::util::{cause, key, pair};
use socketserver_auth::{HandshakeStream, multiprocessing, mutual, oneway};
use socketserver_net::{Connection, Deadline, StreamRequest, TcpStream, TimedOut, UnixStream};
use std::io::{Read, Write};
use std::thread;
use std::time::{Duration, Instant};

/// A client's end as the standard library has it, and a server's as its handlers are given it.
fn ends() -> (std::net::TcpStream, TcpStream) {
    let (client, request) = pair();
    (client, request.into())
}

#[test]
fn a_handlers_request_will_do_owned_borrowed_and_as_a_connection() {
    let (mut client, mut request) = ends();
    let handler = thread::spawn(move || {
        let server = oneway::Server::new(key("k"));
        let mut connection: Connection = request.connection();
        server.handshake(&mut request).unwrap();
        server.handshake(&mut &request).unwrap();
        server.handshake(&mut connection).unwrap();
        server.handshake(&mut &connection).unwrap();
    });
    for _ in 0..4 {
        oneway::Client::new(key("k")).handshake(&mut client).unwrap();
    }
    handler.join().unwrap();
}

#[test]
fn both_ends_may_be_ours_over_unix_sockets_too() {
    let (client, request) = std::os::unix::net::UnixStream::pair().unwrap();
    let (mut client, request) = (UnixStream::from(client), UnixStream::from(request));
    let handler = thread::spawn(move || {
        multiprocessing::Listener::new(key("k")).handshake(&mut &request).unwrap();
        let mut session = mutual::Server::new(key("k")).handshake(&mut &request).unwrap();
        session.recv(&mut &request).unwrap()
    });
    multiprocessing::Client::new(key("k")).handshake(&mut client).unwrap();
    let mut session = mutual::Client::new(key("k")).handshake(&mut client).unwrap();
    session.send(&mut client, b"sealed").unwrap();
    assert_eq!(handler.join().unwrap().unwrap(), b"sealed");
}

#[test]
fn a_silent_or_dripping_peer_is_left_at_the_deadline() {
    for drip in [false, true] {
        let (mut client, request) = ends();
        let handler = thread::spawn(move || {
            let server = mutual::Server::new(key("k")).timeout(Duration::from_millis(100));
            (cause(server.handshake(&mut &request)), request)
        });
        // Until nobody takes the bytes any more.
        while drip && !handler.is_finished() && client.write_all(&[0]).is_ok() {
            thread::sleep(Duration::from_millis(10));
        }
        let (failure, request) = handler.join().unwrap();
        // 64 bytes are an answer, a wrong one; a machine that sleeps too long doesn't get so far.
        assert_eq!(failure, "TimedOut", "drip: {drip}");
        drop(request);
    }
}

#[test]
fn the_streams_own_timeouts_come_back() {
    let (client, request) = ends();
    drop(client);
    request.set_read_timeout(Some(Duration::from_secs(70)));
    request.set_write_timeout(Some(Duration::from_secs(80)));
    assert_eq!(cause(oneway::Server::new(key("k")).handshake(&mut request.connection())), "Closed");
    assert_eq!(request.gettimeout(), Some(Duration::from_secs(70)));
    assert_eq!(request.write_timeout(), Some(Duration::from_secs(80)));
    assert_eq!(request.save_timeouts().unwrap(), request.connection().save_timeouts().unwrap());
}

/// A server may give the whole request a deadline; a handshake neither outlasts nor removes it.
#[test]
fn the_deadline_of_the_request_stays() {
    let (mut client, mut request) = ends();
    request.set_deadline(Some((Instant::now(), Deadline::Request)));
    assert_eq!(cause(oneway::Server::new(key("k")).handshake(&mut request)), "TimedOut");
    let late = request.recv(&mut [0]).unwrap_err();
    assert_eq!(TimedOut::of(&late).unwrap().deadline, Deadline::Request);
    drop(request);
    assert!(client.read(&mut [0]).is_ok_and(|n| n == 0));
}
