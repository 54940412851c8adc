//! What a builder sets: the queue, the size of a datagram, shared ports; and binding apart from listening.

use crate::util::{GUARD, ask, serve, tool, wait_for};
use socketserver::{HandlerFn, Sequential, ServerBuilder, UdpSocket, net, prelude::*};
use std::{io, process::Command};

/// Says how long the datagram was, and whether it was longer.
#[derive(Default)]
struct Measure;
impl DatagramRequestHandler for Measure {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        assert_eq!(cx.rfile, cx.packet);
        Ok(write!(cx.wfile, "{} {}", cx.packet.len(), cx.is_truncated)?)
    }
}

#[derive(Default)]
struct Hello;
impl StreamRequestHandler for Hello {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        Ok(cx.wfile.write_all(b"hello")?)
    }
}

type Builder<T, H> = ServerBuilder<T, H, Sequential, ()>;

/// What the server says of a datagram of `size` bytes.
fn measured(builder: Builder<Udp, Measure>, sizes: &[usize]) -> Vec<String> {
    let server = serve(builder.bind("127.0.0.1:0").unwrap());
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.settimeout(Some(GUARD));
    let answer = |size: &usize| {
        client.sendto(&vec![7; *size], server.server_address()).unwrap();
        let mut buf = [0; 100];
        let (n, _) = client.recvfrom(&mut buf).unwrap();
        String::from_utf8(buf[..n].to_vec()).unwrap()
    };
    sizes.iter().map(answer).collect()
}

#[test]
fn a_datagram_is_cut_at_max_packet_size_and_says_so() {
    // 9000 bytes come as 8192, as in Python, where nothing tells.
    let by_default = measured(UdpServer::<Measure>::builder(), &[0, 1, 8192, 8193, 9000, 3]);
    assert_eq!(by_default, ["0 false", "1 false", "8192 false", "8192 true", "8192 true", "3 false"]);
    let small = measured(UdpServer::<Measure>::builder().max_packet_size(10), &[10, 11, 0]);
    assert_eq!(small, ["10 false", "10 true", "0 false"]);
    let none = measured(UdpServer::<Measure>::builder().max_packet_size(0), &[0, 1]);
    assert_eq!(none, ["0 false", "0 true"]);
    // The largest that IPv4 carries, and a size that no datagram has.
    for size in [65_507, 65_536, usize::MAX] {
        assert_eq!(
            measured(UdpServer::<Measure>::builder().max_packet_size(size), &[65_507]),
            ["65507 false"]
        );
    }
}

#[test]
fn unix_datagrams_may_be_larger_than_udps() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d");
    let builder: Builder<UnixDatagram, Measure> = UnixDatagramServer::<Measure>::builder();
    let _server = serve(builder.max_packet_size(100_000).bind(&path).unwrap());
    let client = net::UnixDatagram::bind(folder.path().join("client")).unwrap();
    client.sendto(&vec![7; 100_001], &path).unwrap();
    let mut buf = [0; 100];
    let (n, _) = client.recvfrom(&mut buf).unwrap();
    assert_eq!(&buf[..n], b"100000 true");
}

/// Linux lets one more connection wait than was asked for, and tells a Unix client that can't wait at once.
#[test]
#[cfg(target_os = "linux")]
fn request_queue_size_is_how_many_wait() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let builder: Builder<UnixStream, Hello> = UnixStreamServer::<Hello>::builder();
    let _server = builder.request_queue_size(3).bind(&path).unwrap();
    let address = net::socket2::SockAddr::unix(&path).unwrap();
    let connect = |_| {
        let client = net::socket2::Socket::new(net::socket2::Domain::UNIX, net::socket2::Type::STREAM, None)?;
        client.set_nonblocking(true)?;
        client.connect(&address).map(|()| client)
    };
    let clients: Vec<io::Result<_>> = (0..5).map(connect).collect();
    assert_eq!(clients.iter().map(Result::is_ok).collect::<Vec<_>>(), [true, true, true, true, false]);
}

