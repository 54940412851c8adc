//! One received datagram, in buffers that are used again.

mod address;
mod buffers;
mod deaf;
mod outbox;
mod several;
mod source;

use crate::{DatagramRequest, Deadline, Request, Socket, TimedOut, Traffic};
use buffers::Buffers;
use rustix::net::SocketAddrAny;
use source::Endpoint;
use std::{
    fmt, io,
    marker::PhantomData,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

pub use address::DatagramAddress;
pub use source::DatagramSource;

/// A datagram and the socket to answer on: `cx.request` on a UDP server, and with `A = UnixAddress` on a Unix one.
/// Python: the pair `(data, socket)`.
///
/// Its buffers go back to the server when it is dropped: a server in steady state allocates nothing per datagram.
pub struct Datagram<A = SocketAddr> {
    buffers: Buffers,
    length: usize,
    truncated: bool,
    /// Bytes of replies.
    replied: AtomicU64,
    /// When its request has taken too long.
    end: Option<Instant>,
    endpoint: Arc<Endpoint>,
    address: PhantomData<fn() -> A>,
}

impl<A: DatagramAddress> Datagram<A> {
    /// Of the first `n` bytes in a buffer of `endpoint`'s.
    fn new(endpoint: &Arc<Endpoint>, buffers: Buffers, n: usize) -> Self {
        let most = endpoint.pool.max_packet_size();
        Datagram {
            buffers,
            length: n.min(most),
            truncated: n > most,
            replied: AtomicU64::new(0),
            end: None,
            endpoint: endpoint.clone(),
            address: PhantomData,
        }
    }

    /// The bytes that came, at most the server's `max_packet_size`.
    pub fn packet(&self) -> &[u8] {
        &self.buffers.packet[..self.length]
    }

    /// Whether the datagram was longer than `max_packet_size`; the rest is lost. Python cuts silently.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// The server's socket. What is sent by it may wait for room as long as a [reply](DatagramRequest::reply) may, also for a client that has let others
    /// wait in vain.
    pub fn socket(&self) -> &Socket {
        &self.endpoint.socket
    }

    fn send(&self, to: &A::Peer, raw: &SocketAddrAny, reply: &[u8]) -> io::Result<()> {
        let Endpoint { socket, deaf, .. } = &*self.endpoint;
        let name = A::name(to);
        let at_once = socket.send_datagram_now(reply, raw);
        match at_once {
            Ok(_) => {
                name.iter().for_each(|name| deaf.hears(name));
                return Ok(());
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
        let too_late = || Err(TimedOut::new(Deadline::Write).into());
        if name.is_some_and(|name| deaf.has(name)) {
            return too_late();
        }
        if socket.write_timeout().is_none() {
            socket.set_write_timeout(Some(A::PATIENCE)); // a handler has removed it, for others too
        }
        let sent = match socket.send_datagram_until(reply, raw, self.end) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => too_late(), // nobody is to wait
            sent => sent.map(drop),
        };
        let is_deaf = |error: &io::Error| TimedOut::of(error) == Some(TimedOut::new(Deadline::Write));
        if sent.as_ref().is_err_and(is_deaf) {
            name.iter().for_each(|name| deaf.add(name));
        }
        sent
    }

    fn has_replied(&self, reply: &[u8]) {
        self.replied.fetch_add(reply.len() as u64, Relaxed);
    }
}

impl<A: DatagramAddress> Request for Datagram<A> {
    type Address = A::Peer;

    /// What came, without what was cut off; and the replies, as far as they weren't sent by the [`socket`](Datagram::socket) itself.
    fn traffic(&self) -> Traffic {
        Traffic { bytes_in: self.length as u64, bytes_out: self.replied.load(Relaxed) }
    }

    fn limit_replies(&mut self, each: Option<Duration>, end: Option<Instant>) {
        if each.is_some() {
            self.socket().set_write_timeout(each); // the same for all, and for who uses the socket itself
        }
        self.end = end;
    }
}

impl<A: DatagramAddress> DatagramRequest for Datagram<A> {
    fn packet(&self) -> &[u8] {
        Datagram::packet(self)
    }
    fn is_truncated(&self) -> bool {
        self.truncated
    }
    fn socket(&self) -> &Socket {
        Datagram::socket(self)
    }
    fn reply_buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffers.reply
    }
    /// Waits for room no longer than the server's `write_timeout` and its `request_timeout` say, or its own end by force; where nothing
    /// is said, for 50 ms over a Unix socket, whose client may never read, and for a second over UDP. Not at all for a client that has let an
    /// earlier reply wait in vain, until it has taken one.
    fn reply(&self, to: &A::Peer, reply: &[u8]) -> io::Result<()> {
        let Endpoint { socket, outbox, held, .. } = &*self.endpoint;
        let raw = A::raw(to)?;
        if A::GATHERS && outbox.is_used() {
            // Whoever takes the last of those that were received together sends what waits, and does so after it has said that none is left.
            outbox.reply(socket, reply, raw, self.end, || held.load(Relaxed) > 0)?;
        } else {
            self.send(to, &raw, reply)?;
        }
        self.has_replied(reply);
        Ok(())
    }
}

impl<A> Drop for Datagram<A> {
    fn drop(&mut self) {
        self.endpoint.pool.give_back(std::mem::take(&mut self.buffers));
    }
}

impl<A> fmt::Debug for Datagram<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Datagram")
            .field("length", &self.length)
            .field("truncated", &self.truncated)
            .finish_non_exhaustive()
    }
}
