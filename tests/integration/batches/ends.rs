//! What has been received is served, or counted, however a server ends; and one that fails takes no other with it.

use super::{DIGITS, client, queue, reply};
use crate::util::{Recorder, serve};
use parking_lot::Mutex;
use socketserver::{Datagram, Handle, Handled, Outcome, Sequential, ServerBuilder, Transport, prelude::*};
use std::{
    io,
    net::SocketAddr,
    sync::{
        OnceLock,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

/// Answers; does on the way what the datagram says.
#[derive(Default)]
struct Obey;
impl DatagramRequestHandler<Told> for Obey {
    fn handle(&mut self, cx: &mut DatagramContext<'_, Told>) -> HandlerResult {
        let told = cx.server.state();
        told.served.lock().push(String::from_utf8_lossy(cx.packet).into_owned());
        match cx.packet {
            b"panic" => panic!("as was asked"),
            b"fail" => return Err("as was asked".into()),
            b"stop" => cx.server.shutdown(),
            b"stop now" => drop(told.handle.get().unwrap().shutdown(Duration::ZERO)),
            _ => {}
        }
        Ok(cx.wfile.write_all(cx.packet)?)
    }
}

#[derive(Default)]
struct Told {
    served: Mutex<Vec<String>>,
    handle: OnceLock<Handle>,
    /// How often the server asked for a datagram, if it is to be told at times that there is none.
    moods: Option<AtomicUsize>,
}
impl ServerHooks<Udp> for Told {
    fn get_request(&self, transport: &Udp) -> io::Result<(Datagram, SocketAddr)> {
        match &self.moods {
            Some(asked) if asked.fetch_add(1, SeqCst) % 3 == 1 => Err(io::ErrorKind::WouldBlock.into()),
            Some(asked) if asked.load(SeqCst) % 7 == 0 => panic!("as is its way"),
            _ => transport.get_request(),
        }
    }
}

type Server = UdpServer<Obey, Sequential, Told>;

fn builder() -> ServerBuilder<Udp, Obey, Sequential, Told> {
    Server::builder()
}

/// What a server of ours is found to have served.
fn served(server: &Server) -> Vec<String> {
    std::mem::take(&mut *server.state().served.lock())
}

#[test]
fn handle_request_takes_one_and_leaves_the_others() {
    let (server, client) = (builder().bind("127.0.0.1:0").unwrap(), client());
    queue(&client, server.server_address(), DIGITS);
    for digit in DIGITS {
        assert_eq!(server.handle_request().unwrap(), Handled::Request);
        assert_eq!(served(&server), [digit]);
        assert!(!server.socket().unwrap().has_prefetched(), "they are still in the socket");
    }
}

/// A quiet server receives one at first, then two, then four: the fourth datagram is the first of those.
#[test]
fn what_was_received_when_a_shutdown_came_is_served_and_the_rest_stays_in_the_socket() {
    let (server, client) = (builder().bind("127.0.0.1:0").unwrap(), client());
    queue(&client, server.server_address(), ["1", "2", "3", "stop", "5", "6", "7", "8", "9", "stop"]);
    server.serve_forever().unwrap();
    assert_eq!(served(&server), ["1", "2", "3", "stop", "5", "6", "7"]);
    server.serve_forever().unwrap();
    assert_eq!(served(&server), ["8", "9", "stop"]);
    assert_eq!(server.stats().completed, 10);
    for expected in ["1", "2", "3", "stop", "5", "6", "7", "8", "9", "stop"] {
        assert_eq!(reply(&client), expected);
    }
}

#[test]
fn what_was_received_and_has_no_time_left_is_counted_as_refused() {
    let (server, client) = (builder().bind("127.0.0.1:0").unwrap(), client());
    server.state().handle.set(server.handle()).ok().unwrap();
    queue(&client, server.server_address(), ["1", "2", "3", "stop now", "5", "6", "7", "8"]);
    server.serve_forever().unwrap();
    assert_eq!(served(&server), ["1", "2", "3", "stop now"]);
    let stats = server.stats();
    assert_eq!((stats.completed, stats.refused, stats.active), (4, 3, 0));
}

#[test]
fn a_handler_that_panics_or_fails_loses_its_own_reply_only() {
    let recorder = Recorder::default();
    let (server, client) = (builder().observer(recorder.clone()).bind("127.0.0.1:0").unwrap(), client());
    queue(&client, server.server_address(), ["1", "2", "3", "4", "panic", "6", "fail", "8", "panic", "stop"]);
    server.serve_forever().unwrap();
    for expected in ["1", "2", "3", "4", "6", "8", "stop"] {
        assert_eq!(reply(&client), expected);
    }
    let outcomes = recorder.outcomes();
    assert_eq!(outcomes.len(), 10);
    assert_eq!([4, 6, 8].map(|at| outcomes[at]), [Outcome::Panicked, Outcome::Failed, Outcome::Panicked]);
}

#[test]
fn a_hook_that_at_times_wants_none_or_panics_doesnt_leave_them_lying() {
    let state = Told { moods: Some(AtomicUsize::new(0)), ..Told::default() };
    let (server, client) = (builder().state(state).bind("127.0.0.1:0").unwrap(), client());
    for _ in 0..3 {
        queue(&client, server.server_address(), DIGITS);
    }
    let _server = serve(server);
    for expected in DIGITS.iter().cycle().take(30) {
        assert_eq!(reply(&client), *expected);
    }
}
