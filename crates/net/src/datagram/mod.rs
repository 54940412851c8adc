//! One received datagram, in buffers that are used again.

mod address;
mod buffers;
mod outbox;
mod several;
mod source;

use crate::{DatagramRequest, Request, Socket, Traffic};
use buffers::Buffers;
use source::Endpoint;
use std::{
    fmt, io,
    marker::PhantomData,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
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

    /// The server's socket.
    pub fn socket(&self) -> &Socket {
        &self.endpoint.socket
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
    fn reply(&self, to: &A::Peer, reply: &[u8]) -> io::Result<()> {
        let Endpoint { socket, outbox, held, .. } = &*self.endpoint;
        let Some(raw) = outbox.is_used().then(|| A::raw(to)).flatten() else {
            return A::send(socket, reply, to).map(|_| self.has_replied(reply));
        };
        // Whoever takes the last of those that were received together sends what waits, and does so after it has said that none is left.
        outbox.reply(socket, reply, raw, || held.load(Relaxed) > 0).map(|()| self.has_replied(reply))
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
