//! What CPython's `SocketServerTest` does with a server of each kind. Used here, and by the helper program where the server forks.

use crate::util::{GUARD, serve_shared};
use socketserver::{
    Address, BaseServer, DatagramContext, DatagramRequestHandler, HandlerResult, MixIn, Server, ServerHooks,
    StreamContext, StreamRequestHandler, Transport, UnixAddress, net,
};
use std::{
    io::{BufRead, Write},
    net::SocketAddr,
    path::Path,
    sync::Arc,
};

const TEST_STR: &[u8] = b"hello world\n";

/// `MyHandler`, of either base class: reads a line, writes it.
#[derive(Default)]
pub(crate) struct MyHandler;

impl StreamRequestHandler for MyHandler {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        let mut line = Vec::new();
        cx.rfile.read_until(b'\n', &mut line)?;
        Ok(cx.wfile.write_all(&line)?)
    }
}

impl DatagramRequestHandler for MyHandler {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        cx.rfile.read_until(b'\n', &mut cx.wfile)?;
        Ok(())
    }
}

/// `make_server` and `run_server`: checks the address, serves three clients one after another, shuts down, closes, and checks what
/// is left.
pub(crate) fn run_server<T: Transport, M: MixIn, S: ServerHooks<T>>(
    server: &Arc<Server<T, MyHandler, M, S>>,
    examine: impl Fn(&T::Address),
) {
    let bound_to = server.setsockopt(|socket| socket.local_addr()).expect("it is open");
    assert_eq!(server.server_address().into(), Address::from(&bound_to));

    let served = serve_shared(server.clone());
    for _ in 0..3 {
        examine(&server.server_address());
    }
    server.shutdown();
    served.join().expect("nothing ended the loop but the shutdown");
    server.server_close();

    assert_eq!(server.fileno(), -1);
    // Python's `handle_error` raises here, so that a failed request fails the test.
    let stats = BaseServer::stats(&**server);
    assert_eq!((stats.completed, stats.active), (3, 0), "{stats:?}");
}

pub(crate) fn stream_examine_tcp(address: &SocketAddr) {
    let stream = net::TcpStream::connect(address).expect("the server listens");
    stream.settimeout(Some(GUARD));
    expect_echo(&stream);
}

pub(crate) fn stream_examine_unix(address: &UnixAddress) {
    let stream = net::UnixStream::connect(address).expect("the server listens");
    stream.settimeout(Some(GUARD));
    expect_echo(&stream);
}

fn expect_echo(stream: &net::Socket) {
    stream.sendall(TEST_STR).expect("the server reads");
    let mut received = Vec::new();
    while !received.contains(&b'\n') {
        let mut buf = [0; 100];
        let n = stream.recv(&mut buf).expect("the server answers");
        assert!(n > 0, "the server answers before it closes; got {received:?}");
        received.extend_from_slice(&buf[..n]);
    }
    assert_eq!(received, TEST_STR);
}

pub(crate) fn dgram_examine_udp(address: &SocketAddr) {
    let socket = net::UdpSocket::bind("127.0.0.1:0").expect("a port is free");
    socket.settimeout(Some(GUARD));
    socket.sendto(TEST_STR, address).expect("loopback takes it");
    let mut buf = [0; 100];
    let (n, from) = socket.recvfrom(&mut buf).expect("the server answers");
    assert_eq!((&buf[..n], from), (TEST_STR, *address));
}

/// The client binds a path of its own in `directory`, or it couldn't be answered.
pub(crate) fn dgram_examine_unix(address: &UnixAddress, directory: &Path) {
    let client = tempfile::tempdir_in(directory).expect("the directory is ours");
    let socket = net::UnixDatagram::bind(client.path().join("client")).expect("the path is free");
    socket.settimeout(Some(GUARD));
    socket.sendto(TEST_STR, address).expect("the server's queue has room");
    let mut buf = [0; 100];
    let (n, from) = socket.recvfrom(&mut buf).expect("the server answers");
    assert_eq!((&buf[..n], from.as_ref()), (TEST_STR, Some(address)));
}
