//! Serving sockets that are open already, in the process or passed down to it; their files are never removed.

use crate::{
    clients::visit,
    subject::{self, Subject},
    util::{serve, tool, wait_for},
};
use socketserver::{Handled, Sequential, net, prelude::*};
use std::{
    ffi::OsString,
    net::{Ipv4Addr, TcpListener, UdpSocket},
    os::{
        fd::{AsRawFd, IntoRawFd, OwnedFd},
        unix::net::{UnixDatagram as StdDatagram, UnixListener},
    },
    path::Path,
};

#[derive(Default)]
struct Hello;
impl StreamRequestHandler for Hello {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        Ok(cx.wfile.write_all(b"hello")?)
    }
}
impl DatagramRequestHandler for Hello {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        Ok(write!(cx.wfile, "{}", cx.packet.len())?)
    }
}

/// All that a Unix stream server says.
fn heard_at(path: &Path) -> String {
    let mut answer = String::new();
    (&net::UnixStream::connect(path).unwrap()).read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn a_tcp_listener_is_served() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (address, number) = (listener.local_addr().unwrap(), listener.as_raw_fd());
    let waiting = std::net::TcpStream::connect(address).unwrap();
    let server = TcpServer::<Hello>::builder().serve_on(Tcp::from_fd(listener).unwrap()).unwrap();
    assert_eq!((server.server_address(), server.fileno()), (address, number));
    // It was a blocking one; a server on it doesn't block in accept.
    assert_eq!(server.handle_request().unwrap(), Handled::Request);
    drop(waiting);
    let _server = serve(server);
    assert_eq!(visit(address, b""), b"hello");
}

#[test]
fn a_bound_udp_socket_is_served() {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    let address = socket.local_addr().unwrap();
    let _server = serve(UdpServer::<Hello>::builder().serve_on(Udp::from_fd(socket, 10).unwrap()).unwrap());
    let client = net::UdpSocket::bind("127.0.0.1:0").unwrap();
    client.sendto(b"more than ten bytes", address).unwrap();
    let mut buf = [0; 10];
    assert_eq!(client.recvfrom(&mut buf).unwrap(), (2, address));
    assert_eq!(&buf[..2], b"10");
}

#[test]
fn the_file_of_an_adopted_unix_socket_stays() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let listener = UnixListener::bind(&path).unwrap();
    let server = UnixStreamServer::<Hello>::builder().serve_on(UnixStream::from_fd(listener).unwrap());
    let server = serve(server.unwrap());
    assert_eq!(server.server_address().as_path(), Some(&*path));
    assert_eq!(heard_at(&path), "hello");
    server.server_close();
    drop(server);
    assert!(path.exists());

    let path = folder.path().join("d");
    let transport = UnixDatagram::from_fd(StdDatagram::bind(&path).unwrap(), 100).unwrap();
    let server = serve(UnixDatagramServer::<Hello, Sequential>::builder().serve_on(transport).unwrap());
    let client = net::UnixDatagram::bind(folder.path().join("client")).unwrap();
    client.sendto(b"hello", &path).unwrap();
    assert_eq!(client.recvfrom(&mut [0; 10]).unwrap().0, 1);
    drop(server);
    assert!(path.exists());
}

#[test]
fn what_cant_be_served_isnt_adopted() {
    let says = |made: Result<(), ServerError>, number: i32, reason: &str| {
        let error = made.unwrap_err();
        assert_eq!(error.to_string(), format!("adopt descriptor {number}: {reason}"));
        assert!(matches!(error, ServerError::Adopt { descriptor, .. } if descriptor == number));
    };
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let number = udp.as_raw_fd();
    says(Tcp::from_fd(udp).map(drop), number, "a socket of another type");
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let number = tcp.as_raw_fd();
    says(Udp::from_fd(tcp, 1).map(drop), number, "a socket of another type");
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = std::net::TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    let number = client.as_raw_fd();
    says(Tcp::from_fd(client).map(drop), number, "the socket doesn't listen");
    let number = listener.as_raw_fd();
    says(UnixStream::from_fd(listener).map(drop), number, "not a Unix socket");
    let (_, unix) = StdDatagram::pair().unwrap();
    let number = unix.as_raw_fd();
    says(Udp::from_fd(unix, 1).map(drop), number, "not an Internet socket");
    let unbound = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).unwrap();
    let number = unbound.as_raw_fd();
    says(Udp::from_fd(unbound, 1).map(drop), number, "the socket isn't bound");
    let (_, unnamed) = StdDatagram::pair().unwrap();
    let number = unnamed.as_raw_fd();
    says(UnixDatagram::from_fd(unnamed, 1).map(drop), number, "the socket isn't bound");
    let file = OwnedFd::from(tempfile::tempfile().unwrap());
    let number = file.as_raw_fd();
    let error = Tcp::from_fd(file).unwrap_err().to_string();
    assert!(error.starts_with(&format!("adopt descriptor {number}: ")), "{error}");
}

#[test]
fn a_bare_number_is_adopted_once() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    let number = listener.into_raw_fd();
    let server = Tcp::from_fd(socketserver::adopt_fd(number).unwrap()).unwrap();
    let server = serve(TcpServer::<Hello>::builder().serve_on(server).unwrap());
    assert_eq!(visit(address, b""), b"hello");
    assert!(socketserver::adopt_fd(number).is_err(), "it has an owner");
    assert!(socketserver::adopt_fd(-1).is_err());
    drop(server);
}

/// The subject, activated by systemd's tool, which opens the socket and hands it down as descriptor 3.
fn activated(listens: &[&str], transport: &str) -> Option<Subject> {
    let mut by = vec![tool("systemd-socket-activate")?.into_os_string()];
    by.extend(listens.iter().map(OsString::from));
    Some(subject::start_under(&by, &["adopted", transport, "3"]))
}

#[test]
fn systemds_unix_socket_is_served_and_its_file_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let Some(subject) = activated(&["-l", path.to_str().unwrap()], "unix") else { return };
    wait_for("the socket", || std::os::unix::net::UnixStream::connect(&path).is_ok());
    assert_eq!(subject.line(), format!("serving {} on 3, true", path.display()));
    assert_eq!(heard_at(&path), path.display().to_string());
    subject.terminate();
    assert_eq!(subject.line(), "closed");
    assert!(subject.end().0.success());
    assert!(path.exists());
}

#[test]
fn systemds_datagram_socket_is_served_and_its_file_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d");
    let Some(subject) = activated(&["-d", "-l", path.to_str().unwrap()], "unixgram") else { return };
    let client = net::UnixDatagram::bind(folder.path().join("client")).unwrap();
    wait_for("the socket", || client.sendto(b"?", &path).is_ok());
    let mut buf = [0; 500];
    let n = client.recvfrom(&mut buf).unwrap().0;
    assert_eq!(&buf[..n], path.display().to_string().as_bytes());
    subject.terminate();
    assert!(subject.end().0.success());
    assert!(path.exists());
}

#[test]
fn systemds_tcp_socket_is_served() {
    // A port that was free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let Some(subject) = activated(&["-l", &address.to_string()], "tcp") else { return };
    wait_for("the socket", || std::net::TcpStream::connect(address).is_ok());
    assert_eq!(subject.after("serving "), format!("{address} on 3, true"));
    assert_eq!(visit(address, b""), address.to_string().as_bytes());
}
