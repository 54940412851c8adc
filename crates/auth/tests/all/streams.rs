use crate::util::{ByteByByte, both, key, pair};
use socketserver_auth::{Duplex, HandshakeStream, Untimed, multiprocessing, mutual, oneway};
use std::io::{BufReader, BufWriter, Read, Write};
use std::thread;

#[test]
fn halves_may_be_buffered_and_nothing_after_the_handshake_is_lost() {
    let (mut client, request) = pair();
    let handler = thread::spawn(move || {
        let (mut rfile, mut wfile) = (BufReader::new(&request), BufWriter::new(&request));
        let server = multiprocessing::Listener::new(key("k"));
        server.handshake(&mut Duplex::new(&mut rfile, &mut wfile)).unwrap();
        let mut rest = String::new();
        rfile.read_to_string(&mut rest).unwrap();
        rest
    });
    multiprocessing::Client::new(key("k")).handshake(&mut client).unwrap();
    client.write_all(b"the first request").unwrap();
    drop(client);
    assert_eq!(handler.join().unwrap(), "the first request");
}

#[test]
fn a_byte_too_many_is_never_read() {
    // The answer, wrong as it happens, and the first request right behind it.
    let (mut client, mut request) = pair();
    let handler = thread::spawn(move || {
        oneway::Server::new(key("k")).handshake(&mut request).unwrap_err();
        let mut rest = String::new();
        request.read_to_string(&mut rest).unwrap();
        rest
    });
    client.write_all(&[0; 32]).unwrap();
    client.write_all(b"request").unwrap();
    let mut challenge = [0; 32];
    client.read_exact(&mut challenge).unwrap();
    drop(client);
    assert_eq!(handler.join().unwrap(), "request");
}

#[test]
fn bytes_may_arrive_one_at_a_time() {
    let (client, server) = both(
        |stream| mutual::Client::new(key("k")).handshake(&mut ByteByByte(stream)).is_ok(),
        |stream| mutual::Server::new(key("k")).handshake(&mut ByteByByte(stream)).is_ok(),
    );
    assert!(client && server);
    let (client, server) = both(
        |stream| multiprocessing::Client::new(key("k")).handshake(&mut ByteByByte(stream)).is_ok(),
        |stream| multiprocessing::Listener::new(key("k")).handshake(&mut ByteByByte(stream)).is_ok(),
    );
    assert!(client && server);
    let (client, server) = both(
        |stream| oneway::Client::new(key("k")).handshake(&mut ByteByByte(stream)).is_ok(),
        |stream| oneway::Server::new(key("k")).handshake(&mut ByteByByte(stream)).is_ok(),
    );
    assert!(client && server);
}

#[test]
fn borrowed_boxed_erased_and_untimed_streams_will_do() {
    let (mut client, request) = pair();
    let handler = thread::spawn(move || {
        let server = oneway::Server::new(key("k"));
        server.handshake(&mut &request).unwrap();
        let mut boxed: Box<dyn HandshakeStream> = Box::new(&request);
        server.handshake(&mut boxed).unwrap();
        server.handshake(boxed.as_mut()).unwrap();
        server.handshake(&mut Untimed::new(&request)).unwrap();
    });
    for _ in 0..4 {
        oneway::Client::new(key("k")).handshake(&mut client).unwrap();
    }
    handler.join().unwrap();
}

#[test]
fn the_hook_is_called_before_everything_and_once_after() {
    let (mut client, request) = pair();
    let handler = thread::spawn(move || {
        let mut calls = Vec::new();
        let mut halves = Duplex::new(&request, &request).with_deadline(|deadline| {
            calls.push(deadline);
            Ok(())
        });
        oneway::Server::new(key("k")).handshake(&mut halves).unwrap();
        calls
    });
    oneway::Client::new(key("k")).handshake(&mut client).unwrap();
    let calls = handler.join().unwrap();
    let (last, before) = calls.split_last().unwrap();
    assert_eq!(*last, None);
    // A write, a flush, a read; always the same instant.
    assert!(before.len() >= 3 && before.iter().all(|call| call.is_some() && *call == before[0]));
}

#[cfg(unix)]
#[test]
fn unix_sockets_will_do() {
    let (mut client, mut request) = std::os::unix::net::UnixStream::pair().unwrap();
    let handler = thread::spawn(move || mutual::Server::new(key("k")).handshake(&mut request).is_ok());
    assert!(mutual::Client::new(key("k")).handshake(&mut client).is_ok());
    assert!(handler.join().unwrap());
}