#[test]
fn request_queue_size_is_1024_unless_set() {
    let Some(ss) = tool("ss") else { return };
    let queue = |builder: Builder<Tcp, Hello>| {
        let server = builder.bind("127.0.0.1:0").unwrap();
        let port = server.server_address().port();
        let output = Command::new(&ss).args(["-ltnH", &format!("sport = :{port}")]).output().unwrap();
        let output = String::from_utf8(output.stdout).unwrap();
        output.split_whitespace().nth(2).unwrap().parse::<u32>().unwrap()
    };
    let builder = TcpServer::<Hello>::builder;
    assert_eq!(queue(builder().request_queue_size(7)), 7);
    let most: u32 = std::fs::read_to_string("/proc/sys/net/core/somaxconn").unwrap().trim().parse().unwrap();
    assert_eq!(queue(builder()), most.min(1024));
    assert_eq!(queue(builder().request_queue_size(u32::MAX)), most);
}

#[test]
fn two_servers_share_a_port_if_both_allow_it() {
    let first = serve(TcpServer::<Hello>::builder().allow_reuse_port(true).bind("127.0.0.1:0").unwrap());
    let address = first.server_address();
    assert!(TcpServer::<Hello>::bind(address).is_err(), "both must");
    let second = serve(TcpServer::<Hello>::builder().allow_reuse_port(true).bind(address).unwrap());
    wait_for("the system to give clients to both", || {
        assert_eq!(ask(address, b""), b"hello");
        first.stats().accepted > 0 && second.stats().accepted > 0
    });

    let first = UdpServer::<Measure>::builder().allow_reuse_port(true).bind("127.0.0.1:0").unwrap();
    UdpServer::<Measure>::builder().allow_reuse_port(true).bind(first.server_address()).unwrap();
}

#[test]
fn a_port_cannot_be_shared_on_unix_sockets() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let error = UnixStreamServer::<Hello>::builder().allow_reuse_port(true).bind(&path).unwrap_err();
    assert_eq!(error.to_string(), format!("bind {}: unsupported", path.display()));
    let error = UnixDatagramServer::<Measure>::builder().allow_reuse_port(true).bind(&path).unwrap_err();
    assert!(matches!(error, ServerError::Bind { .. }), "{error}");
    assert!(!path.exists());
}

#[test]
fn addresses_are_used_again_at_once_unless_forbidden() {
    let reuses = |builder: Builder<Tcp, Hello>| {
        builder.bind("127.0.0.1:0").unwrap().setsockopt(|socket| socket.reuse_address()).unwrap()
    };
    assert!(reuses(TcpServer::<Hello>::builder()));
    assert!(!reuses(TcpServer::<Hello>::builder().allow_reuse_address(false)));
    let udp = UdpServer::<Measure>::bind("127.0.0.1:0").unwrap();
    assert!(!udp.setsockopt(|socket| socket.reuse_address()).unwrap());
}

#[test]
fn options_are_set_before_binding_and_before_listening() {
    let builder = TcpServer::<Hello>::builder().socket_options(|socket| {
        assert_eq!(socket.local_addr()?.as_socket().map_or(0, |it| it.port()), 0, "not bound yet");
        socket.set_recv_buffer_size(70_000)
    });
    let bound = builder.server_bind("127.0.0.1:0").unwrap();
    let address = bound.server_address();
    assert_ne!(address.port(), 0);
    assert!(bound.setsockopt(|socket| socket.recv_buffer_size()).unwrap() >= 70_000);
    assert!(!bound.setsockopt(|socket| socket.is_listener()).unwrap());
    assert_eq!(TcpStream::connect(address).unwrap_err().kind(), io::ErrorKind::ConnectionRefused);
    let server = serve(bound.server_activate().unwrap());
    assert_eq!(ask(server.server_address(), b""), b"hello");

    let failing = TcpServer::<Hello>::builder().socket_options(|_| Err(io::Error::other("no such option")));
    assert_eq!(failing.bind("127.0.0.1:0").unwrap_err().to_string(), "bind 127.0.0.1:0: no such option");
}

#[test]
fn a_bound_server_that_is_dropped_frees_its_port() {
    let handler = HandlerFn::new(|_: &mut StreamContext<'_>| Ok(()));
    let builder = TcpServer::<_>::builder().handler_factory(move |_| handler.clone());
    let bound = builder.server_bind("127.0.0.1:0").unwrap();
    let address = bound.server_address();
    drop(bound);
    std::net::TcpListener::bind(address).unwrap();
}
