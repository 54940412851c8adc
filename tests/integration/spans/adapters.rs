//! What the observers for `tracing` and `metrics` make of a server, next to what it counted.

// The recorder of the example.
#[path = "../../../examples/telemetry/board.rs"]
mod board;
mod collector;

use crate::{
    clients::{connect, rest, visit},
    util::{serve, wait_for},
};
use board::Board;
use collector::{Collector, Span};
use socketserver::{
    HandlerFn, MetricsObserver, MixIn, Observer, ReactorMixIn, Runs, Sequential, Stats, ThreadPoolMixIn,
    ThreadingMixIn, TracingObserver, UdpSocket, kind, prelude::*,
};
use std::time::Duration;
use tracing_subscriber::{filter::LevelFilter, layer::SubscriberExt};

#[derive(Default)]
struct Lines;
impl KeepAliveRequestHandler for Lines {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        tracing::info!("in the handler");
        match line.trim() {
            "fail" => Err("as was asked".into()),
            "panic" => panic!("as was asked"),
            "read" => {
                cx.request.settimeout(Some(Duration::from_millis(5)));
                cx.rfile.read_line(&mut line)?; // for a line that doesn't come
                Ok(KeepAlive::Yes)
            }
            _ => Ok(cx.wfile.write_all(b"done\n").map(|()| KeepAlive::Yes)?),
        }
    }
    fn finish(&mut self, _: &mut StreamContext<'_>) -> HandlerResult {
        tracing::info!("in finish");
        Ok(())
    }
}

/// Five connections with eight requests, whose ends differ.
fn visits<M: MixIn + Runs<kind::KeepAlive> + Default>(observer: impl Observer) -> (Stats, String) {
    let server = TcpServer::<Lines, M>::builder().observer(observer);
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    let address = server.server_address();
    for says in ["one\ntwo\nthree\n", "one\nfail\n", "panic\n", "one\n"] {
        visit(address, says.as_bytes());
    }
    let silent = connect(address);
    silent.sendall(b"read\n").unwrap();
    rest(silent);
    wait_for("all ends", || server.stats().active == 0);
    let stats = server.stats();
    server.stop().unwrap();
    (stats, address.to_string())
}

#[test]
fn spans_of_tracing_nest_and_say_what_was_counted() {
    let collector = Collector::install();
    spans_nest::<Sequential>(collector);
    spans_nest::<ThreadingMixIn>(collector);
    spans_nest::<ThreadPoolMixIn>(collector);
    spans_nest::<ReactorMixIn>(collector);
}

fn spans_nest<M: MixIn + Runs<kind::KeepAlive> + Default>(collector: &Collector) {
    let (stats, address) = visits::<M>(TracingObserver::default());
    let is_server = |it: &&Span| it.name == "server" && it.fields["address"] == address;
    let spans = collector.spans();
    let server = spans.iter().find(is_server).expect("a span of the server");
    let within = |outer: &Span, name: &str| -> Vec<Span> {
        spans.iter().filter(|it| it.parent == Some(outer.number) && it.name == name).cloned().collect()
    };
    assert!(server.is_closed && server.parent.is_none() && server.fields.contains_key("duration_us"));

    let connections = within(server, "connection");
    assert!(connections.iter().all(|it| it.is_closed));
    let sum =
        |field: &str| connections.iter().map(|it| it.fields[field].parse::<u64>().unwrap()).sum::<u64>();
    assert_eq!((sum("bytes_in"), sum("bytes_out")), (stats.bytes_in, stats.bytes_out));
    let ended =
        |outcome: &str| connections.iter().filter(|it| it.fields["outcome"] == outcome).count() as u64;
    assert_eq!(connections.len() as u64, stats.accepted);
    assert_eq!((ended("completed"), ended("failed"), ended("panicked")), (2, 1, 1));
    assert_eq!((stats.completed, stats.failed, stats.panicked), (2, 2, 1));
    let silent = connections.iter().find(|it| it.fields["outcome"] == "timed_out").expect("one was silent");
    assert_eq!((&*silent.fields["reason"], &*silent.fields["forced"]), ("read", "false"));
    assert_eq!(silent.events, ["in finish", "ended"]);

    let requests: Vec<_> = connections.iter().map(|it| within(it, "request")).collect();
    let outcomes: Vec<Vec<_>> =
        requests.iter().map(|it| it.iter().map(|it| &*it.fields["outcome"]).collect()).collect();
    assert_eq!(
        outcomes,
        [
            vec!["completed"; 3],
            vec!["completed", "failed"],
            vec!["panicked"],
            vec!["completed"],
            vec!["timed_out"]
        ]
    );
    for request in requests.iter().flatten() {
        assert!(request.is_closed);
        assert_eq!(request.events, ["in the handler", "ended"], "the handler is within its request");
    }
    assert_eq!((&*requests[0][0].fields["bytes_in"], &*requests[0][0].fields["bytes_out"]), ("4", "5"));
}

