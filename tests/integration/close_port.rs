//! The port is closed for a while: clients are refused, those inside are served on, nobody is lost, and nobody else gets the port.

mod crowd;

use crate::{
    backlog::{WAITING, at_rest, close, counts, hear_all, served, shutdown, tell},
    clients::connect,
    subject::{self, Subject},
    util::serve,
};
use reliability::{Client, MIXINS, Usage};
use socketserver::{
    BindOptions, Transport,
    net::socket2::{Domain, Socket, Type},
    prelude::*,
};
use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
    thread,
    time::Duration,
};

/// All mix-ins; and those whose threads or processes may have a socket each.
fn kinds() -> impl Iterator<Item = &'static str> {
    MIXINS.into_iter().chain(["pool sockets=each", "prefork sockets=each"])
}

/// So many that some wait in each socket.
fn many(kind: &str) -> usize {
    if kind.ends_with("each") { 4 * WAITING } else { WAITING }
}

fn start(kind: &str, settings: &[&str]) -> (Subject, u32, SocketAddr) {
    let kind: Vec<_> = kind.split(' ').collect();
    let server = subject::start(&[&["accepting"][..], &kind, settings].concat());
    let pid = server.after("pid ").parse().unwrap();
    let address = server.after("serving ").parse().unwrap();
    (server, pid, address)
}

#[track_caller]
fn close_port(server: &mut Subject, mixin: &str) {
    server.tell("close");
    assert_eq!(server.after("closed "), "Ok", "{mixin}");
    server.after("done close");
}

#[track_caller]
fn is_refused(address: SocketAddr, mixin: &str) {
    let error = Client::try_connect(address).map(drop).unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::ConnectionRefused, "{mixin}");
}

/// Whatever options somebody else has, the port is not his; unless it is shared on purpose.
#[track_caller]
fn is_nobodys(address: SocketAddr, mixin: &str) {
    if mixin.ends_with("each") {
        return;
    }
    for (reuse_address, reuse_port) in [(false, false), (true, false), (false, true), (true, true)] {
        for ip in [Ipv4Addr::LOCALHOST, Ipv4Addr::UNSPECIFIED] {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.set_reuse_address(reuse_address).unwrap();
            socket.set_reuse_port(reuse_port).unwrap();
            let taken = socket.bind(&SocketAddr::from((ip, address.port())).into());
            assert_eq!(taken.unwrap_err().kind(), io::ErrorKind::AddrInUse, "{mixin}");
        }
    }
}

/// Much less than the one or more CPUs that a loop takes which is told again and again that there is something.
fn doesnt_spin(pid: u32, mixin: &str) {
    let usage = Usage::of(pid);
    thread::sleep(Duration::from_millis(300)); // it is what is measured
    assert!(usage.share() < 0.3, "{mixin}: {}", usage.share());
}

#[test]
fn clients_are_refused_until_it_is_opened_again_and_those_inside_go_on() {
    for mixin in kinds() {
        let (mut server, pid, address) = start(mixin, &[]);
        // Who stays there takes all there is, or a thread and with it a socket.
        let has_room = !["sequential", "pool sockets=each"].contains(&mixin);
        let mut inside = has_room.then(|| Client::connect(address));
        let mut goes_on = || inside.as_mut().is_none_or(|client| client.ask("stay here") == "STAY HERE");
        assert!(goes_on(), "{mixin}");
        for round in 0..3 {
            close_port(&mut server, mixin);
            (0..4).for_each(|_| is_refused(address, mixin));
            is_nobodys(address, mixin);
            assert!(goes_on(), "{mixin}");
            if round == 0 {
                doesnt_spin(pid, mixin);
            }
            tell(&mut server, "resume");
            for _ in 0..4 {
                assert_eq!(served(Client::connect(address), mixin), "FIRST");
            }
        }
        drop(inside);
        let told = close(server);
        assert!(told.ends_with("refused 0 draining 0"), "{mixin}: {told}");
    }
}

#[test]
fn who_waits_when_it_is_closed_is_served() {
    for mixin in kinds() {
        let (mut server, _, address) = start(mixin, &["limit=2"]);
        assert_eq!(served(Client::connect(address), mixin), "FIRST");
        at_rest(&mut server);
        tell(&mut server, "suspend");
        let mut waiting: Vec<_> = (0..many(mixin)).map(|_| Client::connect(address)).collect();
        waiting.iter_mut().for_each(|client| client.say("waits").unwrap());
        close_port(&mut server, mixin);
        for client in waiting {
            assert_eq!(hear_all(client, mixin), "WAITS");
        }
        is_refused(address, mixin);
        tell(&mut server, "resume");
        assert_eq!(served(Client::connect(address), mixin), "FIRST");
        assert_eq!(close(server), counts(2 + many(mixin), 2 + many(mixin)), "{mixin}");
    }
}

