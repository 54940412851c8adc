//! Bytes are counted exactly, of what is over and of what isn't.

use super::{Client, start};
use crate::util::{GUARD, serve, wait_for};
use socketserver::{
    DatagramContext, ReactorMixIn, Sequential, Server, ThreadPoolMixIn, ThreadingMixIn, prelude::*,
};
use std::{
    net::UdpSocket,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
};

#[test]
fn those_of_open_connections_count_while_they_pass() {
    let server = start::<ThreadingMixIn>(|it| it);
    let passed = || (server.stats().bytes_in, server.stats().bytes_out);
    // A client hears of what was sent before the server has counted it.
    let wait = |bytes| wait_for("bytes to be counted", || passed() == (bytes, bytes));
    let mut one = Client::greeted(server.server_address());
    wait(6);
    let two = Client::greeted(server.server_address());
    assert_eq!(one.ask("and so on"), "and so on");
    wait(22);
    assert_eq!(server.stats().active, 2);
    drop(two);
    assert!(server.handle().wait_for_connections(|n| n == 1, GUARD));
    assert_eq!(passed(), (22, 22), "they are none the fewer");
    drop(one);
    assert!(server.handle().wait_for_connections(|n| n == 0, GUARD));
    assert_eq!(passed(), (22, 22));
}

/// Neither twice nor not at all in the moment that a connection ends: who reads all the time never sees them become fewer.
fn never_become_fewer<M>()
where
    M: socketserver::MixIn + socketserver::Runs<socketserver::kind::KeepAlive> + Default,
{
    let server = start::<M>(|it| it);
    let (handle, is_over) = (server.handle(), AtomicBool::new(false));
    thread::scope(|scope| {
        scope.spawn(|| {
            let mut last = handle.stats();
            while !is_over.load(SeqCst) {
                let now = handle.stats();
                assert!(
                    now.bytes_in >= last.bytes_in && now.bytes_out >= last.bytes_out,
                    "{last:?}, then {now:?}"
                );
                assert!(now.bytes_in <= 6 * 300, "{now:?}");
                last = now;
            }
        });
        for _ in 0..300 {
            drop(Client::greeted(server.server_address()));
        }
        assert!(handle.wait_for_connections(|n| n == 0, GUARD));
        is_over.store(true, SeqCst);
    });
    assert_eq!((handle.stats().bytes_in, handle.stats().bytes_out), (6 * 300, 6 * 300));
}

#[test]
fn who_reads_all_the_time_never_sees_them_become_fewer() {
    never_become_fewer::<Sequential>();
    never_become_fewer::<ThreadPoolMixIn>();
    never_become_fewer::<ReactorMixIn>();
}

/// Those of datagrams and of their replies, also of replies that leave together; none of a reply that there isn't.
fn datagrams_count<M>(gather: bool)
where
    M: socketserver::MixIn + socketserver::Runs<socketserver::kind::Datagram> + Default,
{
    let twice = |cx: &mut DatagramContext<'_>| {
        match cx.packet {
            b"silence" => cx.no_reply(),
            b"failure" => return Err("as told".into()),
            packet => cx.wfile = packet.repeat(2),
        }
        Ok(())
    };
    let builder = Server::<Udp, socketserver::HandlerFn<_>, M>::builder();
    let builder = builder.handler_factory(move |_| socketserver::HandlerFn::new(twice)).max_packet_size(10);
    let server = serve(builder.gather_replies(gather).bind("127.0.0.1:0").unwrap());
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.set_read_timeout(Some(GUARD)).unwrap();
    for text in ["one", "silence", "two", "failure", "longer than ten"] {
        client.send_to(text.as_bytes(), server.server_address()).unwrap();
    }
    for _ in 0..3 {
        client.recv(&mut [0; 64]).unwrap();
    }
    wait_for("all to end", || server.stats().completed + server.stats().failed == 5);
    let stats = server.stats();
    assert_eq!((stats.bytes_in, stats.bytes_out), (3 + 7 + 3 + 7 + 10, 2 * (3 + 3 + 10)), "{stats:?}");
}

#[test]
fn datagrams_count_and_replies_to_them() {
    datagrams_count::<Sequential>(false);
    datagrams_count::<Sequential>(true);
    datagrams_count::<ThreadingMixIn>(false);
    datagrams_count::<ThreadPoolMixIn>(false);
}
