//! ThousandIsland (Elixir): `acceptor_test.exs`, `server_test.exs`.

use super::{Echo, echoes, in_flight};
use crate::{
    clients::{connect, rest},
    spans::told::Told,
    util::{Recorder, Seen, Served, in_time, serve, wait_for},
};
use parking_lot::Mutex;
use reliability::MIXINS;
use rustix::io::Errno;
use socketserver::{Deadline, Limit, Outcome, Server, StreamRequest, ThreadingMixIn, Transport, prelude::*};
use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    sync::Arc,
    thread::{self, ThreadId},
    time::{Duration, Instant},
};

/// What `get_request` fails with before it takes anybody in, and who has called it.
#[derive(Default)]
pub(super) struct Script {
    pub(super) errors: Mutex<VecDeque<i32>>,
    callers: Mutex<Vec<ThreadId>>,
}

impl ServerHooks<Tcp> for Script {
    fn get_request(&self, transport: &Tcp) -> io::Result<(TcpStream, SocketAddr)> {
        let mut callers = self.callers.lock();
        if !callers.contains(&thread::current().id()) {
            callers.push(thread::current().id());
        }
        drop(callers);
        match self.errors.lock().pop_front() {
            Some(error) => Err(io::Error::from_raw_os_error(error)),
            None => transport.get_request(),
        }
    }
}

type Scripted = Served<Server<Tcp, Echo, ThreadingMixIn, Script>>;

fn scripted(recorder: &Recorder) -> Scripted {
    let builder = ThreadingTcpServer::<Echo, Script>::builder().observer(recorder.clone());
    serve(builder.bind("127.0.0.1:0").unwrap())
}

fn failures(recorder: &Recorder) -> usize {
    recorder.seen().iter().filter(|it| matches!(it, Seen::AcceptFailed { .. })).count()
}

/// `acceptor_test.exs`: `:emfile` and `:enfile`, each five times.
#[test]
fn five_times_emfile_or_enfile_leave_who_is_in_flight_and_the_acceptor_as_they_are() {
    for errno in [Errno::MFILE, Errno::NFILE] {
        let recorder = Recorder::default();
        let server = scripted(&recorder);
        let mut in_flight = in_flight(server.server_address());
        let acceptor = server.state().callers.lock().clone();
        assert_eq!(acceptor.len(), 1);

        server.state().errors.lock().extend([errno.raw_os_error(); 5]);
        let mut later = connect(server.server_address());
        wait_for("an error", || failures(&recorder) > 0);
        echoes(&mut in_flight);
        echoes(&mut later);
        assert_eq!(failures(&recorder), 5, "each is told");
        assert_eq!(*server.state().callers.lock(), acceptor, "no other has taken its place");
        assert_eq!((server.stats().active, server.stats().accept_errors), (2, 5));
    }
}

/// `acceptor_test.exs`: transient errors one after another.
#[test]
fn ten_transient_errors_back_to_back_are_skipped_by_the_same_acceptor() {
    let errors = [
        Errno::CONNABORTED,
        Errno::PROTO,
        Errno::NETDOWN,
        Errno::HOSTDOWN,
        Errno::NONET,
        Errno::HOSTUNREACH,
        Errno::NETUNREACH,
        Errno::NOPROTOOPT,
        Errno::OPNOTSUPP,
        Errno::INTR,
    ];
    let recorder = Recorder::default();
    let server = scripted(&recorder);
    let mut in_flight = in_flight(server.server_address());
    server.state().errors.lock().extend(errors.map(Errno::raw_os_error));
    echoes(&mut connect(server.server_address()));
    echoes(&mut in_flight);
    assert_eq!((failures(&recorder), server.state().callers.lock().len()), (10, 1));
}

/// `acceptor_test.exs`: a handler process that can't be started. Each end is told, once, and they are what was counted.
#[test]
fn six_handlers_that_fail_to_start_leave_nobody_and_are_told() {
    for mixin in MIXINS {
        let mut told = Told::by(mixin, &["factory=panics"]);
        let clients: Vec<_> = (0..6).map(|_| connect(told.address)).collect();
        for client in clients {
            assert_eq!(rest(client), b"", "{mixin}: it sees end-of-file");
        }
        let mut ends = Vec::new();
        while ends.len() < 6 {
            ends.extend(told.until("C- ").into_iter().filter(|line| line.starts_with("C- ")));
        }
        assert_eq!(ends, ["C- Panicked 0 0"; 6], "{mixin}");
        told.end(false);
    }
}

/// `server_test.exs`: `num_connections: 1` with retries that come to their end.
#[test]
fn at_a_limit_of_one_a_second_is_closed_when_no_room_comes_and_a_third_accepted() {
    let limit = Limit::wait(1, Duration::from_millis(50));
    let server = ThreadingTcpServer::<Echo>::builder().max_connections(limit).bind("127.0.0.1:0").unwrap();
    let server = serve(server);
    let first = in_flight(server.server_address());
    assert_eq!(rest(connect(server.server_address())), b"", "no room came");
    wait_for("that to be counted", || server.stats().refused_by.waited_too_long == 1);
    drop(first);
    wait_for("the first to leave", || server.stats().active == 0);
    let _third = in_flight(server.server_address());
    assert_eq!((server.stats().refused, server.stats().active), (1, 1));
}

/// `server_test.exs`: shutting down, after a suspend and a resume.
#[test]
fn after_suspend_and_resume_a_stop_lets_clients_finish_and_forces_who_stays() {
    for stays in [false, true] {
        let server = serve(ThreadingTcpServer::<Echo>::bind("127.0.0.1:0").unwrap());
        let mut client = in_flight(server.server_address());
        let handle = server.handle();
        handle.suspend();
        echoes(&mut client);
        handle.resume();
        let mut second = in_flight(server.server_address());
        echoes(&mut client);
        let deadline = Duration::from_millis(if stays { 50 } else { 60_000 });
        let stop = thread::spawn(move || handle.shutdown(deadline));
        wait_for("the stop", || server.handle().is_draining());
        if !stays {
            echoes(&mut second);
            drop((client, second));
        }
        let report = stop.join().unwrap();
        assert_eq!((report.drained, report.forced), if stays { (0, 2) } else { (2, 0) });
    }
}

/// `server_test.exs`: "does not restart the read timer on writes".
#[test]
fn what_the_server_writes_doesnt_restart_the_read_timer() {
    struct Listens(Duration);
    impl BaseRequestHandler<TcpStream> for Listens {
        fn handle(&mut self, cx: &mut Context<'_, TcpStream>) -> HandlerResult {
            cx.request.settimeout(Some(self.0));
            let ends = Arc::new(());
            let (writer, goes_on) = (StreamRequest::connection(cx.request), Arc::downgrade(&ends));
            let writes = thread::spawn(move || {
                while goes_on.upgrade().is_some() && writer.sendall(b".").is_ok() {
                    thread::yield_now();
                }
            });
            let read = cx.request.recv(&mut [0]);
            drop(ends);
            writes.join().unwrap();
            read?;
            Ok(())
        }
    }
    in_time(Duration::from_millis(100), |limit| {
        let recorder = Recorder::default();
        let server = ThreadingTcpServer::<Listens>::builder().handler_factory(move |_| Listens(limit));
        let server = serve(server.observer(recorder.clone()).bind("127.0.0.1:0").unwrap());
        let (begun, written) = (Instant::now(), rest(connect(server.server_address())));
        wait_for("the end", || recorder.outcomes() == [Outcome::TimedOut(Deadline::Read)]);
        assert!(begun.elapsed() >= limit, "too early");
        !written.is_empty() // it has written meanwhile
    });
}
