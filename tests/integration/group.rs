//! `dyn BaseServer`: servers of different types, steered as one.

use crate::util::{GUARD, ask, wait_for};
use socketserver::{
    BaseServer, DatagramContext, DatagramRequestHandler, Handle, HandlerResult, MixIn, Server, ServerHooks,
    StreamContext, StreamRequestHandler, TcpServer, ThreadingMixIn, ThreadingUnixStreamServer, Transport,
    UdpServer, net,
};
use std::{io::Write, thread};

/// One service, over connections and over datagrams.
#[derive(Default)]
struct Name;

const NAME: &[u8] = b"a name service\n";

impl StreamRequestHandler for Name {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        Ok(cx.wfile.write_all(NAME)?)
    }
}

impl DatagramRequestHandler for Name {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        Ok(cx.wfile.write_all(NAME)?)
    }
}

fn ask_by_udp(server: &dyn BaseServer) -> Vec<u8> {
    let client = net::UdpSocket::bind("127.0.0.1:0").unwrap();
    client.settimeout(Some(GUARD));
    client.sendto(b"?", server.server_address().as_inet().unwrap()).unwrap();
    let mut buf = [0; 64];
    let (n, _) = client.recvfrom(&mut buf).unwrap();
    buf[..n].to_vec()
}

#[test]
fn a_thread_group_serves_one_service_over_tcp_and_udp() {
    let tcp = TcpServer::<Name>::bind("127.0.0.1:0").unwrap();
    // The same port for both, as services have it; another one if a neighbour has it already.
    let udp =
        UdpServer::<Name>::bind(tcp.server_address()).or_else(|_| UdpServer::<Name>::bind("127.0.0.1:0"));
    let group: Vec<Box<dyn BaseServer>> = vec![Box::new(tcp), Box::new(udp.unwrap())];

    thread::scope(|threads| {
        let serving: Vec<_> = group.iter().map(|server| threads.spawn(|| server.serve_forever())).collect();
        for _ in 0..3 {
            assert_eq!(ask(group[0].server_address().as_inet().unwrap(), b""), NAME);
            assert_eq!(ask_by_udp(&*group[1]), NAME);
        }
        group.iter().for_each(|server| server.shutdown());
        for thread in serving {
            thread.join().unwrap().unwrap();
        }
    });
    for server in &group {
        assert_eq!((server.stats().completed, server.stats().failed), (3, 0));
        assert!(server.fileno() >= 0);
        server.server_close();
        assert_eq!(server.fileno(), -1);
    }
}

/// Whatever a server's type, it can be one of these.
#[test]
fn every_server_is_a_base_server() {
    fn erase<T: Transport, H: 'static, M: MixIn, S: ServerHooks<T>>(
        server: Server<T, H, M, S>,
    ) -> Box<dyn BaseServer> {
        Box::new(server)
    }
    let directory = tempfile::tempdir().unwrap();
    let group = [
        erase(TcpServer::<Name>::bind("127.0.0.1:0").unwrap()),
        erase(TcpServer::<Name, ThreadingMixIn>::bind("127.0.0.1:0").unwrap()),
        erase(UdpServer::<Name>::bind("127.0.0.1:0").unwrap()),
        erase(ThreadingUnixStreamServer::<Name>::bind(directory.path().join("socket")).unwrap()),
    ];
    let handles: Vec<Handle> = group.iter().map(|server| server.handle()).collect();
    for (server, handle) in group.iter().zip(&handles) {
        assert_eq!(server.server_address(), handle.server_address());
        assert!(server.fileno() >= 0);
    }
    thread::scope(|threads| {
        group.iter().for_each(|server| drop(threads.spawn(|| server.serve_forever().unwrap())));
        wait_for("all to serve", || handles.iter().all(Handle::is_serving));
        for handle in &handles {
            let report = handle.shutdown(GUARD);
            assert_eq!((report.drained, report.forced), (0, 0));
        }
    });
    assert!(handles.iter().all(|handle| !handle.is_serving()));
    drop(group); // in whatever order; their handles may stay
    assert!(handles.iter().all(|handle| handle.stats().active == 0));
}
