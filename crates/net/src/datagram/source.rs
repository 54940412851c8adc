//! Where a server has its datagrams from: one by one, or several at once.

use super::{
    Datagram, DatagramAddress,
    buffers::{Buffers, Pool},
    deaf::Deaf,
    outbox::Outbox,
    several::{self, MOST},
};
use crate::{Deadline, Socket};
use parking_lot::Mutex;
use std::{
    collections::VecDeque,
    fmt, io,
    net::SocketAddr,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::Relaxed},
    },
    time::Instant,
};

/// A server's datagram socket, with buffers that are used again: gives one datagram after another, without waiting.
///
/// ```
/// use socketserver_net::{DatagramSource, UdpSocket};
/// use std::net::SocketAddr;
///
/// let client = UdpSocket::bind("127.0.0.1:0")?;
/// let source = DatagramSource::<SocketAddr>::new(std::net::UdpSocket::bind("127.0.0.1:0")?, 8192);
/// for text in ["a", "b", "c"] {
///     client.sendto(text.as_bytes(), source.socket().getsockname()?.as_inet().unwrap())?;
/// }
/// assert_eq!(source.receive()?.0.packet(), b"a");
/// source.prefetch(); // what is there; how much of it, it finds out by itself
/// assert!(source.has_prefetched());
/// assert_eq!(source.receive()?.0.packet(), b"b");
/// let (datagram, from) = source.receive()?;
/// assert_eq!((datagram.packet(), from), (&b"c"[..], client.getsockname()?));
/// assert_eq!(source.receive().unwrap_err().kind(), std::io::ErrorKind::WouldBlock);
/// # std::io::Result::Ok(())
/// ```
pub struct DatagramSource<A: DatagramAddress = SocketAddr> {
    endpoint: Arc<Endpoint>,
    /// The most that is received at once.
    most: AtomicUsize,
    ahead: Mutex<Ahead<A>>,
    /// Whether `ahead` holds an error: those who never receive ahead need not lock it.
    failed: AtomicBool,
}

/// What datagrams share with their source.
pub(super) struct Endpoint {
    pub(super) socket: Socket,
    pub(super) pool: Pool,
    /// How many datagrams have been received ahead.
    pub(super) held: AtomicUsize,
    pub(super) outbox: Outbox,
    pub(super) deaf: Deaf,
}

/// A datagram, and whom it is from.
type Received<A> = (Datagram<A>, <A as DatagramAddress>::Peer);

/// What has been received and not been asked for yet.
struct Ahead<A: DatagramAddress> {
    datagrams: VecDeque<Received<A>>,
    /// Found instead of them, or of one of them.
    error: Option<io::Error>,
    /// Buffers to receive into, and what came into each: kept for the next time.
    buffers: Vec<Buffers>,
    came: Vec<(usize, io::Result<A::Peer>)>,
    /// How many datagrams to try for next: as many as seem to come, so that a quiet server needs few buffers.
    next: usize,
}

/// How many datagrams are received at once unless something else is said: the gain of more is small.
const USUAL: usize = 16;

/// Buffers to receive into ahead take no more memory than this.
const MEMORY: usize = 4 << 20;

impl<A: DatagramAddress> DatagramSource<A> {
    /// For datagrams of up to `max_packet_size` bytes. Longer ones are cut, and say so. More than 16 MiB is as much as that.
    pub fn new(socket: impl Into<OwnedFd>, max_packet_size: usize) -> Self {
        let endpoint = Endpoint {
            socket: Socket::new(socket),
            pool: Pool::new(max_packet_size),
            held: AtomicUsize::new(0),
            outbox: Outbox::default(),
            deaf: Deaf::default(),
        };
        let ahead =
            Ahead { datagrams: VecDeque::new(), error: None, buffers: Vec::new(), came: Vec::new(), next: 1 };
        let source = DatagramSource {
            endpoint: Arc::new(endpoint),
            most: AtomicUsize::new(1),
            ahead: Mutex::new(ahead),
            failed: AtomicBool::new(false),
        };
        source.socket().set_write_timeout(Some(A::PATIENCE));
        source.max_prefetch(USUAL)
    }

    /// How many datagrams [`prefetch`](Self::prefetch) receives at most. Default: 16. From 1 to 64, and no more than have room in 4 MiB of
    /// buffers; always 1 where the system has no recvmmsg(2).
    pub fn max_prefetch(self, datagrams: usize) -> Self {
        let room = MEMORY / self.endpoint.pool.max_packet_size().max(1);
        self.most.store(datagrams.min(MOST).min(room).max(1), Relaxed);
        self
    }

    /// Whether short replies to datagrams that were received together are sent together, by one system call. Default: no, each is sent
    /// at once. A reply then waits until the last of those datagrams is taken, but no longer than 1 ms and whatever the handler takes that
    /// is running by then. That it couldn't be sent is told to one who replies later. No effect on Unix sockets, where a receiver
    /// that is slow would hold up the replies to others.
    pub fn gather_replies(self, gather: bool) -> Self {
        self.endpoint.outbox.use_it(gather);
        self
    }

