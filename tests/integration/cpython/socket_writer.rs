//! `SocketWriterTest`: `wfile` without a buffer.

use crate::helper::parity;
use socketserver::{
    HandlerResult, Sequential, ServerHooks, StreamContext, StreamRequestHandler, Tcp, TcpServer,
};
use std::{io::Write, net::TcpStream, os::fd::RawFd, sync::OnceLock};

#[derive(Default)]
struct Told(OnceLock<(RawFd, RawFd)>);
impl ServerHooks<Tcp> for Told {}

#[derive(Default)]
struct Handler;
impl StreamRequestHandler<Told> for Handler {
    fn handle(&mut self, cx: &mut StreamContext<'_, Told>) -> HandlerResult {
        fn is_a_writer(_: &impl Write) {} // Python: isinstance(wfile, io.BufferedIOBase)
        is_a_writer(&cx.wfile);
        cx.server.state().0.set((cx.wfile.fileno(), cx.request.fileno())).expect("one client");
        Ok(())
    }
}

#[test]
fn test_basics() {
    let server = TcpServer::<Handler, Sequential, Told>::bind("127.0.0.1:0").unwrap();
    drop(TcpStream::connect(server.server_address()).unwrap());
    server.handle_request().unwrap();
    let (of_wfile, of_request) = *server.state().0.get().expect("the handler was called");
    assert_eq!(of_wfile, of_request);
    assert!(of_request >= 0, "of an open descriptor");
}

/// Signals go to a process, so it has one of its own.
#[test]
fn test_write() {
    parity(&["socket-writer", "restarted"]);
}

/// As `test_write`, with a socket on which the kernel never resumes a system call after a signal: each interrupted one says EINTR.
#[test]
fn test_write_meets_eintr() {
    parity(&["socket-writer", "never-restarted"]);
}
