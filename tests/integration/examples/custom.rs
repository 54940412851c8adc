//! The examples whose mix-in or transport is their own.

use super::{
    client_process::output_of, programs::example, server_process::ServerProcess, sockets::datagram_socket,
};
use std::{collections::BTreeSet, io::Read, path::Path, thread};

/// A few, so that the kernel's buffer holds what all clients send at once, however slow the server.
const EACH: usize = 20;

#[test]
fn the_mix_in_answers_each_client_on_one_thread_and_in_order() {
    let server = ServerProcess::start("custom-mixin", &["127.0.0.1:0"]);
    let mut lanes = BTreeSet::new();
    // Clients are spread at random over four lanes: one more is enough, sooner or later, to meet another.
    for _ in 0..16 {
        thread::scope(|scope| {
            let clients: [_; 4] = std::array::from_fn(|_| scope.spawn(|| lane_of_a_client(&server.address)));
            lanes.extend(clients.map(|client| client.join().expect("the client is content")));
        });
        if lanes.len() > 1 {
            break;
        }
    }
    assert!(lanes.len() > 1, "64 clients, and all on one thread: {lanes:?}");
    server.stop();
}

fn lane_of_a_client(address: &str) -> String {
    let mut client = datagram_socket(address, Path::new(""));
    for number in 0..EACH {
        client.send(format!("request {number}").as_bytes()).expect("the server takes it");
    }
    let answers: Vec<String> = (0..EACH)
        .map(|_| {
            let mut answer = [0; 100];
            let n = client.read(&mut answer).expect("an answer to each");
            String::from_utf8_lossy(&answer[..n]).into_owned()
        })
        .collect();
    let (lane, _) = answers[0].split_once(": ").expect("LANE: ANSWER");
    let expected: Vec<String> = (0..EACH).map(|number| format!("{lane}: REQUEST {number}")).collect();
    assert_eq!(answers, expected);
    lane.to_owned()
}

#[test]
fn the_transport_carries_bytes_both_ways_and_ends_well() {
    let output = output_of(example("custom-transport"), b"hello\n\nwith spaces\nquit\n");
    assert_eq!(output, "listening on upper\n>>: HELLO\n>>: >>: WITH SPACES\n>>: ");
}

#[test]
fn the_transport_carries_more_than_it_holds() {
    let line = "long line ".repeat(1 << 17);
    let output = output_of(example("custom-transport"), line.as_bytes());
    assert!(output == format!("listening on upper\n>>: {}\n>>: \n", line.to_uppercase()));
}
