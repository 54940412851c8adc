//! POCO Net (C++): `TCPServerTest`, `DatagramSocketTest`.

use super::{Echo, in_flight};
use crate::{
    clients::{connect, rest},
    util::{GUARD, serve, wait_for},
};
use socketserver::{ThreadPoolMixIn, prelude::*};
use std::net::UdpSocket;

/// `testMultiConnections`: four threads, six clients, and a queue that is then full.
#[test]
fn counters_are_exact_through_four_busy_and_two_queued_until_all_is_drained() {
    let mixin = ThreadPoolMixIn::default().workers(4).queue_limit(2);
    let server = TcpServer::<Echo, ThreadPoolMixIn>::builder().mixin(mixin).bind("127.0.0.1:0").unwrap();
    let server = serve(server);
    let busy = [(); 4].map(|()| in_flight(server.server_address()));
    assert_eq!((server.stats().active, server.stats().peak), (4, 4));
    let queued = [(); 2].map(|()| {
        let client = connect(server.server_address());
        client.sendall(b"queued\n").unwrap();
        client
    });
    wait_for("both to be queued", || server.stats().active == 6);
    assert_eq!(rest(connect(server.server_address())), b"", "the queue is full");
    wait_for("that to be counted", || server.stats().refused == 1);
    assert_eq!((server.stats().accepted, server.stats().refused_by.queue_full), (7, 1));

    drop(busy);
    for mut client in queued {
        client.read_exact(&mut [0; 7]).unwrap();
    }
    wait_for("the end of all", || server.stats().active == 0);
    let stats = server.stats();
    assert_eq!((stats.accepted, stats.completed, stats.refused, stats.dropped), (7, 6, 1, 0));
    server.stop().unwrap();
}

#[derive(Default)]
struct Back;
impl DatagramRequestHandler for Back {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        Ok(cx.wfile.write_all(cx.packet)?)
    }
}

/// `testEchoMultiple…`: ten thousand datagrams. Few are on their way at once, since the system drops what it has no room for.
fn ten_thousand_over(sockets: usize) {
    const AT_ONCE: usize = 50;
    let server = serve(UdpServer::<Back>::bind("127.0.0.1:0").unwrap());
    let sockets: Vec<_> = (0..sockets)
        .map(|_| {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.connect(server.server_address()).unwrap();
            socket.set_read_timeout(Some(GUARD)).unwrap();
            socket
        })
        .collect();
    let each = AT_ONCE / sockets.len();
    for round in 0..10_000 / AT_ONCE {
        let numbers = |socket: usize| {
            (0..each).map(move |i| ((round * AT_ONCE + socket * each + i) as u32).to_be_bytes())
        };
        for (i, socket) in sockets.iter().enumerate() {
            numbers(i).for_each(|number| assert_eq!(socket.send(&number).unwrap(), 4));
        }
        for (i, socket) in sockets.iter().enumerate() {
            for number in numbers(i) {
                let mut answer = [0; 8];
                assert_eq!((socket.recv(&mut answer).unwrap(), &answer[..4]), (4, &number[..]));
            }
        }
    }
    wait_for("the counts", || server.stats().completed == 10_000);
    assert_eq!((server.stats().accepted, server.stats().failed), (10_000, 0));
}

#[test]
fn ten_thousand_datagrams_over_one_socket() {
    ten_thousand_over(1);
}

#[test]
fn ten_thousand_datagrams_over_ten_sockets() {
    ten_thousand_over(10);
}
