//! `MiscTestCase`.

use super::echo::MyHandler;
use crate::util::{tool, wait_for};
use socketserver::{
    MixIn, Sequential, ServerHooks, StreamRequestHandler, Tcp, TcpServer, TcpStream, ThreadingMixIn,
    ThreadingTcpServer, Transport,
};
use std::{
    net::SocketAddr,
    process::Command,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    time::Duration,
};

/// Names each item by a path, which must exist, and keeps its last segment as text.
macro_rules! counterparts {
    ($($python:literal => $item:ident),* $(,)?) => {
        mod exist {
            #![allow(unused_imports, reason = "that they can be imported is what is tested")]
            $(use socketserver::$item as _;)*
        }
        const COUNTERPARTS: &[(&str, &str)] = &[$(($python, stringify!($item))),*];
    };
}
counterparts! {
    "BaseServer" => BaseServer,
    "TCPServer" => TcpServer,
    "UDPServer" => UdpServer,
    "UnixStreamServer" => UnixStreamServer,
    "UnixDatagramServer" => UnixDatagramServer,
    "ThreadingMixIn" => ThreadingMixIn,
    "ForkingMixIn" => ForkingMixIn,
    "ThreadingTCPServer" => ThreadingTcpServer,
    "ThreadingUDPServer" => ThreadingUdpServer,
    "ThreadingUnixStreamServer" => ThreadingUnixStreamServer,
    "ThreadingUnixDatagramServer" => ThreadingUnixDatagramServer,
    "ForkingTCPServer" => ForkingTcpServer,
    "ForkingUDPServer" => ForkingUdpServer,
    "ForkingUnixStreamServer" => ForkingUnixStreamServer,
    "ForkingUnixDatagramServer" => ForkingUnixDatagramServer,
    "BaseRequestHandler" => BaseRequestHandler,
    "StreamRequestHandler" => StreamRequestHandler,
    "DatagramRequestHandler" => DatagramRequestHandler,
}

#[test]
fn test_all() {
    assert_eq!(COUNTERPARTS.len(), 18);
    for (python, rust) in COUNTERPARTS {
        assert_eq!(python.replace("TCP", "Tcp").replace("UDP", "Udp"), *rust, "Python's name in Rust's case");
    }
    // Python itself is asked whether the list is whole, if it is at hand and not too old.
    let Some(python) = tool("python3") else { return };
    let script = "import socketserver; print(*socketserver.__all__)";
    let output = Command::new(python).args(["-c", script]).output().unwrap();
    for name in String::from_utf8(output.stdout).unwrap().split_whitespace() {
        assert!(COUNTERPARTS.iter().any(|(python, _)| *python == name), "{name} has no counterpart");
    }
}

#[derive(Default)]
struct Refusing {
    shutdown_called: AtomicUsize,
}
impl ServerHooks<Tcp> for Refusing {
    fn verify_request(&self, _request: &TcpStream, _client_address: &SocketAddr) -> bool {
        false
    }
    fn shutdown_request(&self, request: &mut TcpStream) {
        self.shutdown_called.fetch_add(1, SeqCst);
        Tcp::shutdown_request(request);
    }
}

#[derive(Default)]
struct NeverRun;
impl<S> StreamRequestHandler<S> for NeverRun {
    fn handle(&mut self, _cx: &mut socketserver::StreamContext<'_, S>) -> socketserver::HandlerResult {
        unreachable!("the request was refused")
    }
}

#[test]
fn test_shutdown_request_called_if_verify_request_false() {
    fn with<M: MixIn + Default>(server: TcpServer<NeverRun, M, Refusing>) {
        drop(std::net::TcpStream::connect(server.server_address()).unwrap());
        server.handle_request().unwrap();
        server.server_close();
        assert_eq!(server.state().shutdown_called.load(SeqCst), 1);
        assert_eq!(server.stats().refused, 1);
    }
    with(TcpServer::<NeverRun, Sequential, Refusing>::bind("127.0.0.1:0").unwrap());
    with(ThreadingTcpServer::<NeverRun, Refusing>::bind("127.0.0.1:0").unwrap());
}

#[test]
fn test_threads_reaped() {
    let server = ThreadingTcpServer::<MyHandler>::builder()
        .mixin(ThreadingMixIn::default().idle_time(Duration::ZERO)) // a thread ends with its request, as in Python
        .bind("127.0.0.1:0")
        .unwrap();
    for _ in 0..10 {
        let client = std::net::TcpStream::connect(server.server_address()).unwrap();
        server.handle_request().unwrap();
        drop(client);
    }
    // Python: fewer than ten are still known; here none, once the last has ended.
    wait_for("the threads to be forgotten", || server.mixin().threads() == 0);
    assert_eq!(server.stats().accepted, 10);
    server.server_close();
}
