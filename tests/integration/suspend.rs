//! Accepting nothing for a while: clients wait, those inside are served on, and nobody is lost.

use crate::{
    clients::connect,
    subject,
    upper_clients::converse,
    util::{GUARD, serve},
};
use socketserver::{
    BaseServer, MixIn, ReactorMixIn, Runs, TcpStream, ThreadPoolMixIn, ThreadingMixIn, kind, prelude::*,
};
use std::{
    io::{BufReader, Write},
    net::SocketAddr,
    thread,
};

#[derive(Default)]
struct Upper;
impl KeepAliveRequestHandler for Upper {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        cx.wfile.write_all(line.to_uppercase().as_bytes())?;
        Ok(KeepAlive::Yes)
    }
}

fn ask(client: &mut BufReader<TcpStream>, line: &str) -> String {
    writeln!(client.get_mut(), "{line}").unwrap();
    hear(client)
}

fn hear(client: &mut BufReader<TcpStream>) -> String {
    let mut line = String::new();
    client.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}

/// By a mix-in whose threads accept, if they do, under this name.
fn keeps_the_port<M: MixIn + Runs<kind::KeepAlive>>(mixin: M, threads: &str) {
    let server = TcpServer::<Upper, M>::builder().mixin(mixin).bind("127.0.0.1:0").unwrap();
    let server = serve(server).accepting_by(threads);
    let (handle, address) = (server.handle(), server.server_address());
    let mut inside = BufReader::new(connect(address));
    assert_eq!(ask(&mut inside, "hello"), "HELLO");
    for round in 0..3 {
        handle.suspend();
        assert!(handle.is_suspended());
        server.wait_until_asleep(); // who was about to accept might take one more
        let before = handle.stats().accepted;
        let mut waiting: Vec<_> = (0..3)
            .map(|n| {
                let mut client = BufReader::new(connect(address));
                writeln!(client.get_mut(), "client {n}").unwrap();
                client
            })
            .collect();
        assert_eq!(ask(&mut inside, &format!("round {round}")), format!("ROUND {round}"));
        server.wait_until_asleep();
        assert_eq!(handle.stats().accepted, before, "they wait in the backlog");
        handle.resume();
        for (n, client) in waiting.iter_mut().enumerate() {
            assert_eq!(hear(client), format!("CLIENT {n}"));
        }
    }
    handle.suspend();
    drop(inside);
    assert!(handle.wait_for_connections(|n| n == 0, GUARD));
    server.stop().unwrap(); // it hears that, though it is suspended
}

#[test]
fn clients_wait_in_the_backlog_and_those_inside_are_served_on() {
    keeps_the_port(ThreadingMixIn::default(), "keeps-t");
    keeps_the_port(ThreadPoolMixIn::default().thread_name("keeps-p"), "keeps-p");
    keeps_the_port(ReactorMixIn::default().thread_name("keeps-r"), "keeps-r");
}

#[test]
fn all_workers_of_a_pool_accept_again() {
    let pool = ThreadPoolMixIn::default().workers(4);
    let server = serve(ThreadPoolTcpServer::<Upper>::builder().mixin(pool).bind("127.0.0.1:0").unwrap());
    for _ in 0..20 {
        server.handle().suspend();
        server.handle().resume();
        // One worker each, all at the same time.
        let mut clients: Vec<_> = (0..4).map(|_| BufReader::new(connect(server.server_address()))).collect();
        clients.iter_mut().for_each(|client| assert_eq!(ask(client, "x"), "X"));
        drop(clients);
        assert!(server.handle().wait_for_connections(|n| n == 0, GUARD));
    }
}

/// Before it serves at all, and over a stop.
#[test]
fn a_server_may_begin_suspended_and_stays_so_when_it_serves_again() {
    let server = std::sync::Arc::new(ThreadingTcpServer::<Upper>::bind("127.0.0.1:0").unwrap());
    server.handle().suspend();
    let mut client = BufReader::new(connect(server.server_address()));
    let served = crate::util::serve_shared(server.clone());
    served.wait_until_asleep();
    served.stop().unwrap();
    let served = crate::util::serve_shared(server.clone());
    served.wait_until_asleep();
    assert_eq!(server.stats().accepted, 0);
    server.handle().resume();
    assert_eq!(ask(&mut client, "at last"), "AT LAST");
    drop(client);
    served.stop().unwrap();
}

#[test]
fn datagrams_and_unix_sockets_wait_too() {
    let place = tempfile::tempdir().unwrap();
    fn upper(cx: &mut DatagramContext<'_>) -> HandlerResult {
        cx.wfile = cx.packet.to_ascii_uppercase();
        Ok(())
    }
    waits("udp", UdpServer::<_>::bind_fn("127.0.0.1:0", upper).unwrap(), place.path());
    waits(
        "unix",
        ThreadingUnixStreamServer::<Upper>::bind(place.path().join("stream")).unwrap(),
        place.path(),
    );
}

fn waits(transport: &'static str, server: impl BaseServer + 'static, place: &std::path::Path) {
    let server = serve(server);
    let (handle, address) = (server.handle(), BaseServer::server_address(&**server));
    handle.suspend();
    server.wait_until_asleep(); // as above
    thread::scope(|scope| {
        let client = scope.spawn(|| converse(transport, &address, place, "waits"));
        server.wait_until_asleep();
        assert_eq!(handle.stats().accepted, 0, "{transport}");
        assert!(!client.is_finished());
        handle.resume();
        client.join().unwrap();
    });
}

#[test]
fn children_and_worker_processes_hear_of_it() {
    for arguments in
        [&["forking", "steered="][..], &["prefork", "processes=2", "inner=sequential", "control="]]
    {
        let mut server = subject::start(arguments);
        let address: SocketAddr = server.after("serving ").split(' ').next().unwrap().parse().unwrap();
        if arguments[0] == "prefork" {
            (0..2).for_each(|_| drop(server.after("started ")));
        }
        for _ in 0..5 {
            server.tell("suspend");
            assert_eq!(server.after("done"), " suspend");
            server.wait_until_asleep(); // a loop that was about to accept when it was told might take one more
            let client = connect(address);
            client.sendall(b"pid\n").unwrap();
            client.shutdown(std::net::Shutdown::Write).unwrap();
            server.wait_until_asleep(); // whoever accepted it would have answered by now
            assert!(!client.has_arrived(), "{arguments:?}");
            server.tell("resume");
            assert_eq!(server.after("done"), " resume");
            assert!(!crate::clients::rest(client).is_empty(), "{arguments:?}");
        }
        server.close_input();
        server.terminate();
        assert!(server.end().0.success(), "{arguments:?}");
    }
}