#[test]
fn spans_cost_a_question_unless_a_subscriber_wants_them() {
    let quiet = tracing_subscriber::registry().with(LevelFilter::INFO);
    tracing::subscriber::with_default(quiet, || assert!(!TracingObserver::default().wants_requests()));
    let eager = tracing_subscriber::registry().with(LevelFilter::DEBUG);
    tracing::subscriber::with_default(eager, || assert!(TracingObserver::default().wants_requests()));
}

#[test]
fn metrics_are_what_was_counted() {
    metrics_agree::<Sequential>();
    metrics_agree::<ThreadingMixIn>();
    metrics_agree::<ThreadPoolMixIn>();
    metrics_agree::<ReactorMixIn>();
}

fn metrics_agree<M: MixIn + Runs<kind::KeepAlive> + Default>() {
    let board = Board::default();
    let observer = MetricsObserver::default().label("server", "mine").register_with(&board);
    let (stats, _) = visits::<M>(observer);
    let shown = board.to_string();
    let ended = |what: &str, outcome: &str, reason: &str, count: u64| {
        format!("{what}_ended_total{{server=\"mine\",outcome=\"{outcome}\",reason=\"{reason}\"}} {count}")
    };
    for line in [
        format!("connections_started_total{{server=\"mine\"}} {}", stats.accepted),
        ended("connections", "completed", "none", stats.completed),
        ended("connections", "failed", "none", stats.failed - stats.panicked),
        ended("connections", "panicked", "none", stats.panicked),
        ended("connections", "timed_out", "read", stats.timed_out_by.read),
        format!("connection_received_bytes_total{{server=\"mine\"}} {}", stats.bytes_in),
        format!("connection_sent_bytes_total{{server=\"mine\"}} {}", stats.bytes_out),
        format!("connection_duration_seconds{{server=\"mine\"}}_count {}", stats.accepted),
        "requests_started_total{server=\"mine\"} 8".into(),
        ended("requests", "completed", "none", 5),
        ended("requests", "failed", "none", 1),
        ended("requests", "timed_out", "read", 1),
        ended("requests", "panicked", "none", 1),
        format!("request_received_bytes_total{{server=\"mine\"}} {}", stats.bytes_in),
        format!("request_sent_bytes_total{{server=\"mine\"}} {}", stats.bytes_out),
    ] {
        assert!(shown.contains(&format!("socketserver_{line}\n")), "{line} is not in\n{shown}");
    }
    assert!(!shown.contains("_active") && !shown.contains("_serving"), "nothing is left: {shown}");
}

#[test]
fn metrics_of_datagrams_are_those_of_requests() {
    let board = Board::default();
    let echo = |cx: &mut DatagramContext<'_>| {
        cx.wfile = cx.packet.to_vec();
        Ok(())
    };
    let server = UdpServer::<HandlerFn<_>>::builder().handler_factory(move |_| HandlerFn::new(echo));
    let server = server.observer(MetricsObserver::default().register_with(&board));
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    for _ in 0..3 {
        client.sendto(b"12345", server.server_address()).unwrap();
    }
    wait_for("three ends", || server.handle().stats().completed == 3);
    assert_eq!((server.stats().bytes_in, server.stats().bytes_out), (15, 15));
    server.stop().unwrap();
    let shown = board.to_string();
    for line in ["requests_started_total 3", "request_received_bytes_total 15", "request_sent_bytes_total 15"]
    {
        assert!(shown.contains(&format!("socketserver_{line}\n")), "{line} is not in\n{shown}");
    }
    assert!(!shown.contains("connection"), "{shown}");
}
