//! From the first request of a connection to its end: what goes on, what is called, when replies are sent.

use super::{LONG, pair};
use crate::{
    Buffers, HandlerResult, HandlerSession, KeepAlive, KeepAliveRequestHandler, Progress,
    RequestHandlerClass, ServerControl, ServerRef, StreamContext,
};
use socketserver_net::{Activity, Address, Connection, Deadline, UnixAddress, UnixStream};
use std::{
    io::{BufRead, Read, Write},
    net::Shutdown,
    os::unix::net,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    thread,
    time::Duration,
};

/// A server that stops when a request says so.
#[derive(Default)]
struct Server(AtomicBool);

impl ServerControl for Server {
    fn is_draining(&self) -> bool {
        self.0.load(SeqCst)
    }
    fn request_shutdown(&self) {
        self.0.store(true, SeqCst);
    }
    fn server_address(&self) -> Address {
        Address::Unbound
    }
    fn request_timeout(&self) -> Option<Duration> {
        LONG
    }
}

/// Echoes lines. After one that begins with `+` the client says `more` before it is answered; after `q` the connection is over, after
/// `s` the server stops; `w` takes some time.
struct Echo {
    client: net::UnixStream,
    fails: bool,
    /// The set-up reads a line.
    asks: bool,
    /// What was called, and how many bytes had been sent by then.
    calls: Arc<Mutex<Vec<(String, u64)>>>,
}

impl Echo {
    fn note(&self, what: &str, cx: &StreamContext<'_>) {
        self.calls.lock().unwrap().push((what.trim().into(), cx.connection().traffic().bytes_out));
    }
}

impl KeepAliveRequestHandler for Echo {
    fn setup(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        if self.asks {
            cx.rfile.read_line(&mut String::new())?;
        }
        self.note("setup", cx);
        if self.fails { Err("as was asked".into()) } else { Ok(()) }
    }
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
        assert!(matches!(cx.connection().deadline(), Some((_, Deadline::Request))));
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        if line.starts_with('w') {
            thread::sleep(Duration::from_micros(20)); // its work
        }
        self.note(&line, cx);
        cx.wfile.write_all(line.as_bytes())?;
        if line.contains('+') {
            self.client.write_all(b"more\n")?;
        }
        if line.contains('s') {
            cx.server.shutdown();
        }
        Ok(if line.contains('q') { KeepAlive::No } else { KeepAlive::Yes })
    }
    fn handle_shutdown(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        assert!(cx.rfile.buffer().is_empty(), "what isn't served isn't for the goodbye either");
        self.note("goodbye", cx);
        Ok(())
    }
    fn finish(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        self.note("finish", cx);
        Ok(())
    }
}

type Calls = Vec<(String, u64)>;

/// What is called, and what the client receives, when it says this and no more, but for what the handler makes it say.
fn serve(said: &str, fails: bool) -> (Calls, String) {
    let (here, mut client) = net::UnixStream::pair().unwrap();
    client.write_all(said.as_bytes()).unwrap();
    let calls = Arc::new(Mutex::new(Vec::new()));
    let mut echo = Echo { client: client.try_clone().unwrap(), fails, asks: false, calls: calls.clone() };
    let mut request = UnixStream::from(here);
    request.settimeout(Some(Duration::from_millis(20))); // it has said all
    let _ = RequestHandlerClass::<_, (), crate::kind::KeepAlive>::serve(
        &mut echo,
        &mut request,
        &UnixAddress::Unnamed,
        ServerRef::new(&(), &Server::default()),
    );
    request.shutdown(Shutdown::Write).unwrap();
    let mut received = String::new();
    client.read_to_string(&mut received).unwrap();
    let calls = calls.lock().unwrap().clone();
    (calls, received)
}