#[test]
fn it_may_be_closed_before_the_server_serves() {
    for mixin in kinds() {
        let (mut server, _, address) = start(mixin, &["early=yes"]);
        let mut waiting: Vec<_> = (0..many(mixin)).map(|_| Client::connect(address)).collect();
        waiting.iter_mut().for_each(|client| client.say("waits").unwrap());
        close_port(&mut server, mixin);
        is_refused(address, mixin);
        is_nobodys(address, mixin);
        tell(&mut server, "again");
        for client in waiting {
            assert_eq!(hear_all(client, mixin), "WAITS");
        }
        is_refused(address, mixin);
        tell(&mut server, "resume");
        assert_eq!(served(Client::connect(address), mixin), "FIRST");
        assert_eq!(close(server), counts(1 + many(mixin), 1 + many(mixin)), "{mixin}");
    }
}

#[test]
fn a_server_may_stop_and_serve_again_while_it_is_closed() {
    for mixin in kinds() {
        for backlog in ["backlog=keep", "backlog=serve", "backlog=refuse"] {
            let (mut server, _, address) = start(mixin, &[backlog]);
            assert_eq!(served(Client::connect(address), mixin), "FIRST");
            at_rest(&mut server);
            close_port(&mut server, mixin);
            assert_eq!(shutdown(&mut server, 10_000), "0 0 0", "{mixin} {backlog}");
            tell(&mut server, "again");
            is_refused(address, mixin);
            tell(&mut server, "resume");
            assert_eq!(served(Client::connect(address), mixin), "FIRST");
            close_port(&mut server, mixin);
            assert_eq!(close(server), counts(2, 2), "{mixin} {backlog}");
        }
    }
}

/// A server that is full, whose port is closed while some wait, and that is stopped then.
fn stopped_while_some_wait(mixin: &str, backlog: &str, drained: usize) -> (Subject, Vec<Client>) {
    let (mut server, _, address) = start(mixin, &[backlog, "limit=1"]);
    let mut inside = Client::connect(address);
    assert_eq!(inside.ask("stay here"), "STAY HERE", "{mixin}");
    let mut waiting: Vec<_> = (0..WAITING).map(|_| Client::connect(address)).collect();
    waiting.iter_mut().for_each(|client| client.say("waits").unwrap());
    close_port(&mut server, mixin);
    assert_eq!(shutdown(&mut server, 30_000), format!("{drained} 0 0"), "{mixin}");
    (server, waiting)
}

#[test]
fn who_waited_is_served_at_the_stop_or_by_the_next_serve_forever_as_was_chosen() {
    for mixin in ["threading", "pool", "forking", "reactor"] {
        for (backlog, drained) in [("backlog=serve", 1 + WAITING), ("backlog=keep", 1)] {
            let (mut server, waiting) = stopped_while_some_wait(mixin, backlog, drained);
            if backlog == "backlog=keep" {
                tell(&mut server, "again");
            }
            for client in waiting {
                assert_eq!(hear_all(client, mixin), "WAITS");
            }
            assert_eq!(close(server), counts(1 + WAITING, 1 + WAITING), "{mixin}");
        }
    }
}

#[test]
fn who_waited_and_is_served_by_nobody_is_refused_when_the_server_is_closed() {
    for mixin in ["threading", "pool", "forking", "reactor"] {
        let (server, waiting) = stopped_while_some_wait(mixin, "backlog=keep", 1);
        assert_eq!(close(server), counts(1 + WAITING, 1), "{mixin}");
        for client in waiting {
            assert_eq!(hear_all(client, mixin), "refused: Draining");
        }
    }
}

#[derive(Default)]
struct Upper;
impl StreamRequestHandler for Upper {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        Ok(cx.wfile.write_all(line.to_uppercase().as_bytes())?)
    }
}

