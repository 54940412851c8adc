//! What accepting may fail with, from a script: which errors are skipped, waited for, or the end.

use crate::{
    backlog::tell,
    clients::{connect, visit},
    subject,
    util::{Nervous, Recorder, Seen, Served, serve, wait_for},
};
use parking_lot::Mutex;
use reliability::{Client, MIXINS};
use rustix::io::Errno;
use socketserver::{BindOptions, Server, ThreadingMixIn, Transport, prelude::*};
use std::{
    collections::VecDeque,
    io,
    net::SocketAddr,
    os::fd::BorrowedFd,
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    time::{Duration, Instant},
};

/// TCP, of which `get_request` fails as its script says before it takes anybody in.
struct Scripted {
    tcp: Tcp,
    script: Mutex<VecDeque<i32>>,
    /// What it fails with when the script is at its end.
    always: Option<i32>,
    calls: AtomicUsize,
}

impl Transport for Scripted {
    type Request = TcpStream;
    type Address = SocketAddr;
    fn get_request(&self) -> io::Result<(TcpStream, SocketAddr)> {
        self.calls.fetch_add(1, SeqCst);
        match self.script.lock().pop_front().or(self.always) {
            Some(error) => Err(io::Error::from_raw_os_error(error)),
            None => self.tcp.get_request(),
        }
    }
    fn readiness(&self) -> BorrowedFd<'_> {
        self.tcp.readiness()
    }
    fn server_address(&self) -> SocketAddr {
        self.tcp.server_address()
    }
    fn server_activate(&self, request_queue_size: i32) -> io::Result<()> {
        self.tcp.server_activate(request_queue_size)
    }
}

/// Echoes lines.
#[derive(Default)]
struct Echo;
impl StreamRequestHandler for Echo {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        let mut line = Vec::new();
        while cx.rfile.read_until(b'\n', &mut line)? > 0 {
            cx.wfile.write_all(&line)?;
            line.clear();
        }
        Ok(())
    }
}

type EchoServer = Server<Scripted, Echo, ThreadingMixIn>;

/// A server whose errors come when they are written into its script; its observer panics at each.
fn served(always: Option<i32>, recorder: &Recorder) -> Served<EchoServer> {
    let tcp = <Tcp as socketserver::Bind<_>>::server_bind("127.0.0.1:0", &BindOptions::default()).unwrap();
    let transport = Scripted { tcp, script: Mutex::default(), always, calls: AtomicUsize::new(0) };
    serve(EchoServer::builder().observer(Nervous(recorder.clone())).serve_on(transport).unwrap())
}

fn echoes(client: &mut TcpStream) {
    client.sendall(b"line\n").unwrap();
    let mut answer = [0; 5];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"line\n");
}

/// The pauses that were made, `None` for an error that needed none.
fn pauses(recorder: &Recorder) -> Vec<Option<Duration>> {
    let pause = |it: &Seen| if let Seen::AcceptFailed { back_off, .. } = it { Some(*back_off) } else { None };
    recorder.seen().iter().filter_map(pause).collect()
}

#[test]
fn when_descriptors_run_out_it_pauses_and_goes_on() {
    for errno in [Errno::MFILE, Errno::NFILE, Errno::NOBUFS, Errno::NOMEM] {
        let recorder = Recorder::default();
        let server = served(None, &recorder);
        let mut in_flight = connect(server.server_address());
        echoes(&mut in_flight);
        server.wait_until_asleep(); // it has found nobody else

        let transport = server.socket().unwrap();
        transport.script.lock().extend([errno.raw_os_error(); 5]);
        let calls = transport.calls.load(SeqCst);
        let mut late = connect(server.server_address());
        late.sendall(b"line\n").unwrap();
        wait_for("the first error", || !pauses(&recorder).is_empty());
        echoes(&mut in_flight);
        late.read_exact(&mut [0; 5]).unwrap();

        let expected = [5, 10, 20, 40, 80].map(|ms| Some(Duration::from_millis(ms)));
        assert_eq!(pauses(&recorder), expected, "longer each time");
        // One call for each error, one for the client, one that finds nobody.
        let made = transport.calls.load(SeqCst) - calls;
        assert!((6..=7).contains(&made), "{made} calls");
        assert_eq!(server.stats().accept_errors, 5);
        drop(transport);
        assert!(server.handle().is_serving(), "the same loop goes on");
        echoes(&mut late);
    }
}

