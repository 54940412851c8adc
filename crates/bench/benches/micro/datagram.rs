//! A datagram to a server and its reply, and the same by hand.

use crate::served::serve;
use divan::Bencher;
use socketserver::prelude::*;
use std::{
    net::{SocketAddr, UdpSocket},
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

#[derive(Default)]
struct Echo;

impl DatagramRequestHandler for Echo {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        cx.wfile.extend_from_slice(cx.packet);
        Ok(())
    }
}

fn client(address: SocketAddr) -> impl FnMut() {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    socket.connect(address).expect("an address");
    move || {
        let mut reply = [0; 65];
        socket.send(&[7; 64]).expect("it is there");
        assert_eq!(socket.recv(&mut reply).expect("a reply"), 64);
        assert_eq!(reply[..64], [7; 64]);
    }
}

#[divan::bench]
fn served(bencher: Bencher<'_, '_>) {
    let served = serve(UdpServer::<Echo>::bind("127.0.0.1:0").expect("a free port"));
    bencher.bench_local(client(served.server.server_address()));
}

#[divan::bench]
fn by_hand(bencher: Bencher<'_, '_>) {
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a free port");
    let address = socket.local_addr().expect("it is bound");
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut packet = [0; 8192];
            while !is_over.load(Relaxed) {
                let (n, from) = socket.recv_from(&mut packet).expect("a datagram");
                socket.send_to(&packet[..n], from).expect("it is there");
            }
        });
        bencher.bench_local(client(address));
        is_over.store(true, Relaxed);
        // So that it looks; it may have looked already, and not answer.
        let last = UdpSocket::bind("127.0.0.1:0").expect("a free port");
        last.send_to(b"", address).expect("it is bound");
    });
}
