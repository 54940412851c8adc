//! Steering a server while it serves: its connections, its counts, its limits.

mod bytes;
mod changing;
mod counters;
mod listing;
mod processes;
mod waiting_room;

use crate::{
    clients::connect,
    util::{GUARD, Served, serve},
};
use socketserver::{ConnectionInfo, MixIn, Server, ServerBuilder, TcpStream, prelude::*};
use std::{
    io::{BufReader, Write},
    net::SocketAddr,
};

/// The state: says why it turns somebody away.
#[derive(Default)]
struct Door;
impl ServerHooks<Tcp> for Door {
    fn verify_request(&self, _: &TcpStream, peer: &SocketAddr) -> bool {
        peer.ip() != std::net::Ipv4Addr::new(127, 0, 0, 66)
    }
    fn reject_because(&self, request: &mut TcpStream, _: &SocketAddr, reason: socketserver::Refusal) {
        let _ = request.sendall(format!("{reason:?}").as_bytes());
    }
}

/// Answers each line with itself, or does what it says.
#[derive(Default)]
struct Lines;
impl KeepAliveRequestHandler<Door> for Lines {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, Door>) -> HandlerResult<KeepAlive> {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        match line.trim_end() {
            "fail" => return Err("as told".into()),
            "panic" => panic!("as told"),
            // The request goes on until the client sends more.
            "hold" => {
                cx.wfile.write_all(b"held\n")?;
                cx.wfile.flush()?;
                cx.rfile.read_line(&mut line)?;
            }
            "shake" => {
                cx.connection().set_activity(socketserver::Activity::Handshaking);
                cx.wfile.write_all(b"hand\n")?;
                cx.wfile.flush()?;
                cx.rfile.read_line(&mut line)?;
            }
            _ => {}
        }
        cx.wfile.write_all(line.as_bytes())?;
        Ok(KeepAlive::Yes)
    }
}

type Builder<M> = ServerBuilder<Tcp, Lines, M, Door>;
type Running<M> = Served<Server<Tcp, Lines, M, Door>>;

fn start<M>(set: impl FnOnce(Builder<M>) -> Builder<M>) -> Running<M>
where
    M: MixIn + socketserver::Runs<socketserver::kind::KeepAlive> + Default,
{
    serve(set(Server::<Tcp, Lines, M, Door>::builder()).bind("127.0.0.1:0").unwrap())
}

struct Client(BufReader<TcpStream>);

impl Client {
    fn new(server: SocketAddr) -> Client {
        Client(BufReader::new(connect(server)))
    }

    /// One that is in; "hello" has been a request.
    fn greeted(server: SocketAddr) -> Client {
        let mut client = Client::new(server);
        assert_eq!(client.ask("hello"), "hello");
        client
    }

    fn ask(&mut self, line: &str) -> String {
        self.say(line);
        self.hear()
    }

    fn say(&mut self, line: &str) {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// The next line; what there is at the end of the connection, be it a reset.
    fn hear(&mut self) -> String {
        let mut line = String::new();
        match self.0.read_line(&mut line) {
            Err(error) if error.kind() != std::io::ErrorKind::ConnectionReset => {
                panic!("{error} in {GUARD:?}")
            }
            _ => line.trim_end().to_owned(),
        }
    }

    /// Where it is, as the server sees it.
    fn address(&self) -> socketserver::Address {
        self.0.get_ref().getsockname().unwrap().into()
    }

    fn find(&self, list: &[ConnectionInfo]) -> Option<ConnectionInfo> {
        list.iter().find(|it| it.peer == self.address()).cloned()
    }
}
