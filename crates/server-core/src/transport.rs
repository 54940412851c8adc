//! What a server listens on, as a trait that outsiders implement too.

use crate::{BindOptions, Limit, ServerError, port::unsupported};
use socketserver_net::{Address, Request};
use socketserver_sys::Child;
use std::{
    fmt::{Debug, Display},
    io,
    os::fd::BorrowedFd,
};

/// How the peers of a transport's requests are named.
pub type PeerAddress<T> = <<T as Transport>::Request as Request>::Address;

/// A listening endpoint that gives one request after another: [`Tcp`](crate::Tcp), [`Udp`](crate::Udp),
/// [`UnixStream`](crate::UnixStream), [`UnixDatagram`](crate::UnixDatagram), or a type of your own.
///
/// It is what a Python program writes by overriding `get_request` and its like in a server class. A server calls, in this
/// order:
/// 1. [`Bind::server_bind`], which makes the transport;
/// 2. [`server_activate`](Self::server_activate);
/// 3. again and again: waits until [`readiness`](Self::readiness) can be read, then [`get_request`](Self::get_request) until it says `WouldBlock`,
///    with [`prefetch`](Self::prefetch) before it if one loop takes all requests;
/// 4. for each request that [begins with a handshake](Request::begins_with_handshake), where its handler will run, the [handshake](Request::handshake);
/// 5. for each request, when its handler has ended, [`shutdown_request`](Self::shutdown_request), then [`close_request`](Self::close_request);
/// 6. `drop`, which closes what the transport owns.
pub trait Transport: Send + Sync + Sized + 'static {
    /// What a handler gets.
    type Request: Request;

    /// What the server itself is called.
    type Address: Clone + Debug + Display + Into<Address> + Send + Sync + 'static;

    /// Takes the next request, if there is one. **Must not block.**
    ///
    /// # Errors
    /// [`WouldBlock`](io::ErrorKind::WouldBlock) if there is none. Errors of one client are skipped, those of exhaustion wait,
    /// others end the loop: the server decides by [`AcceptError`](crate::AcceptError).
    fn get_request(&self) -> io::Result<(Self::Request, PeerAddress<Self>)>;

    /// Takes several requests that are there, and keeps them, or an error, for the next calls of [`get_request`](Self::get_request): called before it,
    /// by a loop that is going to come back for all of them. **Must not block.** As provided, does nothing.
    fn prefetch(&self) {}

    /// Whether there is something that [`prefetch`](Self::prefetch) has kept, and that [`readiness`](Self::readiness) doesn't know of. As
    /// provided, never.
    fn has_prefetched(&self) -> bool {
        false
    }

    /// A descriptor that can be read when there may be a request.
    fn readiness(&self) -> BorrowedFd<'_>;

    /// The address that clients reach it by: after binding to port 0, with the port that the system chose.
    fn server_address(&self) -> Self::Address;

    /// Starts to listen, with a queue of `request_queue_size` connections that wait to be accepted. As provided, does nothing.
    ///
    /// # Errors
    /// If it can't.
    fn server_activate(&self, _request_queue_size: i32) -> io::Result<()> {
        Ok(())
    }

    /// Opens one more socket on the same address, which listens if this one does: the system then spreads clients over all of them
    /// (SO_REUSEPORT). Called for mix-ins that give each of their processes or threads a socket, which [`readiness`](Self::readiness) then is.
    /// As provided, it can't be done.
    ///
    /// # Errors
    /// [`Unsupported`](io::ErrorKind::Unsupported), or why the socket can't be opened.
    fn another(&self) -> io::Result<Self> {
        Err(io::Error::new(io::ErrorKind::Unsupported, "such a socket can't share its address with others"))
    }

    /// How many requests wait in the system's queue to be taken, if that can be told. As provided, it can't.
    fn backlog(&self) -> Option<usize> {
        None
    }

    /// Closes the port without giving it up: from now on the system refuses clients. Those who wait to be accepted are taken in and kept, for
    /// [`get_request`](Self::get_request) to give; [`has_prefetched`](Self::has_prefetched) says that there are some. Called by
    /// [`Handle::close_port`](crate::Handle::close_port).
    ///
    /// # Errors
    /// [`Unsupported`](io::ErrorKind::Unsupported) as provided; what the system reports. The port is open then as it was.
    fn close_port(&self) -> io::Result<()> {
        Err(unsupported("this transport can't close its port for a while"))
    }

    /// Opens the port that [`close_port`](Self::close_port) has closed. Does nothing if it is open.
    ///
    /// # Errors
    /// [`Unsupported`](io::ErrorKind::Unsupported) as provided; what the system reports. The port is closed then as it was.
    fn reopen_port(&self) -> io::Result<()> {
        Err(unsupported("this transport can't close its port for a while"))
    }

    /// Before [`close_port`](Self::close_port), where worker processes are to take in those who wait: lets nobody in who comes now, without refusing
    /// him, or lets him in again.
    ///
    /// # Errors
    /// [`Unsupported`](io::ErrorKind::Unsupported) as provided; what the system reports.
    fn hold_port(&self, _hold: bool) -> io::Result<()> {
        Err(unsupported("this transport can't close its port for a while"))
    }

    /// From now on whoever waits in an operation of this socket's own comes back at once, or, if `end` is false, waits again as always. Called by a
    /// server that ends by force, for requests that have no connection which could be shut down: datagrams, whose replies leave by this
    /// socket. As provided, does nothing.
    fn end_waits(&self, _end: bool) {}

    /// Called in a process that has forked a worker process: what has been kept (see [`has_prefetched`](Self::has_prefetched)) is that one's to serve.
    /// As provided, does nothing.
    fn leave_to_worker(&self) {}

    /// Whether the queue of requests is not this server's alone, such as that of a socket which others have too: then it is left alone when
    /// the server is closed. As provided, it is this server's.
    fn is_shared(&self) -> bool {
        false
    }

    /// Tells the client that there is no more to come. As provided, does nothing.
    fn shutdown_request(_request: &mut Self::Request) {}

    /// Gives the request up. As provided, drops it.
    fn close_request(request: Self::Request) {
        drop(request);
    }

    /// The limit of requests in progress where the builder says nothing: [`Limit::from_descriptors`] as provided, for requests that
    /// hold a descriptor each. Where it is [`Limit::none`], that of the [mix-in](crate::MixIn::default_limit) holds.
    fn default_limit() -> Limit {
        Limit::from_descriptors()
    }

    /// Called in a child that was forked to serve one request: closes what only the parent needs. As provided, does nothing.
    fn close_in_child(&self, _child: &Child) {}
}

/// A transport that can be made from an address of type `A`.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` server cannot be bound to an address of type `{A}`",
    note = "TCP and UDP take what `ToSocketAddrs` takes, such as \"127.0.0.1:8080\" or (\"localhost\", 0); Unix transports take a path or \"@name\""
)]
pub trait Bind<A>: Transport {
    /// Makes a socket, sets its options, binds it; doesn't listen yet.
    ///
    /// # Errors
    /// [`ServerError::Resolve`] or [`ServerError::Bind`], which name the address. Nothing stays open then.
    fn server_bind(address: A, options: &BindOptions) -> Result<Self, ServerError>;
}