#[test]
fn the_errors_of_one_client_are_skipped_at_once() {
    let errors = [
        Errno::CONNABORTED,
        Errno::NETDOWN,
        Errno::PROTO,
        Errno::NOPROTOOPT,
        Errno::HOSTDOWN,
        Errno::NONET,
        Errno::HOSTUNREACH,
        Errno::OPNOTSUPP,
        Errno::NETUNREACH,
        Errno::PERM,
        Errno::INTR,
        Errno::CONNRESET,
    ];
    let recorder = Recorder::default();
    let server = served(None, &recorder);
    server.socket().unwrap().script.lock().extend(errors.map(Errno::raw_os_error));
    assert_eq!(visit(server.server_address(), b"line\n"), b"line\n");
    assert_eq!(pauses(&recorder), [None; 12]);
}

#[test]
fn an_unknown_error_neither_spins_nor_ends_the_server() {
    let recorder = Recorder::default();
    let server = served(Some(Errno::XDEV.raw_os_error()), &recorder);
    let _waits = connect(server.server_address());
    wait_for("five tries", || pauses(&recorder).len() >= 5);
    let calls = server.socket().unwrap().calls.load(SeqCst);
    let pauses = pauses(&recorder);
    assert!(pauses.iter().all(Option::is_some), "it pauses each time: {pauses:?}");
    assert!(pauses.len() + 2 >= calls, "{calls} calls");
    assert!(server.handle().is_serving());
}

/// An error that is one client's by its name, but comes again and again for ever.
#[test]
fn an_error_that_never_ends_doesnt_spin() {
    let recorder = Recorder::default();
    let server = served(Some(Errno::PERM.raw_os_error()), &recorder);
    let _waits = connect(server.server_address());
    wait_for("a pause", || pauses(&recorder).iter().any(Option::is_some));
    server.stop().unwrap();
}

#[test]
fn a_socket_that_is_unusable_ends_the_loop_with_the_reason() {
    for errno in [Errno::BADF, Errno::INVAL, Errno::NOTSOCK] {
        let recorder = Recorder::default();
        let server = served(Some(errno.raw_os_error()), &recorder);
        let address = server.server_address();
        let error = server.join().unwrap_err();
        let ServerError::Accept { address: named, source } = &error else { panic!("{error}") };
        assert_eq!((&**named, source.raw_os_error()), (&*address.to_string(), Some(errno.raw_os_error())));
        assert!(error.to_string().starts_with(&format!("accept on {address}: ")), "{error}");
        assert_eq!(recorder.seen(), [Seen::Serving, Seen::StoppedBy(error.to_string())]);
    }
}

#[test]
fn a_shutdown_doesnt_wait_for_the_end_of_a_pause() {
    // The machine may be so busy that this takes as long as the pause; then it is tried again.
    wait_for("a quick shutdown", || {
        let recorder = Recorder::default();
        let server = served(Some(Errno::MFILE.raw_os_error()), &recorder);
        let _waits = connect(server.server_address());
        let long = Duration::from_millis(640);
        wait_for("a long pause", || pauses(&recorder).last() == Some(&Some(long)));
        let begun = Instant::now();
        server.stop().unwrap();
        begun.elapsed() < long / 2
    });
}

/// The system's own: accept(2) says EINVAL for ever.
#[test]
fn by_each_mixin_a_socket_that_nothing_mends_ends_serve_forever_and_who_is_inside_is_served() {
    for mixin in MIXINS {
        let mut server = subject::start(&["accepting", mixin]);
        let address = server.after("serving ").parse().unwrap();
        let mut inside = Client::connect(address);
        assert_eq!(inside.ask("hold"), "HOLD", "{mixin}");
        tell(&mut server, "spoil");
        let mut end = || {
            inside.say("go on").unwrap();
            assert_eq!(inside.hear().expect(mixin), None, "{mixin}");
        };
        if mixin == "sequential" {
            end(); // it is the loop
        }
        assert_eq!(
            server.after("failed "),
            format!("accept on {address}: invalid input parameter"),
            "{mixin}"
        );
        if mixin != "sequential" {
            end();
        }
        server.close_input();
        assert!(!server.end().0.success(), "{mixin}");
    }
}
