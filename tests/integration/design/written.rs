//! What a user is promised to be able to write, as it was promised but for imports, names of addresses and what the promise leaves out.
#![allow(dead_code, reason = "the helper program uses a part of it")]

use crate::util::{ask, serve_shared};
use socketserver::BaseServer;
use std::sync::Arc;

/// A server in fifteen lines.
#[rustfmt::skip]
pub(crate) mod first {
    use socketserver::prelude::*;

    #[derive(Default)]
    pub(crate) struct Upper;

    impl StreamRequestHandler for Upper {                       // rfile / wfile, as in Python
        fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
            let mut line = String::new();
            while cx.rfile.read_line(&mut line)? > 0 {
                cx.wfile.write_all(line.to_uppercase().as_bytes())?;
                line.clear();
            }
            Ok(())
        }
    }

    #[allow(dead_code, reason = "not run: the port may be taken")]
    fn main() -> Result<(), ServerError> {
        let server = ThreadingTcpServer::<Upper>::bind("127.0.0.1:8080")?;
        println!("listening on {}", server.server_address());
        server.serve_forever()
    }
}

/// The other ways to write a handler, the ways to run one, and a state.
#[rustfmt::skip]
pub(crate) mod second {
    use socketserver::prelude::*;
    use std::{net::SocketAddr, sync::Mutex, time::Duration};

    #[derive(Default)]
    pub(crate) struct Raw;
    impl BaseRequestHandler<TcpStream> for Raw {
        fn handle(&mut self, cx: &mut Context<'_, TcpStream>) -> HandlerResult {
            let mut buf = [0; 1024];
            let n = cx.request.recv(&mut buf)?;
            cx.request.sendall(&buf[..n])?;
            Ok(())
        }
    }

    #[derive(Default)]
    pub(crate) struct Time;
    impl DatagramRequestHandler for Time {
        fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
            assert_eq!(cx.packet, b"what time is it?");
            cx.wfile.write_all(b"tea time")?;
            Ok(())
        }
    }

    #[derive(Default)]
    pub(crate) struct Kv;
    impl KeepAliveRequestHandler for Kv {
        fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
            let mut line = String::new();
            cx.rfile.read_line(&mut line)?;
            cx.wfile.write_all(line.as_bytes())?;
            Ok(KeepAlive::Yes)
        }
    }

    type Servers = Vec<Box<dyn BaseServer>>;

    /// Those that run where they are, and those that fork.
    pub(crate) fn six_ways(addr: &str) -> Result<(Servers, Servers), ServerError> {
        let a = TcpServer::<Kv>::bind(addr)?;                        // the same handler,
        let b = ThreadingTcpServer::<Kv>::bind(addr)?;               // run six ways,
        let c = ThreadPoolTcpServer::<Kv>::bind(addr)?;              // not a line of it changed
        let d = ForkingTcpServer::<Kv>::bind(addr)?;
        let e = PreforkTcpServer::<Kv>::bind(addr)?;
        let f = ReactorTcpServer::<Kv>::bind(addr)?;                 // 100,000 idle clients on a handful of threads
        Ok((vec![Box::new(a), Box::new(b), Box::new(c), Box::new(f)], vec![Box::new(d), Box::new(e)]))
    }

    pub(crate) struct Room { pub(crate) members: Mutex<Vec<SocketAddr>> }   // Python: class Room(ThreadingTCPServer)
    impl ServerHooks<Tcp> for Room {
        fn verify_request(&self, _request: &TcpStream, peer: &SocketAddr) -> bool { peer.ip().is_loopback() }
    }
    impl Room {
        fn new() -> Self {
            Room { members: Mutex::default() }
        }
    }

    #[derive(Default)]
    pub(crate) struct Chat;
    impl StreamRequestHandler<Room> for Chat {
        fn handle(&mut self, cx: &mut StreamContext<'_, Room>) -> HandlerResult {
            let mut line = String::new();
            while !cx.server.is_draining() && cx.rfile.read_line(&mut line)? > 0 {
                let members = &mut *cx.server.state().members.lock().unwrap();
                members.extend(cx.client_address.as_inet());
                writeln!(cx.wfile, "{} here", members.len())?;
            }
            Ok(())
        }
    }

    pub(crate) fn room(addr: &str) -> Result<ThreadPoolTcpServer<Chat, Room>, ServerError> {
        let server = ThreadPoolTcpServer::<Chat, Room>::builder()
            .state(Room::new())
            .request_queue_size(1024)                                // Python's attribute names, where there is one
            .max_connections(Limit::backlog(10_000))
            .request_timeout(Duration::from_secs(30))
            .bind(addr)?;
        Ok(server)
    }

    pub(crate) fn end(server: &ThreadPoolTcpServer<Chat, Room>) -> String {
        let handle = server.handle();                                // Clone + Send + Sync, no type parameters
        let report = handle.shutdown(Duration::from_secs(10));       // from anywhere, a handler or a signal too
        format!("{} drained, {} forced", report.drained, report.forced)
    }
}

/// Checks that a server of [`second::Kv`] works, however it runs it.
pub(crate) fn expect_kv(server: Box<dyn BaseServer>) {
    let server = serve_shared::<dyn BaseServer>(Arc::from(server));
    let address = server.server_address().as_inet().expect("a TCP server");
    assert_eq!(ask(address, b"one\ntwo\n"), b"one\ntwo\n");
    server.stop().unwrap();
}
