//! Workers that wait side by side: each client finds a free one, whoever was woken for it.

use super::house::{Client, served, served_with};
use crate::{clients::visit, util::serve};
use socketserver::{HandlerFn, Limit, Server, ThreadPoolMixIn, prelude::*};
use std::{
    net::{SocketAddr, UdpSocket},
    sync::{Arc, Barrier, atomic::Ordering::SeqCst},
    thread,
    time::Duration,
};

/// As many clients as workers come at once, and no handler ends before all have begun: if one worker slept on, this would hang.
#[test]
fn clients_that_come_at_once_all_find_a_worker() {
    const WORKERS: usize = 12;
    for min in [WORKERS, 1] {
        let all_there = Arc::new(Barrier::new(WORKERS));
        let mixin = ThreadPoolMixIn::default().min_workers(min).max_workers(WORKERS);
        let server = serve(
            Server::<Tcp, HandlerFn<_>, ThreadPoolMixIn, ()>::builder()
                .mixin(mixin)
                .handler_factory(move |_| {
                    let all_there = all_there.clone();
                    HandlerFn::new(move |_: &mut StreamContext<'_>| {
                        all_there.wait();
                        Ok(())
                    })
                })
                .bind("127.0.0.1:0")
                .unwrap(),
        );
        for _ in 0..100 {
            let clients: Vec<_> = (0..WORKERS).map(|_| Client::connect(server.server_address())).collect();
            clients.into_iter().for_each(Client::leave);
        }
        assert_eq!(server.stats().accepted, 100 * WORKERS as u64);
    }
}

fn hammer(address: SocketAddr, threads: usize, each: usize) {
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                for _ in 0..each {
                    assert!(visit(address, b"who\n").starts_with(b"worker-"));
                }
            });
        }
    });
}

#[test]
fn every_client_is_counted_once_when_it_comes_and_once_when_it_goes() {
    let server = served(ThreadPoolMixIn::default().min_workers(1).max_workers(8));
    hammer(server.server_address(), 10, 100);
    server.server_close();
    let stats = server.stats();
    assert_eq!((stats.accepted, stats.completed, stats.active), (1000, 1000, 0));
}

/// Fewer connections than workers are allowed, so workers wait for room, and each place that becomes free must reach one of them.
#[test]
fn workers_that_wait_for_room_are_woken_for_each_place() {
    for places in [1, 3] {
        let server =
            served_with(ThreadPoolMixIn::default().workers(8).idle_time(Duration::from_millis(1)), |it| {
                it.max_connections(Limit::backlog(places)).poll_interval(None)
            });
        hammer(server.server_address(), 8, 50);
        assert!(server.state().most_inside.load(SeqCst) <= places);
        assert_eq!(server.stats().accepted, 400);
    }
}

/// A hook takes the requests elsewhere, so that the ends come from threads that don't accept; all workers wait for room.
#[test]
fn places_that_others_give_back_are_used() {
    #[derive(Default)]
    struct Elsewhere;
    impl ServerHooks<Tcp> for Elsewhere {
        fn process_request<M: socketserver::MixIn>(&self, job: socketserver::Job<Tcp, Self>, _: &M) {
            thread::spawn(move || job.run());
        }
    }
    let closure = |cx: &mut StreamContext<'_, Elsewhere>| {
        cx.rfile.read_to_end(&mut Vec::new())?;
        Ok(())
    };
    let server = serve(
        Server::<Tcp, HandlerFn<_>, ThreadPoolMixIn, Elsewhere>::builder()
            .mixin(
                ThreadPoolMixIn::default().min_workers(1).max_workers(4).idle_time(Duration::from_millis(1)),
            )
            .handler_factory(move |_| HandlerFn::new(closure))
            .max_connections(Limit::backlog(2))
            .poll_interval(None)
            .bind("127.0.0.1:0")
            .unwrap(),
    );
    for _ in 0..50 {
        let clients: Vec<_> = (0..6).map(|_| Client::connect(server.server_address())).collect();
        clients.iter().for_each(Client::finish);
        clients.into_iter().for_each(|mut client| assert_eq!(client.hear(), ""));
    }
}

#[test]
fn datagrams_are_answered_by_all_workers_at_once() {
    let server = serve(
        socketserver::ThreadPoolUdpServer::<_>::bind_fn("127.0.0.1:0", |cx: &mut DatagramContext<'_>| {
            Ok(cx.wfile.write_all(&cx.packet.to_ascii_uppercase())?)
        })
        .unwrap(),
    );
    let address = server.server_address();
    thread::scope(|scope| {
        for client in 0..8 {
            scope.spawn(move || {
                let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
                socket.set_read_timeout(Some(crate::util::GUARD)).unwrap();
                socket.connect(address).unwrap();
                for number in 0..200 {
                    socket.send(format!("packet {client} {number}").as_bytes()).unwrap();
                    let mut buf = [0; 64];
                    let n = socket.recv(&mut buf).unwrap();
                    assert_eq!(&buf[..n], format!("PACKET {client} {number}").as_bytes());
                }
            });
        }
    });
    server.server_close();
    assert_eq!((server.stats().accepted, server.stats().completed), (1600, 1600));
}
