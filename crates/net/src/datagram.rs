//! One received datagram, in buffers that are used again.

use crate::{Address, DatagramRequest, Request, Socket, UnixAddress};
use parking_lot::Mutex;
use rustix::net::SocketAddrAny;
use std::{fmt, io, marker::PhantomData, net::SocketAddr, sync::Arc};

/// A datagram and the socket to answer on: `cx.request` on a UDP server, and with `A = UnixAddress` on a Unix one.
/// Python: the pair `(data, socket)`.
///
/// Its buffers go back to the server's pool when it is dropped: a server in steady state allocates nothing per datagram.
pub struct Datagram<A = SocketAddr> {
    buffers: Buffers,
    length: usize,
    truncated: bool,
    socket: Arc<Socket>,
    pool: Arc<DatagramPool>,
    address: PhantomData<fn() -> A>,
}

#[derive(Default)]
struct Buffers {
    packet: Vec<u8>,
    reply: Vec<u8>,
}

/// Buffers for datagrams, of one size.
pub struct DatagramPool {
    max_packet_size: usize,
    free: Mutex<Vec<Buffers>>,
}

/// More than this many idle buffers are given back to the allocator: what a burst needed isn't kept for ever.
const KEPT: usize = 256;

/// No system sends datagrams as large as this; "no limit" must not ask for all the memory there is.
const LARGEST: usize = 16 << 20;

impl DatagramPool {
    /// A pool for datagrams of up to `max_packet_size` bytes. Longer ones are cut, and say so. More than 16 MiB is as much as
    /// that.
    pub fn new(max_packet_size: usize) -> Arc<Self> {
        Arc::new(DatagramPool { max_packet_size: max_packet_size.min(LARGEST), free: Mutex::default() })
    }

    /// Receives one datagram from `socket`, without waiting.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there is none, and what recvfrom(2) reports.
    pub fn receive<A: DatagramAddress>(
        self: &Arc<Self>,
        socket: &Arc<Socket>,
    ) -> io::Result<(Datagram<A>, A::Peer)> {
        let mut datagram = Datagram {
            buffers: self.free.lock().pop().unwrap_or_default(),
            length: 0,
            truncated: false,
            socket: socket.clone(),
            pool: self.clone(),
            address: PhantomData,
        };
        // One byte more than is wanted: portable evidence that there was more.
        datagram.buffers.packet.resize(self.max_packet_size + 1, 0);
        let (n, from) = socket.recv_datagram_now(&mut datagram.buffers.packet)?;
        datagram.length = n.min(self.max_packet_size);
        datagram.truncated = n > self.max_packet_size;
        Ok((datagram, A::peer(from)?))
    }
}

/// The address families that datagrams come from: [`SocketAddr`] and [`UnixAddress`].
pub trait DatagramAddress: Send + 'static {
    /// What a peer is called: the family's address, or an `Option` of it if peers may be unbound.
    type Peer: Clone + fmt::Debug + Into<Address> + Send + Sync + 'static;

    #[doc(hidden)]
    fn peer(raw: Option<SocketAddrAny>) -> io::Result<Self::Peer>;

    #[doc(hidden)]
    fn send(socket: &Socket, data: &[u8], to: &Self::Peer) -> io::Result<usize>;
}

impl DatagramAddress for SocketAddr {
    type Peer = SocketAddr;

    fn peer(raw: Option<SocketAddrAny>) -> io::Result<SocketAddr> {
        raw.and_then(|raw| raw.try_into().ok())
            .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "a datagram without a sender"))
    }
    fn send(socket: &Socket, data: &[u8], to: &SocketAddr) -> io::Result<usize> {
        socket.send_datagram(data, to)
    }
}

impl DatagramAddress for UnixAddress {
    type Peer = Option<UnixAddress>;

    fn peer(raw: Option<SocketAddrAny>) -> io::Result<Option<UnixAddress>> {
        Ok(match Address::from_raw(raw) {
            Address::Unix(UnixAddress::Unnamed) => None,
            Address::Unix(address) => Some(address),
            _ => None,
        })
    }
    fn send(socket: &Socket, data: &[u8], to: &Option<UnixAddress>) -> io::Result<usize> {
        match to {
            Some(to) => socket.send_datagram(data, &to.to_raw()?),
            None => socket.sendto(data, &Address::Unbound),
        }
    }
}

impl<A: DatagramAddress> Datagram<A> {
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
        &self.socket
    }
}

impl<A: DatagramAddress> Request for Datagram<A> {
    type Address = A::Peer;
}

impl<A: DatagramAddress> DatagramRequest for Datagram<A> {
    fn packet(&self) -> &[u8] {
        Datagram::packet(self)
    }
    fn is_truncated(&self) -> bool {
        self.truncated
    }
    fn socket(&self) -> &Socket {
        &self.socket
    }
    fn reply_buffer(&mut self) -> &mut Vec<u8> {
        &mut self.buffers.reply
    }
    fn reply(&self, to: &A::Peer, reply: &[u8]) -> io::Result<()> {
        A::send(&self.socket, reply, to).map(drop)
    }
}

impl<A> Drop for Datagram<A> {
    fn drop(&mut self) {
        let mut buffers = std::mem::take(&mut self.buffers);
        buffers.reply.clear();
        let mut free = self.pool.free.lock();
        if free.len() < KEPT {
            free.push(buffers);
        }
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

impl fmt::Debug for DatagramPool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatagramPool").field("max_packet_size", &self.max_packet_size).finish_non_exhaustive()
    }
}
