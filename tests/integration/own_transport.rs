//! A transport of the user's own: pipes in memory, without a socket anywhere.

use crate::util::{GUARD, Recorder, Seen, serve, wait_for};
use parking_lot::{Condvar, Mutex};
use socketserver::{
    Address, Bind, BindOptions, Connection, Outcome, Request, Sequential, Server, StreamRequest,
    ThreadingMixIn, Traffic, Wire, prelude::*,
};
use std::{
    collections::VecDeque,
    fmt, io,
    net::Shutdown,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixStream as Pair,
    },
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

/// Bytes on their way in one direction, and whether there are more to come.
#[derive(Default)]
struct Lane(Mutex<(VecDeque<u8>, bool)>, Condvar);

impl Lane {
    fn end(&self) {
        self.0.lock().1 = true;
        self.1.notify_all();
    }
}

/// One end of a pipe.
#[derive(Default, Clone)]
struct End {
    from_peer: Arc<Lane>,
    to_peer: Arc<Lane>,
    passed: Arc<[AtomicU64; 2]>,
}

impl Wire for End {
    fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        let mut lane = self.from_peer.0.lock();
        while lane.0.is_empty() && !lane.1 {
            self.from_peer.1.wait(&mut lane);
        }
        let n = lane.0.read(buf)?;
        self.passed[0].fetch_add(n as u64, Relaxed);
        Ok(n)
    }
    fn send(&self, data: &[u8]) -> io::Result<usize> {
        let mut lane = self.to_peer.0.lock();
        if lane.1 {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        lane.0.extend(data);
        self.to_peer.1.notify_all();
        self.passed[1].fetch_add(data.len() as u64, Relaxed);
        Ok(data.len())
    }
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        if how != Shutdown::Write {
            self.from_peer.end();
        }
        if how != Shutdown::Read {
            self.to_peer.end();
        }
        Ok(())
    }
    fn traffic(&self) -> Traffic {
        let mut traffic = Traffic::default();
        [traffic.bytes_in, traffic.bytes_out] = [0, 1].map(|it| self.passed[it].load(Relaxed));
        traffic
    }
}

#[derive(Clone, Debug)]
struct Name(String);
impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
impl From<Name> for Address {
    fn from(name: Name) -> Address {
        Address::Other(name.0.into())
    }
}

struct Pipe(Arc<End>);
impl Request for Pipe {
    type Address = Name;
    fn connection(&self) -> Option<Connection> {
        Some(StreamRequest::connection(self))
    }
}
impl StreamRequest for Pipe {
    fn connection(&self) -> Connection {
        Connection::new(self.0.clone())
    }
}

/// Where clients wait; a socket pair tells the loop of each.
struct Pipes {
    name: Name,
    waiting: Mutex<VecDeque<End>>,
    told: Pair,
    tell: Pair,
}

impl Pipes {
    fn connect(&self) -> Connection {
        let server = End::default();
        let client = End { from_peer: server.to_peer.clone(), to_peer: server.from_peer.clone(), passed: Arc::default() };
        self.waiting.lock().push_back(server);
        (&self.tell).write_all(b"!").unwrap();
        Connection::new(Arc::new(client))
    }
}

impl socketserver::Transport for Pipes {
    type Request = Pipe;
    type Address = Name;
    fn get_request(&self) -> io::Result<(Pipe, Name)> {
        (&self.told).read_exact(&mut [0])?;
        let end = self.waiting.lock().pop_front().ok_or(io::ErrorKind::WouldBlock)?;
        Ok((Pipe(Arc::new(end)), Name("client".into())))
    }
    fn readiness(&self) -> BorrowedFd<'_> {
        self.told.as_fd()
    }
    fn server_address(&self) -> Name {
        self.name.clone()
    }
    fn shutdown_request(request: &mut Pipe) {
        let _ = request.0.shutdown(Shutdown::Both);
    }
}

impl Bind<&str> for Pipes {
    fn server_bind(name: &str, _options: &BindOptions) -> Result<Self, ServerError> {
        let (told, tell) = Pair::pair().unwrap();
        told.set_nonblocking(true).unwrap();
        Ok(Pipes { name: Name(name.into()), waiting: Mutex::default(), told, tell })
    }
}

/// Written for streams of any kind, as all stream handlers are.
#[derive(Default)]
struct Upper;
impl StreamRequestHandler for Upper {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        assert_eq!((cx.request.fileno(), cx.wfile.fileno()), (-1, -1));
        assert_eq!(cx.request.setsockopt(|_| Ok(())).unwrap_err().kind(), io::ErrorKind::Unsupported);
        assert_eq!(cx.request.getpeername().unwrap_err().kind(), io::ErrorKind::Unsupported);
        cx.request.settimeout(Some(Duration::ZERO)); // no socket, no time limits
        assert_eq!(cx.request.gettimeout(), None);
        let mut line = String::new();
        while cx.rfile.read_line(&mut line)? > 0 {
            cx.wfile.write_all(line.to_uppercase().as_bytes())?;
            line.clear();
        }
        Ok(())
    }
}

#[test]
fn handlers_run_on_pipes_in_memory() {
    let recorder = Recorder::default();
    let server = Server::<Pipes, Upper>::builder().observer(recorder.clone()).request_timeout(GUARD);
    let server = serve(server.bind("memory").unwrap());
    assert_eq!(server.server_address().to_string(), "memory");
    let client = server.socket().unwrap().connect();
    client.sendall(b"one\ntwo\n").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    (&client).read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "ONE\nTWO\n");
    server.stop().unwrap();
    let story = [Seen::Started(1, "client".into()), Seen::Ended(1, Outcome::Completed, (8, 8))];
    assert_eq!(recorder.seen()[1..3], story);
}

#[test]
fn a_pipe_is_ended_by_force_too() {
    let server = Server::<Pipes, Upper, ThreadingMixIn>::builder();
    let server = serve(server.serve_on(Pipes::server_bind("memory", &BindOptions::default()).unwrap()).unwrap());
    let client = server.socket().unwrap().connect();
    wait_for("the handler", || server.stats().active == 1);
    let report = server.handle().shutdown(Duration::ZERO);
    assert_eq!((report.drained, report.forced), (0, 1));
    assert_eq!((&client).read(&mut [0]).unwrap(), 0);
}

#[test]
fn keep_alive_handlers_run_on_pipes_too() {
    #[derive(Default)]
    struct Echo;
    impl KeepAliveRequestHandler for Echo {
        fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
            let mut line = String::new();
            cx.rfile.read_line(&mut line)?;
            cx.wfile.write_all(line.as_bytes())?;
            Ok(KeepAlive::Yes)
        }
    }
    let server = serve(Server::<Pipes, Echo, Sequential>::bind("memory").unwrap());
    let client = server.socket().unwrap().connect();
    for line in ["one\n", "two\n"] {
        client.sendall(line.as_bytes()).unwrap();
        let mut answer = [0; 4];
        (&client).read_exact(&mut answer).unwrap();
        assert_eq!(answer, line.as_bytes());
    }
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!((&client).read(&mut [0]).unwrap(), 0);
}
