//! `SocketServerTest`.

use super::echo::{
    MyHandler, dgram_examine_udp, dgram_examine_unix, run_server, stream_examine_tcp, stream_examine_unix,
};
use crate::{helper::parity, util::serve};
use socketserver::{
    ServerError, TcpServer, ThreadingTcpServer, ThreadingUdpServer, ThreadingUnixDatagramServer,
    ThreadingUnixStreamServer, UdpServer, UnixDatagramServer, UnixStreamServer, net,
};
use std::{io, path::PathBuf, sync::Arc};
use tempfile::TempDir;

/// `pickaddr`, for Unix sockets.
fn pickaddr() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("there is a place for temporary files");
    let path = directory.path().join("server");
    (directory, path)
}

#[test]
fn test_tcpserver() {
    run_server(&Arc::new(TcpServer::<MyHandler>::bind("127.0.0.1:0").unwrap()), stream_examine_tcp);
}

#[test]
fn test_threadingtcpserver() {
    run_server(&Arc::new(ThreadingTcpServer::<MyHandler>::bind("127.0.0.1:0").unwrap()), stream_examine_tcp);
}

#[test]
fn test_forkingtcpserver() {
    parity(&["forking", "tcp"]);
}

#[test]
fn test_unixstreamserver() {
    let (_directory, path) = pickaddr();
    run_server(&Arc::new(UnixStreamServer::<MyHandler>::bind(path).unwrap()), stream_examine_unix);
}

#[test]
fn test_threadingunixstreamserver() {
    let (_directory, path) = pickaddr();
    run_server(&Arc::new(ThreadingUnixStreamServer::<MyHandler>::bind(path).unwrap()), stream_examine_unix);
}

#[test]
fn test_forkingunixstreamserver() {
    parity(&["forking", "unix-stream"]);
}

#[test]
fn test_udpserver() {
    run_server(&Arc::new(UdpServer::<MyHandler>::bind("127.0.0.1:0").unwrap()), dgram_examine_udp);
}

#[test]
fn test_threadingudpserver() {
    run_server(&Arc::new(ThreadingUdpServer::<MyHandler>::bind("127.0.0.1:0").unwrap()), dgram_examine_udp);
}

#[test]
fn test_forkingudpserver() {
    parity(&["forking", "udp"]);
}

#[test]
fn test_unixdatagramserver() {
    let (directory, path) = pickaddr();
    let server = Arc::new(UnixDatagramServer::<MyHandler>::bind(path).unwrap());
    run_server(&server, |address| dgram_examine_unix(address, directory.path()));
}

#[test]
fn test_threadingunixdatagramserver() {
    let (directory, path) = pickaddr();
    let server = Arc::new(ThreadingUnixDatagramServer::<MyHandler>::bind(path).unwrap());
    run_server(&server, |address| dgram_examine_unix(address, directory.path()));
}

#[test]
fn test_forkingunixdatagramserver() {
    parity(&["forking", "unix-datagram"]);
}

#[test]
fn test_shutdown() {
    let mut serving = Vec::new();
    for _ in 0..20 {
        let server = serve(TcpServer::<MyHandler>::bind("127.0.0.1:0").unwrap());
        server.shutdown(); // the thread may not have begun to serve
        serving.push(server);
    }
    for server in serving {
        let kept = Arc::clone(&server);
        server.join().unwrap();
        kept.server_close();
    }
}

#[test]
fn test_close_immediately() {
    let server = ThreadingTcpServer::<MyHandler>::bind("127.0.0.1:0").unwrap();
    server.server_close();
}

/// The port −1, of which CPython's test makes use, can't be written here; other ways to fail are tried instead.
#[test]
fn test_tcpserver_bind_leak() {
    parity(&["bind-leak"]);
}

/// Rust's context manager is the server's scope. After it there is no server that could be asked for its descriptor.
#[test]
fn test_context_manager() {
    let (_directory, path) = pickaddr();
    let socket;
    {
        let server = UnixStreamServer::<MyHandler>::bind(&path).unwrap();
        socket = Arc::downgrade(&server.socket().unwrap());
        net::UnixStream::connect(&path).expect("it listens");
    }
    assert!(socket.upgrade().is_none(), "the socket is closed");
    assert_eq!(net::UnixStream::connect(&path).unwrap_err().kind(), io::ErrorKind::NotFound);

    // What CPython's test asserts can be asserted after `server_close`, which is all that its `__exit__` calls.
    let server = TcpServer::<MyHandler>::bind("127.0.0.1:0").unwrap();
    server.server_close();
    assert_eq!(server.fileno(), -1);
    assert!(matches!(server.serve_forever(), Err(ServerError::Closed)));
}
