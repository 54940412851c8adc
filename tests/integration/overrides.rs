//! What overriding the hooks of a server can do, as Python programs do in a subclass.

use crate::util::{GUARD, serve, wait_for};
use parking_lot::Mutex;
use socketserver::{
    FinishRequest, HandlerError, Job, Limit, MixIn, Sequential, Server, ThreadingMixIn, Transport, prelude::*,
};
use std::{io, net::SocketAddr};

/// Refuses all but the address in it; says goodbye to those who were served.
#[derive(Default)]
struct Bouncer(Mutex<Vec<SocketAddr>>);
impl ServerHooks<Tcp> for Bouncer {
    fn verify_request(&self, request: &TcpStream, peer: &SocketAddr) -> bool {
        assert_eq!(request.getpeername().unwrap(), *peer);
        self.0.lock().contains(peer)
    }
    fn shutdown_request(&self, request: &mut TcpStream) {
        let _ = request.sendall(b"goodbye");
        Tcp::shutdown_request(request);
    }
}
#[derive(Default)]
struct Hello;
impl<S> StreamRequestHandler<S> for Hello {
    fn handle(&mut self, cx: &mut StreamContext<'_, S>) -> HandlerResult {
        Ok(cx.wfile.write_all(b"hello ")?)
    }
}

/// What comes until the server ends the connection.
fn rest(mut client: TcpStream) -> String {
    client.settimeout(Some(GUARD));
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    answer
}

#[test]
fn verify_request_and_shutdown_request_decide() {
    let server = TcpServer::<Hello, Sequential, Bouncer>::bind("127.0.0.1:0").unwrap();
    let clients = [0, 1].map(|_| TcpStream::connect(server.server_address()).unwrap());
    server.state().0.lock().push(clients[0].getsockname().unwrap());
    let server = serve(server);
    let answers = clients.map(rest);
    assert_eq!(
        answers,
        ["hello goodbye", "goodbye"],
        "also the one that was refused is shut down, as in Python"
    );
    wait_for("the end", || server.stats().active == 0);
    assert_eq!((server.stats().completed, server.stats().refused), (1, 1));
}

/// Overrides the rest, each in a way that Python programs do.
#[derive(Default)]
struct Odd {
    kept: Mutex<Vec<TcpStream>>,
    told: Mutex<Vec<String>>,
}
impl ServerHooks<Tcp> for Odd {
    fn get_request(&self, transport: &Tcp) -> io::Result<(TcpStream, SocketAddr)> {
        let (request, peer) = transport.get_request()?;
        request.sendall(b"accepted ")?;
        Ok((request, SocketAddr::new(peer.ip(), 7))) // as behind a proxy
    }
    fn process_request<M: MixIn>(&self, job: Job<Tcp, Self>, _mixin: &M) {
        job.run(); // here, whatever the mix-in
    }
    fn finish_request(&self, mut request: FinishRequest<'_, Tcp, Self>) -> HandlerResult {
        let greeting = format!("you are {} ", request.client_address());
        request.request().sendall(greeting.as_bytes())?;
        request.finish()?;
        Err("enough".into())
    }
    fn shutdown_request(&self, _: &mut TcpStream) {}
    fn close_request(&self, request: TcpStream) {
        self.kept.lock().push(request); // somebody else goes on with it
    }
    fn handle_error(&self, peer: &SocketAddr, error: &HandlerError) {
        self.told.lock().push(format!("{peer}: {error}"));
    }
    fn reject_request(&self, request: &mut TcpStream, peer: &SocketAddr) {
        let _ = request.sendall(format!("no room for {peer}").as_bytes());
    }
}

#[test]
fn every_other_hook_can_be_replaced() {
    let server = serve(Server::<Tcp, Hello, ThreadingMixIn, Odd>::bind("127.0.0.1:0").unwrap());
    let client = TcpStream::connect(server.server_address()).unwrap();
    wait_for("the request to be kept", || server.state().kept.lock().len() == 1);
    assert_eq!(*server.state().told.lock(), ["127.0.0.1:7: enough"]);
    assert_eq!(server.mixin().threads(), 0);
    let kept = server.state().kept.lock().pop().unwrap();
    kept.sendall(b"and on").unwrap();
    drop(kept);
    assert_eq!(rest(client), "accepted you are 127.0.0.1:7 hello and on");
    assert_eq!(server.stats().failed, 1);
}

#[test]
fn reject_request_tells_a_client_why() {
    let server = TcpServer::<Hello, Sequential, Odd>::builder().max_connections(Limit::reject(0));
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    let client = TcpStream::connect(server.server_address()).unwrap();
    wait_for("the request to be kept", || server.state().kept.lock().pop().is_some());
    assert_eq!(rest(client), "accepted no room for 127.0.0.1:7");
    assert_eq!((server.stats().accepted, server.stats().refused), (1, 1));
}
