//! Datagrams that are empty or too long, and senders that are gone.

use crate::util::{GUARD, Recorder, serve, wait_for};
use parking_lot::Mutex;
use socketserver::{HandlerFn, Outcome, Server, ThreadingMixIn, UdpSocket, prelude::*};
use std::{
    sync::{Arc, mpsc},
    time::Duration,
};

#[test]
fn datagrams_may_be_empty_and_too_long_and_their_senders_gone() {
    let lengths = Arc::new(Mutex::new(Vec::new()));
    let sees = lengths.clone();
    let handler = HandlerFn::new(move |cx: &mut DatagramContext<'_>| {
        sees.lock().push((cx.packet.len(), cx.is_truncated));
        if cx.packet == b"fail" {
            return Err("as was asked".into());
        }
        Ok(cx.wfile.write_all(cx.packet)?)
    });
    let recorder = Recorder::default();
    let server = UdpServer::<_>::builder().handler_factory(move |_| handler.clone());
    let server = server.max_packet_size(100).observer(recorder.clone()).bind("127.0.0.1:0").unwrap();
    let server = serve(server);
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.settimeout(Some(GUARD));
    let mut buf = [0; 1000];
    for (size, answered) in [(0, 0), (100, 100), (101, 100), (1000, 100)] {
        client.sendto(&vec![7; size], server.server_address()).unwrap();
        assert_eq!(client.recvfrom(&mut buf).unwrap(), (answered, server.server_address()));
    }
    assert_eq!(*lengths.lock(), [(0, false), (100, false), (100, true), (100, true)]);

    // A sender that is gone before its answer comes, and one whose request fails, disturb nobody.
    for packet in [&b"gone"[..], b"fail"] {
        UdpSocket::bind("127.0.0.1:0").unwrap().sendto(packet, server.server_address()).unwrap();
    }
    for _ in 0..3 {
        client.sendto(b"still there", server.server_address()).unwrap();
        assert_eq!(client.recvfrom(&mut buf).unwrap().0, 11);
    }
    wait_for("all ends", || recorder.outcomes().len() == 9);
    assert_eq!(recorder.outcomes().iter().filter(|it| **it != Outcome::Completed).count(), 1);
}

/// Nothing ends a handler that waits for something else: the stop doesn't wait for it, and it is served to its end.
#[test]
fn a_datagram_that_outstays_a_stop_is_reported_and_ends_as_it_ends() {
    let ((is_inside, inside), (go, wait)) = (mpsc::channel(), mpsc::channel());
    let wait = Arc::new(Mutex::new(wait));
    let handler = HandlerFn::new(move |_: &mut DatagramContext<'_>| {
        is_inside.send(())?;
        Ok(wait.lock().recv()?)
    });
    let server = Server::<Udp, _, ThreadingMixIn>::builder().handler_factory(move |_| handler.clone());
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.sendto(b"stay", server.server_address()).unwrap();
    inside.recv_timeout(GUARD).unwrap();
    let report = server.handle().shutdown(Duration::ZERO);
    assert_eq!((report.drained, report.forced), (0, 1));
    assert_eq!((server.stats().active, server.stats().forced), (1, 0));
    go.send(()).unwrap();
    wait_for("its end", || server.stats().active == 0);
    assert_eq!((server.stats().completed, server.stats().forced), (1, 0));
}