fn names(calls: &Calls) -> Vec<&str> {
    calls.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn one_request_follows_another_until_the_handler_ends_it() {
    let (calls, received) = serve("+1\nq\n", false);
    assert_eq!(names(&calls), ["setup", "+1", "q", "finish"]);
    assert_eq!(received, "+1\nq\n");
    let (calls, _) = serve("+1\n", false);
    assert_eq!(names(&calls), ["setup", "+1", "more", "finish"], "and then its time was up");
}

#[test]
fn the_request_in_which_the_server_stops_is_the_last_though_another_has_arrived() {
    let (calls, received) = serve("+s\n", false);
    assert_eq!(names(&calls), ["setup", "+s", "goodbye", "finish"]);
    assert_eq!(received, "+s\n");
}

#[test]
fn a_goodbye_is_said_only_where_it_would_have_gone_on() {
    let (calls, _) = serve("sq\n", false);
    assert_eq!(names(&calls), ["setup", "sq", "finish"]);
}

#[test]
fn one_that_fails_to_set_up_isnt_finished() {
    assert_eq!(names(&serve("1\n", true).0), ["setup"]);
}

#[test]
fn replies_are_sent_together_when_all_that_has_been_read_is_handled() {
    let (calls, received) = serve("1\n2\n+\nq\n", false);
    let sent: Vec<_> = calls.iter().map(|(_, sent)| *sent).collect();
    assert_eq!(received, "1\n2\n+\nq\n");
    assert_eq!(sent, [0, 0, 0, 0, 0, 0], "setup, four requests that came at once, finish");
}

/// A session of somebody who is parked between requests.
fn parked(
    client: &net::UnixStream,
    here: &Connection,
    asks: bool,
    calls: &Arc<Mutex<Calls>>,
) -> Box<dyn HandlerSession<()>> {
    let echo = Echo { client: client.try_clone().unwrap(), fails: false, asks, calls: calls.clone() };
    let class = RequestHandlerClass::<UnixStream, (), crate::kind::KeepAlive>::into_session(
        echo,
        here.clone(),
        &UnixAddress::Unnamed,
    );
    class.unwrap_or_else(|_| panic!("it can be parked"))
}

/// More requests than one turn serves, since each takes some time.
fn much() -> String {
    (0..400).map(|number| format!("w{number}\n")).collect()
}

#[test]
fn what_was_read_ahead_is_served_in_the_next_turn_with_other_buffers() {
    let ((here, mut client), calls) = (pair(), Arc::default());
    let mut session = parked(&client, &here, false, &calls);
    let control = Server::default();
    let server = ServerRef::new(&(), &control);
    client.write_all(much().as_bytes()).unwrap();
    let mut turns = 0;
    while session.advance(server, &mut Buffers::new()).unwrap() == Progress::HasMore {
        assert_ne!(here.activity(), Activity::Idle, "it has more to be served");
        turns += 1;
    }
    assert!(turns > 0);
    assert_eq!(here.activity(), Activity::Idle);
    assert_eq!(calls.lock().unwrap().len(), 401, "setup, and each once");
}

#[test]
fn what_had_been_read_when_the_server_stopped_is_served_to_its_end() {
    let ((here, mut client), calls) = (pair(), Arc::default());
    let mut session = parked(&client, &here, false, &calls);
    let control = Server::default();
    let server = ServerRef::new(&(), &control);
    client.write_all(much().as_bytes()).unwrap();
    assert_eq!(session.advance(server, &mut Buffers::new()).unwrap(), Progress::HasMore);
    control.request_shutdown();
    client.write_all(b"later\n").unwrap();
    while session.advance(server, &mut Buffers::new()).unwrap() == Progress::HasMore {}
    assert_eq!(calls.lock().unwrap().len(), 401, "and not what came later");
}

#[test]
fn a_request_whose_beginning_came_before_the_stop_is_the_last() {
    let ((here, mut client), calls) = (pair(), Arc::default());
    let mut session = parked(&client, &here, true, &calls);
    let (control, mut buffers) = (Server::default(), Buffers::new());
    let server = ServerRef::new(&(), &control);
    client.write_all(b"hello\nbegin").unwrap();
    assert_eq!(session.setup(server, &mut buffers).unwrap(), Progress::HasMore);
    control.request_shutdown();
    client.write_all(b"ning\nanother\n").unwrap();
    assert_eq!(session.advance(server, &mut buffers).unwrap(), Progress::Over);
    session.handle_shutdown(server, &mut buffers).unwrap();
    assert_eq!(names(&calls.lock().unwrap()), ["setup", "beginning", "goodbye"]);
}

#[test]
fn the_end_of_one_that_waited_has_the_time_of_a_request_and_after_a_request_what_is_left_of_its_own() {
    for waits in [true, false] {
        let ((here, mut client), calls) = (pair(), Arc::default());
        let mut session = parked(&client, &here, false, &calls);
        let (control, mut buffers) = (Server::default(), Buffers::new());
        let server = ServerRef::new(&(), &control);
        client.write_all(if waits { b"1\n" } else { b"q\n" }).unwrap();
        let _ = session.advance(server, &mut buffers).unwrap();
        let before = here.deadline();
        assert_eq!(before.is_none(), waits);
        session.finish(server, &mut buffers).unwrap();
        assert!(matches!(here.deadline(), Some((_, Deadline::Request))));
        assert_eq!(here.deadline() == before, !waits);
    }
}

#[test]
fn a_reply_is_on_its_way_before_the_next_request_is_waited_for() {
    let (here, mut client) = pair();
    client.write_all(b"1\n").unwrap();
    let mut session = parked(&client, &here, false, &Arc::default());
    let (control, mut buffers) = (Server::default(), Buffers::new());
    let server = ServerRef::new(&(), &control);
    assert_eq!(session.advance(server, &mut buffers).unwrap(), Progress::Waits);
    assert_eq!(here.traffic().bytes_out, 2);
    assert!(here.deadline().is_none(), "what others write now isn't part of a request");
    client.write_all(b"q\n").unwrap();
    assert_eq!(session.advance(server, &mut buffers).unwrap(), Progress::Over);
    assert_eq!(here.traffic().bytes_out, 2, "the last one is sent by the finish");
    session.finish(server, &mut buffers).unwrap();
    assert_eq!(here.traffic().bytes_out, 4);
}
