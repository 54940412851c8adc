//! Many that wait, few that run.

use super::house::{Client, House, HouseServer, Lines, served, threads_called};
use crate::util::{serve, wait_for};
use rustix::process::{Resource, getrlimit};
use socketserver::{Handled, ReactorMixIn, Server, net, prelude::*};
use std::{io::BufReader, sync::atomic::Ordering::SeqCst};

/// As many clients as descriptors allow, with both ends in this process and other tests beside.
fn many() -> usize {
    let soft = getrlimit(Resource::Nofile).current.unwrap_or(8192);
    usize::try_from(soft / 4).unwrap().min(3000)
}

#[test]
fn thousands_of_clients_wait_on_a_few_threads_with_their_handlers() {
    let server = served(ReactorMixIn::default().workers(3).thread_name("rx-many"));
    let address = server.server_address();
    let mut clients: Vec<_> = (0..many()).map(|_| Client::connect(address)).collect();
    for round in 1..=3 {
        clients.iter_mut().for_each(|client| client.send("hello\n"));
        for client in &mut clients {
            assert_eq!(client.hear(), format!("{round} hello"), "its own count");
        }
        wait_for("all to wait", || server.mixin().parked() == clients.len());
        // Up to three at work, one in reserve; more only if the machine held one of them up.
        assert!(server.mixin().threads() < 20, "{:?}", server.mixin());
        // One that has just been started has its name a moment later, and one that has ended is listed a moment longer.
        wait_for("those to be all there are", || threads_called("rx-many") == server.mixin().threads());
    }
    assert_eq!(server.stats().active, clients.len());
    let ends = clients.len();
    drop(clients);
    wait_for("the ends", || server.stats().completed == ends as u64);
    assert_eq!((server.mixin().parked(), server.state().finished.load(SeqCst)), (0, ends));
}

#[test]
fn no_thread_is_started_before_the_first_client() {
    let server = served(ReactorMixIn::default().workers(3));
    assert_eq!(server.mixin().threads(), 0);
    let mut client = Client::connect(server.server_address());
    client.ask("hello");
    wait_for("one and one in reserve", || server.mixin().threads() == 2);
}

#[test]
fn setup_greets_before_the_client_says_anything() {
    #[derive(Default)]
    struct Greets;
    impl KeepAliveRequestHandler for Greets {
        fn setup(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
            Ok(cx.wfile.write_all(b"welcome\n")?)
        }
        fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
            let mut line = String::new();
            cx.rfile.read_line(&mut line)?;
            cx.wfile.write_all(line.as_bytes())?;
            Ok(KeepAlive::Yes)
        }
    }
    let server = serve(ReactorTcpServer::<Greets>::bind("127.0.0.1:0").unwrap());
    let mut client = Client::connect(server.server_address());
    assert_eq!(client.hear(), "welcome");
    assert_eq!(client.ask("thanks"), "thanks");
}

#[test]
fn requests_that_arrive_together_are_all_served() {
    let server = served(ReactorMixIn::default().workers(2));
    let mut client = Client::connect(server.server_address());
    // Far more than one buffer holds, cut where buffers end.
    let count = 20_000;
    let mut sender = client.0.get_ref().try_clone().unwrap();
    let sending = std::thread::spawn(move || sender.write_all("hello\n".repeat(count).as_bytes()).unwrap());
    for number in 1..=count {
        assert_eq!(client.hear(), format!("{number} hello"));
    }
    sending.join().unwrap();
    wait_for("it to wait", || server.mixin().parked() == 1);
    assert_eq!(client.ask("hello"), format!("{} hello", count + 1));
}

#[test]
fn a_request_may_arrive_byte_by_byte() {
    let server = served(ReactorMixIn::default().workers(1));
    let mut client = Client::connect(server.server_address());
    let mut other = Client::connect(server.server_address());
    for number in 1..=3 {
        for byte in "hello\n".split_inclusive(|_| true) {
            client.send(byte);
            other.ask("meanwhile"); // so that the byte has been seen before the next one comes
        }
        assert_eq!(client.hear(), format!("{number} hello"));
    }
}

#[test]
fn unix_connections_wait_too() {
    let folder = tempfile::tempdir().unwrap();
    let server =
        Server::<UnixStream, Lines, ReactorMixIn, House>::bind(folder.path().join("socket")).unwrap();
    let server = serve(server);
    let mut client = BufReader::new(net::UnixStream::connect(server.server_address()).unwrap());
    for number in 1..=3 {
        client.get_mut().sendall(b"hello\n").unwrap();
        let mut line = String::new();
        client.read_line(&mut line).unwrap();
        assert_eq!(line, format!("{number} hello\n"));
        wait_for("it to wait", || server.mixin().parked() == 1);
    }
}

#[test]
fn what_handle_request_takes_in_is_served_on() {
    let server = HouseServer::bind("127.0.0.1:0").unwrap();
    let mut client = Client::connect(server.server_address());
    assert_eq!(server.handle_request().unwrap(), Handled::Request);
    assert_eq!(client.ask("hello"), "1 hello");
    assert_eq!(client.ask("hello"), "2 hello");
    wait_for("it to wait", || server.mixin().parked() == 1);
    server.server_close();
    client.expect_end();
    assert_eq!((server.stats().completed, server.mixin().threads()), (1, 0));
}
