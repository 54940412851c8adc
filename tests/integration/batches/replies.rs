//! Replies that are gathered: all of them arrive, in order, whatever happens in between.

use super::{client, queue, reply};
use crate::util::{Recorder, serve};
use socketserver::{Handle, HandlerFn, MixIn, Outcome, Runs, Sequential, ThreadingMixIn, kind, prelude::*};
use std::sync::{Arc, OnceLock};

/// Answers with what it is told, but for some.
#[derive(Default)]
struct Obey;
impl DatagramRequestHandler for Obey {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        match cx.packet {
            b"panic" => panic!("as was asked"),
            b"silence" => cx.no_reply(),
            b"long" => cx.wfile.resize(5000, b'x'),
            b"too long" => cx.wfile.resize(70_000, b'x'),
            b"stop" => cx.server.shutdown(),
            _ => {}
        }
        if cx.wfile.is_empty() {
            cx.wfile.extend_from_slice(cx.packet);
        }
        Ok(())
    }
}

#[test]
fn gathered_replies_keep_their_order_among_long_ones_and_failures() {
    let recorder = Recorder::default();
    let server = UdpServer::<Obey>::builder().gather_replies(true).observer(recorder.clone());
    let (server, client) = (server.bind("127.0.0.1:0").unwrap(), client());
    let packets = [
        "1", "2", "3", "4", "long", "6", "panic", "8", "silence", "10", "11", "too long", "13", "14",
        "panic", "16", "17", "silence", "stop",
    ];
    queue(&client, server.server_address(), packets);
    server.serve_forever().unwrap();
    let answered = packets.iter().filter(|it| !["panic", "silence", "too long"].contains(it));
    let mut buf = [0; 6000];
    for packet in answered {
        let (n, _) = client.recvfrom(&mut buf).unwrap();
        if *packet == "long" {
            assert_eq!(n, 5000);
        } else {
            assert_eq!(&buf[..n], packet.as_bytes());
        }
    }
    let outcomes = recorder.outcomes();
    assert_eq!(outcomes.len(), packets.len());
    assert_eq!(outcomes[11], Outcome::Failed, "who says too much hears of it");
    assert_eq!(outcomes.iter().filter(|it| **it == Outcome::Completed).count(), packets.len() - 3);
}

#[test]
fn a_server_that_is_suspended_among_several_sends_what_it_has_gathered() {
    let (client, handle) = (client(), Arc::new(OnceLock::<Handle>::new()));
    let known = handle.clone();
    let suspends = HandlerFn::new(move |cx: &mut DatagramContext<'_>| {
        if cx.packet == b"suspend" {
            known.get().expect("it was told").suspend();
        }
        Ok(cx.wfile.write_all(cx.packet)?)
    });
    let server = UdpServer::<_>::builder().gather_replies(true).handler_factory(move |_| suspends.clone());
    let server = server.bind("127.0.0.1:0").unwrap();
    handle.set(server.handle()).unwrap();
    let packets = ["1", "2", "suspend", "4", "5", "6", "7"];
    queue(&client, server.server_address(), packets);
    let server = serve(server);
    // How many it receives together is up to the server: those of them that come behind the suspension wait for nothing.
    packets[..3].iter().for_each(|packet| assert_eq!(reply(&client), *packet));
    server.handle().resume();
    packets[3..].iter().for_each(|packet| assert_eq!(reply(&client), *packet));
}

#[test]
fn a_request_that_is_handled_alone_is_answered_before_handle_request_returns() {
    let (server, client) = (UdpServer::<Obey>::builder().gather_replies(true), client());
    let server = server.bind("127.0.0.1:0").unwrap();
    for digit in super::DIGITS {
        queue(&client, server.server_address(), [digit]);
        server.handle_request().unwrap();
        assert_eq!(reply(&client), digit);
    }
}

fn answers_ten_thousand<M: MixIn + Default + Runs<kind::Datagram>>() {
    let server = UdpServer::<_, M>::builder().mixin(M::default()).gather_replies(true);
    let handler = HandlerFn::new(|cx: &mut DatagramContext<'_>| Ok(cx.wfile.write_all(cx.packet)?));
    let server = serve(server.handler_factory(move |_| handler.clone()).bind("127.0.0.1:0").unwrap());
    let clients = [client(), client()];
    for burst in 0..100 {
        let mut sent: Vec<String> = (0..50).map(|number| format!("{burst} {number}")).collect();
        for client in &clients {
            queue(client, server.server_address(), sent.iter().map(String::as_str));
        }
        sent.sort_unstable();
        for client in &clients {
            let mut received: Vec<String> = sent.iter().map(|_| reply(client)).collect();
            received.sort_unstable();
            assert_eq!(received, sent);
        }
    }
}

#[test]
fn bursts_are_answered_completely_though_replies_are_gathered() {
    answers_ten_thousand::<Sequential>();
    answers_ten_thousand::<ThreadingMixIn>();
}
