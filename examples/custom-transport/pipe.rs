//! A pipe in memory, in both directions: what a `Wire` is made of.

use socketserver::{Address, Connection, Request, StreamRequest, Wire};
use std::{
    collections::VecDeque,
    io::{self, Read, Write},
    net::Shutdown,
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
};

/// How many bytes may wait to be read; a writer of more waits too, so that a reader who doesn't read costs no memory.
const CAPACITY: usize = 64 * 1024;

/// One direction.
#[derive(Default)]
struct Lane {
    state: Mutex<LaneState>,
    changed: Condvar,
}

#[derive(Default)]
struct LaneState {
    bytes: VecDeque<u8>,
    is_closed: bool,
}

impl Lane {
    fn wait_while(&self, condition: impl FnMut(&mut LaneState) -> bool) -> MutexGuard<'_, LaneState> {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.changed.wait_while(state, condition).unwrap_or_else(PoisonError::into_inner)
    }

    fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        let mut state = self.wait_while(|state| state.bytes.is_empty() && !state.is_closed);
        let n = state.bytes.read(buf)?;
        self.changed.notify_all();
        Ok(n) // 0 if it is closed
    }

    fn send(&self, data: &[u8]) -> io::Result<usize> {
        let mut state = self.wait_while(|state| state.bytes.len() >= CAPACITY && !state.is_closed);
        if state.is_closed {
            return Err(io::ErrorKind::BrokenPipe.into());
        }
        let n = data.len().min(CAPACITY - state.bytes.len());
        state.bytes.extend(&data[..n]);
        self.changed.notify_all();
        Ok(n)
    }

    fn close(&self) {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).is_closed = true;
        self.changed.notify_all();
    }
}

/// One end of a pipe. The other end reads what is written here; it reads end-of-file when this one is dropped.
pub(crate) struct PipeEnd {
    incoming: Arc<Lane>,
    outgoing: Arc<Lane>,
}

impl PipeEnd {
    /// Two ends that are connected.
    pub(crate) fn pair() -> (PipeEnd, PipeEnd) {
        let (one, other) = (Arc::<Lane>::default(), Arc::<Lane>::default());
        (
            PipeEnd { incoming: one.clone(), outgoing: other.clone() },
            PipeEnd { incoming: other, outgoing: one },
        )
    }
}

/// What `rfile` and `wfile` lie on. There is no socket beneath, so there are no time limits either.
impl Wire for PipeEnd {
    fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.incoming.recv(buf)
    }

    fn send(&self, data: &[u8]) -> io::Result<usize> {
        self.outgoing.send(data)
    }

    /// Who waits in the other two calls returns: this is how a server ends a handler that overstays.
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        if how != Shutdown::Write {
            self.incoming.close();
        }
        if how != Shutdown::Read {
            self.outgoing.close();
        }
        Ok(())
    }
}

impl Drop for PipeEnd {
    fn drop(&mut self) {
        self.incoming.close();
        self.outgoing.close();
    }
}

/// The client reads and writes it as it would a socket.
impl Read for PipeEnd {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.recv(buf)
    }
}
impl Write for PipeEnd {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.send(data)
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// What a handler gets: the server's end, shared by all views of it.
pub(crate) struct Pipe(pub(crate) Arc<PipeEnd>);

impl Pipe {
    pub(crate) fn shutdown(&self, how: Shutdown) {
        let _ = self.0.shutdown(how); // which can't fail
    }
}

/// Who a request is from. All clients of a pipe are alike.
#[derive(Debug, Clone)]
pub(crate) struct Peer;

impl From<Peer> for Address {
    fn from(_: Peer) -> Self {
        Address::Other("this process".into())
    }
}

impl Request for Pipe {
    type Address = Peer;

    fn connection(&self) -> Option<Connection> {
        Some(StreamRequest::connection(self))
    }
}

impl StreamRequest for Pipe {
    fn connection(&self) -> Connection {
        Connection::new(self.0.clone())
    }
}
