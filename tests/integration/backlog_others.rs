//! What isn't TCP at a shutdown: datagrams, Unix sockets, adopted sockets, a transport that somebody keeps.

use crate::util::{GUARD, serve, wait_for};
use socketserver::{Backlog, Datagram, Refusal, Sequential, ShutdownReport, net, prelude::*};
use std::{
    io::{self, Read, Write},
    net::{SocketAddr, TcpListener, UdpSocket},
    os::unix::net::UnixStream as Client,
};

#[derive(Default)]
struct Upper;
impl DatagramRequestHandler<Telling> for Upper {
    fn handle(&mut self, cx: &mut DatagramContext<'_, Telling>) -> HandlerResult {
        cx.wfile = cx.packet.to_ascii_uppercase();
        Ok(())
    }
}
impl StreamRequestHandler<Telling> for Upper {
    fn handle(&mut self, cx: &mut StreamContext<'_, Telling>) -> HandlerResult {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        Ok(cx.wfile.write_all(line.to_uppercase().as_bytes())?)
    }
}

/// Who is turned away is told why.
#[derive(Default)]
struct Telling;
impl ServerHooks<Udp> for Telling {
    fn reject_because(&self, request: &mut Datagram, peer: &SocketAddr, reason: Refusal) {
        let _ = request.socket().sendto(format!("{reason:?}").as_bytes(), &(*peer).into());
    }
}
impl ServerHooks<socketserver::UnixStream> for Telling {
    fn reject_because(&self, request: &mut net::UnixStream, _: &net::UnixAddress, reason: Refusal) {
        let _ = request.sendall(format!("{reason:?}").as_bytes());
    }
}
impl ServerHooks<Tcp> for Telling {}

/// Served, refused in the shutdown, and what each client hears.
const CHOICES: [(Backlog, usize, u64, &str); 3] =
    [(Backlog::Serve, 3, 0, "HELLO"), (Backlog::Refuse, 0, 3, "Draining"), (Backlog::Keep, 0, 0, "Draining")];

/// Stops a server in whose backlog three wait, and closes it.
fn end(server: impl BaseServer + 'static) -> ShutdownReport {
    let server = serve(server);
    server.wait_until_asleep();
    let report = server.handle().shutdown(GUARD);
    server.server_close();
    report
}

#[test]
fn datagrams_are_served_or_refused_alike() {
    for (backlog, served, refused, expected) in CHOICES {
        let server = UdpServer::<Upper, Sequential, Telling>::builder().backlog_at_shutdown(backlog);
        let server = server.bind("127.0.0.1:0").unwrap();
        let handle = server.handle();
        handle.suspend();
        let client = UdpSocket::bind("127.0.0.1:0").unwrap();
        client.set_read_timeout(Some(GUARD)).unwrap();
        for _ in 0..3 {
            client.send_to(b"hello", server.server_address()).unwrap();
        }
        let report = end(server);
        assert_eq!((report.drained, report.refused), (served, refused), "{backlog:?}");
        for _ in 0..3 {
            let mut reply = [0; 100];
            let length = client.recv(&mut reply).unwrap();
            assert_eq!(String::from_utf8_lossy(&reply[..length]), expected, "{backlog:?}");
        }
        let stats = handle.stats();
        assert_eq!((stats.accepted, stats.completed), (3, served as u64), "{backlog:?}");
        assert_eq!(stats.refused_by.draining, 3 - served as u64, "{backlog:?}");
    }
}

#[test]
fn clients_of_unix_sockets_are_served_or_refused_alike() {
    let place = tempfile::tempdir().unwrap();
    for (backlog, served, refused, expected) in CHOICES {
        let path = place.path().join(format!("{backlog:?}"));
        let server =
            ThreadingUnixStreamServer::<Upper, Telling>::builder().backlog_at_shutdown(backlog).bind(&*path);
        let server = server.unwrap();
        let handle = server.handle();
        handle.suspend();
        let clients = [(); 3].map(|()| {
            let mut client = Client::connect(&path).unwrap();
            client.set_read_timeout(Some(GUARD)).unwrap();
            client.write_all(b"hello").unwrap();
            client.shutdown(std::net::Shutdown::Write).unwrap();
            client
        });
        let report = end(server);
        assert_eq!((report.drained, report.refused), (served, refused), "{backlog:?}");
        for mut client in clients {
            let mut heard = String::new();
            client.read_to_string(&mut heard).unwrap();
            assert_eq!(heard, expected, "{backlog:?}");
        }
        assert_eq!(handle.stats().refused_by.draining, 3 - served as u64, "{backlog:?}");
    }
}

/// Its queue belongs to all who have the socket, and they may serve it yet.
#[test]
fn who_waits_on_a_socket_that_others_have_is_left_alone() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let adopted = Tcp::from_fd(listener.try_clone().unwrap()).unwrap();
    let server = TcpServer::<Upper, Sequential, Telling>::builder().serve_on(adopted).unwrap();
    listener.set_nonblocking(true).unwrap();
    let client = std::net::TcpStream::connect(server.server_address()).unwrap();
    server.server_close();
    assert_eq!(server.stats().accepted, 0);
    // A client is connected a moment before it is in the queue.
    let mut accepted = None;
    wait_for("the client", || {
        accepted = listener.accept().ok();
        accepted.is_some()
    });
    assert_eq!(accepted.unwrap().1, client.local_addr().unwrap());

    let server = TcpServer::<Upper, Sequential, Telling>::bind("127.0.0.1:0").unwrap();
    let kept = server.socket().unwrap();
    let client = std::net::TcpStream::connect(server.server_address()).unwrap();
    server.server_close();
    assert_eq!(server.stats().accepted, 0);
    let mut accepted = None;
    wait_for("the client", || {
        accepted = socketserver::Transport::get_request(&*kept).ok();
        accepted.is_some()
    });
    assert_eq!(accepted.unwrap().1, client.local_addr().unwrap());
    let none = socketserver::Transport::get_request(&*kept).unwrap_err();
    assert_eq!(none.kind(), io::ErrorKind::WouldBlock);
}
