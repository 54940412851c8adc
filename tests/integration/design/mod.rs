//! What a user is promised to be able to write compiles, and works.

mod written;

use crate::{
    helper::parity,
    util::{GUARD, ask, serve, wait_for},
};
use socketserver::net;
use std::{sync::Arc, thread, time::Duration};

#[test]
fn a_first_server_works() {
    let server =
        serve(socketserver::ThreadingTcpServer::<written::first::Upper>::bind("127.0.0.1:0").unwrap());
    assert_eq!(ask(server.server_address(), b"hello\nworld\n"), b"HELLO\nWORLD\n");
}

#[test]
fn a_raw_handler_and_one_of_datagrams_work() {
    let server = serve(socketserver::TcpServer::<written::second::Raw>::bind("127.0.0.1:0").unwrap());
    assert_eq!(ask(server.server_address(), b"as it came"), b"as it came");

    let server = serve(socketserver::UdpServer::<written::second::Time>::bind("127.0.0.1:0").unwrap());
    let client = net::UdpSocket::bind("127.0.0.1:0").unwrap();
    client.settimeout(Some(GUARD));
    client.sendto(b"what time is it?", server.server_address()).unwrap();
    let mut buf = [0; 64];
    let (n, _) = client.recvfrom(&mut buf).unwrap();
    assert_eq!(&buf[..n], b"tea time");
}

#[test]
fn one_handler_runs_in_many_ways() {
    let (here, _) = written::second::six_ways("127.0.0.1:0").unwrap();
    here.into_iter().for_each(written::expect_kv);
}

#[test]
fn one_handler_runs_in_child_processes() {
    parity(&["design-forking"]);
}

#[test]
fn a_room_of_chatters_works() {
    let server = serve(written::second::room("127.0.0.1:0").unwrap());
    let address = server.server_address();
    assert_eq!(ask(address, b"hello\n"), b"1 here\n");
    assert_eq!(ask(address, b"hello\n"), b"2 here\n");
    assert_eq!(server.state().members.lock().unwrap().len(), 2);
    wait_for("both to leave", || server.stats().active == 0);
    let ending = thread::spawn({
        let server = Arc::clone(&server);
        move || written::second::end(&server)
    });
    assert_eq!(ending.join().unwrap(), "0 drained, 0 forced");
    assert!(server.handle().shutdown(Duration::ZERO).drained == 0);
}
