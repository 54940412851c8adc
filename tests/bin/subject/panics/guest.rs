//! TCP with traps in the request and in the wire beneath.

use super::trap::Trap;
use socketserver::{
    Bind, BindOptions, Child, Connection, PeerAddress, Request, Socket, StreamRequest, Transport, Wire,
    prelude::*,
};
use std::{
    io,
    net::{Shutdown, SocketAddr},
    os::fd::BorrowedFd,
    sync::{Arc, OnceLock},
};

/// For those that nobody gives anything when they are made.
pub(crate) static TRAP: OnceLock<Trap> = OnceLock::new();

pub(crate) fn step_on(place: &str) {
    if let Some(trap) = TRAP.get() {
        trap.step_on(place);
    }
}

pub(crate) struct Trapdoor(Tcp);

pub(crate) struct Guest(Arc<Hose>);

struct Hose(TcpStream);

impl Drop for Guest {
    fn drop(&mut self) {
        step_on("request_drop");
    }
}

impl Wire for Hose {
    fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        self.0.recv(buf)
    }
    fn send(&self, data: &[u8]) -> io::Result<usize> {
        step_on("send");
        self.0.send(data)
    }
    fn shutdown(&self, how: Shutdown) -> io::Result<()> {
        self.0.shutdown(how)
    }
    fn socket(&self) -> Option<&Socket> {
        Some(&self.0)
    }
}

impl Request for Guest {
    type Address = SocketAddr;
    fn connection(&self) -> Option<Connection> {
        Some(StreamRequest::connection(self))
    }
}
impl StreamRequest for Guest {
    fn connection(&self) -> Connection {
        Connection::new(self.0.clone())
    }
}

impl Transport for Trapdoor {
    type Request = Guest;
    type Address = SocketAddr;

    fn get_request(&self) -> io::Result<(Guest, PeerAddress<Self>)> {
        self.0.get_request().map(|(stream, peer)| (Guest(Arc::new(Hose(stream))), peer))
    }
    fn readiness(&self) -> BorrowedFd<'_> {
        self.0.readiness()
    }
    fn server_address(&self) -> SocketAddr {
        self.0.server_address()
    }
    fn server_activate(&self, request_queue_size: i32) -> io::Result<()> {
        self.0.server_activate(request_queue_size)
    }
    fn shutdown_request(request: &mut Guest) {
        let _ = request.0.0.shutdown(Shutdown::Write); // the client may be gone
    }
    fn close_in_child(&self, child: &Child) {
        self.0.close_in_child(child);
    }
}
impl Bind<&str> for Trapdoor {
    fn server_bind(address: &str, options: &BindOptions) -> Result<Self, ServerError> {
        Tcp::server_bind(address, options).map(Trapdoor)
    }
}