    /// The next datagram, and whom it is from: one that was received ahead, or one that the system has.
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there is none, and what recvfrom(2) reports.
    pub fn receive(&self) -> io::Result<(Datagram<A>, A::Peer)> {
        if self.has_prefetched() || self.failed.load(Relaxed) {
            let mut ahead = self.ahead.lock();
            let (datagram, error) = match ahead.datagrams.pop_front() {
                Some(datagram) => (Some(datagram), None),
                None => (None, ahead.error.take()),
            };
            self.tell(&ahead);
            drop(ahead);
            if self.endpoint.outbox.is_used() {
                self.endpoint.outbox.flush(self.socket(), !self.has_prefetched());
            }
            match (datagram, error) {
                (Some(datagram), _) => return Ok(datagram),
                (None, Some(error)) => return Err(error),
                (None, None) => {} // another caller was faster
            }
        }
        self.receive_one(self.endpoint.pool.take())
    }

    /// Receives datagrams that are there, by one system call, for the next calls of [`receive`](Self::receive); an error too is told by
    /// the next one. Does nothing while there are some left.
    ///
    /// For a caller who is going to take them all. Others, who wait for the socket to become readable, don't see them.
    pub fn prefetch(&self) {
        let most = self.most.load(Relaxed);
        if most == 1 || self.has_prefetched() {
            return;
        }
        let mut ahead = self.ahead.lock();
        let is_news = |error: &io::Error| error.kind() != io::ErrorKind::WouldBlock; // which may have changed
        if !ahead.datagrams.is_empty() || ahead.error.as_ref().is_some_and(is_news) {
            return;
        }
        let tried = ahead.next.min(most);
        let found = if tried == 1 { self.one_ahead(&mut ahead) } else { self.some_ahead(&mut ahead, tried) };
        let got = found.as_ref().map_or(0, |got| *got);
        ahead.next = match got {
            _ if got == tried => tried * 2,
            _ if got <= tried / 2 => (tried / 2).max(1),
            _ => tried,
        };
        ahead.error = found.err();
        self.tell(&ahead);
    }

    /// Ends all waits to send something by the socket, those of others and those to come; or none any more. For a server that ends by force.
    pub fn end_waits(&self, end: bool) {
        self.socket().set_deadline(end.then(|| (Instant::now(), Deadline::Request)));
    }

    /// Whether the next [`receive`](Self::receive) gives a datagram that has been received already.
    pub fn has_prefetched(&self) -> bool {
        self.endpoint.held.load(Relaxed) > 0
    }

    /// The socket.
    pub fn socket(&self) -> &Socket {
        &self.endpoint.socket
    }

    fn tell(&self, ahead: &Ahead<A>) {
        self.endpoint.held.store(ahead.datagrams.len(), Relaxed);
        self.failed.store(ahead.error.is_some(), Relaxed);
    }

    fn receive_one(&self, mut buffers: Buffers) -> io::Result<Received<A>> {
        match self.endpoint.socket.recv_datagram_now(&mut buffers.packet) {
            Ok((n, from)) => Ok((Datagram::new(&self.endpoint, buffers, n), A::peer(from)?)),
            Err(error) => {
                self.endpoint.pool.give_back(buffers);
                Err(error)
            }
        }
    }

    fn one_ahead(&self, ahead: &mut Ahead<A>) -> io::Result<usize> {
        let buffers = ahead.buffers.pop().unwrap_or_else(|| self.endpoint.pool.take());
        ahead.datagrams.push_back(self.receive_one(buffers)?);
        Ok(1)
    }

    /// Says how many datagrams there were.
    fn some_ahead(&self, ahead: &mut Ahead<A>, tried: usize) -> io::Result<usize> {
        let Ahead { datagrams, buffers, came, .. } = &mut *ahead;
        let Endpoint { socket, pool, .. } = &*self.endpoint;
        pool.fill(buffers, tried);
        let free = buffers.iter_mut().take(tried).map(|it| &mut it.packet[..]);
        match several::receive(socket, free, |length, from| came.push((length, A::peer(from)))) {
            Err(error) if several::is_forbidden(&error) => {
                self.most.store(1, Relaxed);
                return self.one_ahead(ahead);
            }
            Err(error) => return Err(error),
            Ok(()) => {}
        }
        let got = came.len();
        let mut unusable = None;
        for (buffers, (length, from)) in buffers.drain(..got).zip(came.drain(..)) {
            let datagram = Datagram::new(&self.endpoint, buffers, length);
            match from {
                Ok(peer) => datagrams.push_back((datagram, peer)),
                Err(error) => unusable = Some(error),
            }
        }
        unusable.map_or(Ok(got), Err)
    }
}

impl<A: DatagramAddress> AsFd for DatagramSource<A> {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket().as_fd()
    }
}

impl<A: DatagramAddress> fmt::Debug for DatagramSource<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatagramSource")
            .field("socket", self.socket())
            .field("max_packet_size", &self.endpoint.pool.max_packet_size())
            .finish_non_exhaustive()
    }
}
