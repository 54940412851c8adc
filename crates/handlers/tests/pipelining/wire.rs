//! A connection without a socket: its client says all that it has to say in pieces, and takes what it is sent in pieces.

use parking_lot::Mutex;
use socketserver_handlers::ServerControl;
use socketserver_net::{Address, Connection, Request, StreamRequest, Wire};
use std::{
    io,
    net::Shutdown,
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering::Relaxed},
    },
};

/// The client, and what has become of the connection.
struct Client {
    input: Vec<u8>,
    /// The sizes of the pieces, again and again. Zero is as one; without any, there is one piece.
    pieces: Vec<u8>,
    step: usize,
    /// So much of the input has been received.
    received: usize,
    output: Vec<u8>,
}

impl Client {
    fn piece(&mut self) -> usize {
        let size = self.pieces.get(self.step % self.pieces.len().max(1)).copied();
        self.step += 1;
        size.map_or(usize::MAX, |size| usize::from(size).max(1))
    }
}

struct Shared(Mutex<Client>);

impl Wire for Shared {
    fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        let mut client = self.0.lock();
        let left = client.input.len() - client.received;
        let n = buf.len().min(client.piece()).min(left);
        let at = client.received;
        buf[..n].copy_from_slice(&client.input[at..at + n]);
        client.received += n;
        Ok(n)
    }
    fn send(&self, data: &[u8]) -> io::Result<usize> {
        let mut client = self.0.lock();
        let n = data.len().min(client.piece());
        client.output.extend_from_slice(&data[..n]);
        Ok(n)
    }
    fn shutdown(&self, _: Shutdown) -> io::Result<()> {
        Ok(())
    }
}

/// The request that is this connection.
#[derive(Clone)]
pub(crate) struct Visitor(Arc<Shared>);

impl Visitor {
    pub(crate) fn new(input: &[u8], pieces: &[u8]) -> Self {
        let client =
            Client { input: input.into(), pieces: pieces.into(), step: 0, received: 0, output: Vec::new() };
        Visitor(Arc::new(Shared(Mutex::new(client))))
    }
    pub(crate) fn received(&self) -> usize {
        self.0.0.lock().received
    }
    pub(crate) fn output(&self) -> Vec<u8> {
        self.0.0.lock().output.clone()
    }
}

impl Request for Visitor {
    type Address = Address;
    fn connection(&self) -> Option<Connection> {
        Some(StreamRequest::connection(self))
    }
}
impl StreamRequest for Visitor {
    fn connection(&self) -> Connection {
        Connection::new(self.0.clone())
    }
}

/// A server that is told to stop when it has been asked so often whether it was.
pub(crate) struct Stops(AtomicU32);

impl Stops {
    pub(crate) const NEVER: u32 = u32::MAX;

    pub(crate) fn after(times: u32) -> Self {
        Stops(AtomicU32::new(times))
    }
}

impl ServerControl for Stops {
    fn is_draining(&self) -> bool {
        let left = self.0.load(Relaxed);
        if left != Stops::NEVER {
            self.0.store(left.saturating_sub(1), Relaxed);
        }
        left == 0
    }
    fn request_shutdown(&self) {}
    fn server_address(&self) -> Address {
        Address::Unbound
    }
}
