//! Each datagram is what it would be if it had come alone: in its order, with its sender, its length and its reply.

use super::{client, queue, reply};
use crate::util::{GUARD, serve};
use parking_lot::Mutex;
use socketserver::{
    HandlerFn, MixIn, Runs, Sequential, ThreadPoolMixIn, ThreadingMixIn, UdpSocket, kind, net, prelude::*,
};
use std::sync::Arc;

#[derive(Default)]
struct Echo;
impl DatagramRequestHandler for Echo {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        Ok(cx.wfile.write_all(cx.packet)?)
    }
}

#[test]
fn each_client_is_served_in_the_order_of_its_datagrams() {
    let server = UdpServer::<Echo>::bind("127.0.0.1:0").unwrap();
    let clients: [UdpSocket; 3] = std::array::from_fn(|_| client());
    let numbers: Vec<String> = (0..60).map(|number| number.to_string()).collect();
    for number in &numbers {
        clients.iter().for_each(|client| queue(client, server.server_address(), [number.as_str()]));
    }
    let _server = serve(server);
    for client in &clients {
        assert_eq!(numbers.iter().map(|_| reply(client)).collect::<Vec<_>>(), numbers);
    }
}

fn answers_ten_thousand<M: MixIn + Default + Runs<kind::Datagram>>() {
    let server = serve(UdpServer::<Echo, M>::builder().mixin(M::default()).bind("127.0.0.1:0").unwrap());
    let client = client();
    for burst in 0..100 {
        let mut sent: Vec<String> = (0..100).map(|number| format!("{burst} {number}")).collect();
        queue(&client, server.server_address(), sent.iter().map(String::as_str));
        let mut received: Vec<String> = sent.iter().map(|_| reply(&client)).collect();
        sent.sort_unstable();
        received.sort_unstable();
        assert_eq!(received, sent);
    }
    assert_eq!(server.stats().accepted, 10_000);
}

#[test]
fn bursts_are_answered_completely_in_the_loop() {
    answers_ten_thousand::<Sequential>();
}

#[test]
fn bursts_are_answered_completely_on_threads() {
    answers_ten_thousand::<ThreadingMixIn>();
    answers_ten_thousand::<ThreadPoolMixIn>();
}

#[test]
fn what_is_too_long_is_cut_and_says_so_and_its_neighbours_are_whole() {
    let lengths = Arc::new(Mutex::new(Vec::new()));
    let sees = lengths.clone();
    let handler = HandlerFn::new(move |cx: &mut DatagramContext<'_>| {
        sees.lock().push((cx.packet.len(), cx.is_truncated));
        Ok(cx.wfile.write_all(cx.packet)?)
    });
    let server = UdpServer::<_>::builder().handler_factory(move |_| handler.clone()).max_packet_size(100);
    let server = server.bind("127.0.0.1:0").unwrap();
    let client = client();
    let sizes = [5, 0, 100, 101, 1000, 7, 3000, 100, 0, 1];
    for size in sizes {
        client.sendto(&vec![b'x'; size], server.server_address()).unwrap();
    }
    let _server = serve(server);
    for size in sizes {
        assert_eq!(reply(&client).len(), size.min(100));
    }
    assert_eq!(*lengths.lock(), sizes.map(|size| (size.min(100), size > 100)));
}

#[test]
fn unix_senders_are_told_apart_by_names_of_any_length_and_none() {
    let folder = tempfile::tempdir().unwrap();
    let server = UnixDatagramServer::<Echo>::bind(folder.path().join("server")).unwrap();
    let names = ["a-rather-long-name", "b", "a-name", "c", "another-rather-long-name"];
    let clients = names.map(|name| net::UnixDatagram::bind(folder.path().join(name)).unwrap());
    let unbound = net::UnixDatagram::unbound().unwrap();
    // No more than the queue of a Unix socket holds.
    for client in [&clients[0], &clients[1], &unbound, &clients[2], &clients[3], &clients[4]] {
        client.settimeout(Some(GUARD));
        let name = client.getsockname().unwrap().to_string();
        client.sendto(name.as_bytes(), folder.path().join("server")).unwrap();
    }
    let _server = serve(server);
    for client in &clients {
        let mut buf = [0; 200];
        let (n, _) = client.recvfrom(&mut buf).unwrap();
        assert_eq!(&buf[..n], client.getsockname().unwrap().to_string().as_bytes());
    }
}
