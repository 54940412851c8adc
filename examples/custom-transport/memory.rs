//! Where the pipes come from: a queue that clients put one end of theirs into.

use crate::pipe::{Peer, Pipe, PipeEnd};
use socketserver::{Address, Limit, Transport};
use std::{
    fmt,
    io::{self, Read, Write},
    net::Shutdown,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixStream,
    },
    sync::{
        Arc, Mutex, PoisonError,
        mpsc::{Receiver, Sender, channel},
    },
};

/// The listening end. A child process would have a copy of it, and of each pipe, so the forking mix-ins are not for it.
pub(crate) struct Memory {
    name: Name,
    waiting: Mutex<Receiver<PipeEnd>>,
    /// Holds one byte for each client that waits: something that the server's loop can poll.
    bell: UnixStream,
}

/// Makes clients.
pub(crate) struct Connector {
    queue: Sender<PipeEnd>,
    bell: UnixStream,
}

impl Memory {
    pub(crate) fn new(name: &str) -> io::Result<(Memory, Connector)> {
        let (queue, waiting) = channel();
        let (rings, bell) = UnixStream::pair()?;
        bell.set_nonblocking(true)?;
        let memory = Memory { name: Name(name.into()), waiting: Mutex::new(waiting), bell };
        Ok((memory, Connector { queue, bell: rings }))
    }
}

impl Connector {
    /// A new connection. When more clients wait than the bell holds bytes, it waits for the server to accept some: the backlog.
    pub(crate) fn connect(&self) -> io::Result<PipeEnd> {
        let (client, server) = PipeEnd::pair();
        self.queue.send(server).map_err(|_| io::ErrorKind::ConnectionRefused)?; // the server is gone
        (&self.bell).write_all(&[1])?;
        Ok(client)
    }
}

impl Transport for Memory {
    type Request = Pipe;
    type Address = Name;

    fn get_request(&self) -> io::Result<(Pipe, Peer)> {
        if (&self.bell).read(&mut [0])? == 0 {
            return Err(io::ErrorKind::NotConnected.into()); // nobody can come any more, which ends the loop
        } // and `?` has passed on `WouldBlock`: nobody waits
        let client = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let client = client.map_err(|_| io::ErrorKind::ConnectionAborted)?;
        Ok((Pipe(Arc::new(client)), Peer))
    }

    fn readiness(&self) -> BorrowedFd<'_> {
        self.bell.as_fd()
    }

    fn server_address(&self) -> Name {
        self.name.clone()
    }

    fn shutdown_request(request: &mut Pipe) {
        request.shutdown(Shutdown::Both); // also if somebody has kept a view of it
    }

    fn default_limit() -> Limit {
        Limit::backlog(1000) // a pipe holds no descriptor, but memory
    }
}

/// What the server is called.
#[derive(Debug, Clone)]
pub(crate) struct Name(Arc<str>);

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<Name> for Address {
    fn from(name: Name) -> Self {
        Address::Other(name.0)
    }
}