#[test]
fn dual_stack_and_a_port_that_was_asked_for_too() {
    // Nobody else gets such a port, for it is taken by a socket that doesn't listen until the server has it, too.
    let asks_for = |domain, any: &str| {
        let socket = Socket::new(domain, Type::STREAM, None).unwrap();
        socket.set_reuse_address(true).unwrap();
        socket.bind(&any.parse::<SocketAddr>().unwrap().into()).unwrap();
        (socket.local_addr().unwrap().as_socket().unwrap(), Some(socket))
    };
    let any = |any: &str| (any.parse().unwrap(), None);
    let addresses = [
        asks_for(Domain::IPV6, "[::1]:0"),
        asks_for(Domain::IPV4, "127.0.0.1:0"),
        any("[::]:0"),
        any("127.0.0.1:0"),
    ];
    for (address, taken) in addresses {
        let server = serve(ThreadingTcpServer::<Upper>::bind(address).unwrap());
        drop(taken);
        let port = server.server_address().port();
        let client = SocketAddr::new(
            if address.ip().is_ipv4() { [127, 0, 0, 1].into() } else { "::1".parse().unwrap() },
            port,
        );
        for _ in 0..3 {
            assert_eq!(Client::connect(client).ask("x"), "X");
            server.handle().close_port().unwrap();
            server.handle().close_port().unwrap();
            assert!(server.handle().is_port_closed());
            is_refused(client, "threading");
            if address.ip().is_ipv4() || address.ip().is_unspecified() {
                is_nobodys(SocketAddr::from(([127, 0, 0, 1], port)), "threading");
            }
            server.handle().try_resume().unwrap();
            server.handle().try_resume().unwrap();
            assert!(!server.handle().is_port_closed() && !server.handle().is_suspended());
        }
        assert_eq!(Client::connect(client).ask("x"), "X");
    }
}

#[test]
fn where_it_cant_be_done_it_says_so_and_nothing_changes() {
    fn upper(cx: &mut DatagramContext<'_>) -> HandlerResult {
        cx.wfile = cx.packet.to_ascii_uppercase();
        Ok(())
    }
    let place = tempfile::tempdir().unwrap();
    let adopted = Tcp::from_fd(std::net::TcpListener::bind("127.0.0.1:0").unwrap()).unwrap();
    let no_reuse = TcpServer::<Upper>::builder().allow_reuse_address(false).bind("127.0.0.1:0").unwrap();
    let abstract_name = format!("@close_port-{}", std::process::id());
    let servers: [(&str, Box<dyn BaseServer>); 6] = [
        ("udp", Box::new(UdpServer::<_>::bind_fn("127.0.0.1:0", upper).unwrap())),
        ("path", Box::new(UnixStreamServer::<Upper>::bind(place.path().join("stream")).unwrap())),
        ("abstract", Box::new(UnixStreamServer::<Upper>::bind(&*abstract_name).unwrap())),
        ("unix", Box::new(UnixDatagramServer::<_>::bind_fn(place.path().join("datagram"), upper).unwrap())),
        ("adopted", Box::new(TcpServer::<Upper>::builder().serve_on(adopted).unwrap())),
        ("without SO_REUSEADDR", Box::new(no_reuse)),
    ];
    for (which, server) in servers {
        let handle = server.handle();
        let error = handle.close_port().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::Unsupported, "{which}: {error}");
        assert!(!handle.is_port_closed() && !handle.is_suspended(), "{which}");
        server.server_close();
        assert_eq!(handle.close_port().unwrap_err().kind(), io::ErrorKind::NotConnected, "{which}");
    }
}

/// A transport of somebody's own has what the trait provides: an error.
#[test]
fn another_transport_says_that_it_cant() {
    struct Own(Tcp);
    impl Transport for Own {
        type Request = TcpStream;
        type Address = SocketAddr;
        fn get_request(&self) -> io::Result<(TcpStream, SocketAddr)> {
            self.0.get_request()
        }
        fn readiness(&self) -> std::os::fd::BorrowedFd<'_> {
            self.0.readiness()
        }
        fn server_address(&self) -> SocketAddr {
            self.0.server_address()
        }
        fn server_activate(&self, request_queue_size: i32) -> io::Result<()> {
            self.0.server_activate(request_queue_size)
        }
    }
    let tcp = <Tcp as socketserver::Bind<_>>::server_bind("127.0.0.1:0", &BindOptions::default()).unwrap();
    let server = socketserver::Server::<Own, Upper>::builder().serve_on(Own(tcp)).unwrap();
    let server = serve(server);
    assert_eq!(server.handle().close_port().unwrap_err().kind(), io::ErrorKind::Unsupported);
    let client = connect(server.server_address());
    client.sendall(b"x\n").unwrap();
    assert_eq!(crate::clients::rest(client), b"X\n");
}
