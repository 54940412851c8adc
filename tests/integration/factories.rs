//! How handlers come to be: by default, by a function of the request, from closures of all three kinds.

use crate::{
    clients::{connect, rest, visit},
    util::{GUARD, serve},
};
use socketserver::{HandlerFn, Sequential, ThreadingMixIn, UdpSocket, prelude::*};
use std::{
    net::{Shutdown, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

#[test]
fn each_request_has_a_handler_of_its_own() {
    #[derive(Default)]
    struct Counter(u32);
    impl StreamRequestHandler for Counter {
        fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
            self.0 += 1;
            Ok(write!(cx.wfile, "{}", self.0)?)
        }
    }
    let server = serve(TcpServer::<Counter>::bind("127.0.0.1:0").unwrap());
    for _ in 0..3 {
        assert_eq!(visit(server.server_address(), b""), b"1");
    }
}

/// What has no default is made from the request, the client's address and the state.
#[test]
fn a_factory_makes_handlers_from_the_request() {
    struct Tell {
        who: SocketAddr,
        number: usize,
        tools: Arc<str>,
    }
    impl<S> StreamRequestHandler<S> for Tell {
        fn handle(&mut self, cx: &mut StreamContext<'_, S>) -> HandlerResult {
            Ok(write!(cx.wfile, "{} {} {}", self.who, self.number, self.tools)?)
        }
    }
    #[derive(Default)]
    struct Visitors(AtomicUsize);
    impl ServerHooks<Tcp> for Visitors {}

    let tools: Arc<str> = "hammer".into();
    let server = TcpServer::<Tell, Sequential, Visitors>::builder().handler_factory(move |cx| {
        assert_eq!(cx.request.getpeername().unwrap(), *cx.client_address);
        let number = cx.server.state().0.fetch_add(1, SeqCst);
        Tell { who: *cx.client_address, number, tools: tools.clone() }
    });
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    for number in 0..2 {
        let client = connect(server.server_address());
        let expected = format!("{} {number} hammer", client.getsockname().unwrap());
        assert_eq!(rest(client), expected.as_bytes());
    }
}

#[test]
fn a_closure_of_a_stream_serves_streams() {
    let greet = |cx: &mut StreamContext<'_>| Ok(cx.wfile.write_all(b"hello")?);
    let server = serve(TcpServer::<_>::bind_fn("127.0.0.1:0", greet).unwrap());
    assert_eq!(visit(server.server_address(), b""), b"hello");
    let server = serve(ThreadingTcpServer::<_>::bind_fn("127.0.0.1:0", greet).unwrap());
    assert_eq!(visit(server.server_address(), b""), b"hello");
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let _server = serve(UnixStreamServer::<_>::bind_fn(&path, greet).unwrap());
    let mut answer = String::new();
    (&socketserver::net::UnixStream::connect(&path).unwrap()).read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "hello");
}

#[test]
fn a_closure_that_returns_keep_alive_serves_one_request_after_another() {
    let server = TcpServer::<_>::bind_fn("127.0.0.1:0", |cx: &mut StreamContext<'_>| {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        cx.wfile.write_all(line.to_uppercase().as_bytes())?;
        Ok(if line == "quit\n" { KeepAlive::No } else { KeepAlive::Yes })
    });
    let server = serve(server.unwrap());
    let mut client = connect(server.server_address());
    for line in [&b"one\n"[..], b"two\n"] {
        client.sendall(line).unwrap();
        let mut answer = [0; 4];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(answer, *line.to_ascii_uppercase());
    }
    client.sendall(b"quit\n").unwrap();
    assert_eq!(rest(client), b"QUIT\n");
}

#[test]
fn a_closure_of_a_datagram_serves_datagrams() {
    let server = UdpServer::<_>::bind_fn("127.0.0.1:0", |cx: &mut DatagramContext<'_>| {
        cx.wfile = cx.packet.to_ascii_uppercase();
        Ok(())
    });
    let server = serve(server.unwrap());
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.settimeout(Some(GUARD));
    for _ in 0..2 {
        client.sendto(b"hello", server.server_address()).unwrap();
        let mut buf = [0; 100];
        let (n, _) = client.recvfrom(&mut buf).unwrap();
        assert_eq!(&buf[..n], b"HELLO");
    }
}

/// All requests share one closure, and what it holds; also with a state, and set up by a builder.
#[test]
fn a_closure_keeps_what_it_holds() {
    struct Suffix(&'static str);
    impl ServerHooks<Tcp> for Suffix {}
    let count = AtomicUsize::new(0);
    let handler = HandlerFn::new(move |cx: &mut StreamContext<'_, Suffix>| {
        let mut text = String::new();
        cx.rfile.read_to_string(&mut text)?;
        Ok(write!(cx.wfile, "{text} {}{}", count.fetch_add(1, SeqCst), cx.server.state().0)?)
    });
    let server = TcpServer::<_, ThreadingMixIn, Suffix>::builder()
        .state(Suffix("!"))
        .handler_factory(move |_| handler.clone());
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    for n in 0..3 {
        let client = connect(server.server_address());
        client.sendall(b"number").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(rest(client), format!("number {n}!").as_bytes());
    }
}
