//! What servers listen on: TCP and UDP over IPv4 and IPv6, and every form of address that they take.

use crate::util::{ask, serve};
use parking_lot::Mutex;
use socketserver::{Address, AddressFamily, HandlerFn, ServerBuilder, UdpSocket, prelude::*};
use std::{
    fmt::Debug,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6, ToSocketAddrs},
    sync::Arc,
};

/// Answers with the client's address as the handler sees it.
#[derive(Default)]
struct WhoAmI;
impl StreamRequestHandler for WhoAmI {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        Ok(write!(cx.wfile, "{}", cx.client_address)?)
    }
}
impl BaseRequestHandler<socketserver::Datagram> for WhoAmI {
    fn handle(&mut self, cx: &mut Context<'_, socketserver::Datagram>) -> HandlerResult {
        let answer = format!("{} says {:?}", cx.client_address, cx.request.packet());
        cx.request.socket().sendto(answer.as_bytes(), &Address::from(*cx.client_address))?;
        Ok(())
    }
}

fn tcp() -> ServerBuilder<Tcp, WhoAmI, socketserver::Sequential, ()> {
    TcpServer::<WhoAmI>::builder()
}

/// Whether this machine has IPv6; a test that needs it says so and passes where it doesn't.
fn has_ipv6() -> bool {
    let has = std::net::TcpListener::bind("[::1]:0").is_ok();
    if !has {
        eprintln!("skipped: no IPv6 here");
    }
    has
}

/// Serves TCP and UDP on `address`, and gives the addresses that they got.
fn serves<A: ToSocketAddrs + Debug + Clone>(address: A) -> [SocketAddr; 2] {
    let server = serve(tcp().bind(address.clone()).unwrap());
    let stream = TcpStream::connect(server.server_address()).unwrap();
    let mut seen = String::new();
    (&stream).read_to_string(&mut seen).unwrap();
    assert_eq!(seen, stream.getsockname().unwrap().to_string());
    assert_ne!(server.server_address().port(), 0);

    let udp = serve(UdpServer::<WhoAmI>::bind(address).unwrap());
    let client = UdpSocket::bind((udp.server_address().ip(), 0)).unwrap();
    client.sendto(b"\x01", udp.server_address()).unwrap();
    let mut buf = [0; 100];
    let (n, from) = client.recvfrom(&mut buf).unwrap();
    assert_eq!(from, udp.server_address());
    assert_eq!(&buf[..n], format!("{} says [1]", client.getsockname().unwrap()).as_bytes());
    [server.server_address(), udp.server_address()]
}

#[test]
fn every_form_of_an_address_is_taken() {
    let ip = Ipv4Addr::LOCALHOST;
    let on_ipv4 = |addresses: [SocketAddr; 2]| addresses.map(|it| assert_eq!(it.ip(), IpAddr::V4(ip)));
    on_ipv4(serves("127.0.0.1:0"));
    on_ipv4(serves(String::from("127.0.0.1:0")));
    on_ipv4(serves(&String::from("127.0.0.1:0")));
    on_ipv4(serves(("127.0.0.1", 0)));
    on_ipv4(serves((ip, 0)));
    on_ipv4(serves((IpAddr::V4(ip), 0)));
    on_ipv4(serves(SocketAddrV4::new(ip, 0)));
    on_ipv4(serves(SocketAddr::from((ip, 0))));
    on_ipv4(serves(&[SocketAddr::from((ip, 0))][..]));
    // A name that may stand for both families: IPv4, as Python's AF_INET servers have it.
    on_ipv4(serves(("localhost", 0)));
    on_ipv4(serves((String::from("localhost"), 0)));
    on_ipv4(serves("localhost:0"));
}

#[test]
fn ipv6_is_served_by_the_same_type() {
    if !has_ipv6() {
        return;
    }
    let ip = Ipv6Addr::LOCALHOST;
    for address in [serves("[::1]:0"), serves(("::1", 0)), serves((ip, 0))].as_flattened() {
        assert_eq!(address.ip(), IpAddr::V6(ip));
    }
    serves(SocketAddrV6::new(ip, 0, 0, 0));
}

#[test]
fn a_family_can_be_demanded_of_a_name() {
    let both = [SocketAddr::from((Ipv6Addr::LOCALHOST, 0)), SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
    let server = tcp().address_family(AddressFamily::Inet).bind(&both[..]).unwrap();
    assert!(server.server_address().is_ipv4());
    if has_ipv6() {
        let server = tcp().address_family(AddressFamily::Inet6).bind(&both[..]).unwrap();
        assert!(server.server_address().is_ipv6());
    }
    let error = tcp().address_family(AddressFamily::Inet6).bind("127.0.0.1:0").unwrap_err();
    assert_eq!(error.to_string(), "resolve 127.0.0.1:0: no address of the wanted family");
}

#[test]
fn the_first_address_that_can_be_bound_is_taken() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = taken.local_addr().map(|address| (taken, address)).unwrap();
    let addresses = [taken.1, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))];
    let server = tcp().bind(&addresses[..]).unwrap();
    assert_ne!(server.server_address(), taken.1);
}

#[test]
fn dual_stack_is_one_setting() {
    if !has_ipv6() {
        return;
    }
    let both = serve(tcp().dual_stack(true).bind("[::]:0").unwrap());
    let port = both.server_address().port();
    let by_ipv4 = String::from_utf8(ask((Ipv4Addr::LOCALHOST, port).into(), b"")).unwrap();
    assert!(by_ipv4.starts_with("[::ffff:127.0.0.1]:"), "as in Python: {by_ipv4}");
    let by_ipv6 = String::from_utf8(ask((Ipv6Addr::LOCALHOST, port).into(), b"")).unwrap();
    assert!(by_ipv6.starts_with("[::1]:"), "{by_ipv6}");

    // What the system does by itself depends on its configuration; what was said holds.
    assert!(!both.setsockopt(|socket| socket.only_v6()).unwrap());
    let only_ipv6 = tcp().dual_stack(false).bind("[::]:0").unwrap();
    assert!(only_ipv6.setsockopt(|socket| socket.only_v6()).unwrap());
}

#[test]
fn a_dual_stack_client_has_its_ipv4_address() {
    if !has_ipv6() {
        return;
    }
    let seen = Arc::new(Mutex::new(None));
    let sees = seen.clone();
    let handler = HandlerFn::new(move |cx: &mut StreamContext<'_>| {
        *sees.lock() = cx.client_address.ip();
        Ok(())
    });
    let server = TcpServer::<_>::builder().handler_factory(move |_| handler.clone()).dual_stack(true);
    let server = serve(server.bind("[::]:0").unwrap());
    ask((Ipv4Addr::LOCALHOST, server.server_address().port()).into(), b"");
    assert_eq!(*seen.lock(), Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
}
