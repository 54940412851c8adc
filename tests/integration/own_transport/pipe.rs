//! Pipes in memory, and a transport that listens for them, without a socket anywhere.

use parking_lot::{Condvar, Mutex};
use socketserver::{
    Address, Bind, BindOptions, Connection, Request, StreamRequest, Traffic, Wire, prelude::*,
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
};

/// Bytes on their way in one direction, and whether there are more to come.
#[derive(Default)]
pub(super) struct Lane(Mutex<(VecDeque<u8>, bool)>, Condvar);

impl Lane {
    fn end(&self) {
        self.0.lock().1 = true;
        self.1.notify_all();
    }
}

/// One end of a pipe.
#[derive(Default, Clone)]
pub(super) struct End {
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
pub(super) struct Name(String);
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

pub(super) struct Pipe(Arc<End>);
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
pub(super) struct Pipes {
    name: Name,
    waiting: Mutex<VecDeque<End>>,
    told: Pair,
    tell: Pair,
}

impl Pipes {
    pub(super) fn connect(&self) -> Connection {
        let server = End::default();
        let client = End {
            from_peer: server.to_peer.clone(),
            to_peer: server.from_peer.clone(),
            passed: Arc::default(),
        };
        self.waiting.lock().push_back(server);
        (&self.tell).write_all(b"!").unwrap();
        Connection::new(Arc::new(client))
    }
}

impl Pipes {
    /// From now on nobody can connect.
    pub(super) fn hang_up(&self) {
        self.tell.shutdown(Shutdown::Write).unwrap();
    }
}

impl socketserver::Transport for Pipes {
    type Request = Pipe;
    type Address = Name;
    fn get_request(&self) -> io::Result<(Pipe, Name)> {
        if (&self.told).read(&mut [0])? == 0 {
            return Err(io::ErrorKind::NotConnected.into());
        }
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
