//! Connections that there is nothing to wait on.

use crate::util::{serve, wait_for};
use parking_lot::{Condvar, Mutex};
use socketserver::{
    Address, Connection, ReactorMixIn, Request, Server, StreamRequest, Transport, Wire, prelude::*,
};
use std::{
    collections::VecDeque,
    io,
    net::Shutdown,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixStream as Pair,
    },
    sync::Arc,
};

/// Bytes to the handler, and from it.
#[derive(Default)]
struct Memory {
    lanes: Mutex<[VecDeque<u8>; 2]>,
    is_over: Mutex<bool>,
    changed: Condvar,
}

impl Memory {
    fn say(&self, line: &[u8]) {
        self.lanes.lock()[0].extend(line);
        self.changed.notify_all();
    }
    fn heard(&self) -> Vec<u8> {
        self.lanes.lock()[1].iter().copied().collect()
    }
}

impl Wire for Memory {
    fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        let mut lanes = self.lanes.lock();
        while lanes[0].is_empty() && !*self.is_over.lock() {
            self.changed.wait(&mut lanes);
        }
        lanes[0].read(buf)
    }
    fn send(&self, data: &[u8]) -> io::Result<usize> {
        self.lanes.lock()[1].write(data)
    }
    fn shutdown(&self, _how: Shutdown) -> io::Result<()> {
        let _lanes = self.lanes.lock();
        *self.is_over.lock() = true;
        self.changed.notify_all();
        Ok(())
    }
}

struct Visitor(Arc<Memory>);
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

struct Visits(Mutex<Vec<Arc<Memory>>>, Pair, Pair);
impl Transport for Visits {
    type Request = Visitor;
    type Address = Address;
    fn get_request(&self) -> io::Result<(Visitor, Address)> {
        (&self.1).read_exact(&mut [0])?;
        let memory = self.0.lock().pop().ok_or(io::ErrorKind::WouldBlock)?;
        Ok((Visitor(memory), Address::Unbound))
    }
    fn readiness(&self) -> BorrowedFd<'_> {
        self.1.as_fd()
    }
    fn server_address(&self) -> Address {
        Address::Unbound
    }
}

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

#[test]
fn a_wire_without_a_socket_gets_a_thread() {
    let (told, tell) = Pair::pair().unwrap();
    told.set_nonblocking(true).unwrap();
    let server = Server::<Visits, Echo, ReactorMixIn>::builder();
    let server = serve(server.serve_on(Visits(Mutex::default(), told, tell)).unwrap());
    let visits = server.socket().unwrap();
    let visitors: Vec<Arc<Memory>> = (0..3).map(|_| Arc::default()).collect();
    for visitor in &visitors {
        visits.0.lock().push(visitor.clone());
        (&visits.2).write_all(b"!").unwrap();
    }
    for round in 1..=3 {
        visitors.iter().for_each(|visitor| visitor.say(b"hello\n"));
        for visitor in &visitors {
            wait_for("the echo", || visitor.heard() == b"hello\n".repeat(round));
        }
    }
    assert_eq!((server.mixin().threads(), server.mixin().parked()), (3, 0));
    visitors.iter().for_each(|visitor| visitor.shutdown(Shutdown::Both).unwrap());
    wait_for("the ends", || server.stats().completed == 3);
}
