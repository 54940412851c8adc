//! What a Python program overrides in a server class, and the state that handlers share.

use crate::{FinishRequest, Job, MixIn, PeerAddress, Refusal, Transport};
use socketserver_handlers::{HandlerError, HandlerResult};
use socketserver_net::TimedOut;
use std::io;

/// The server's state, and the hooks by which it takes part: what a Python program writes by subclassing a server.
///
/// All have the meaning of Python's methods of the same name, and as provided do what those do. A hook that wants "the
/// inherited behaviour" does what the provided one does, which its documentation says. A hook that panics ends the
/// request it was called for; the server goes on.
///
/// For each request they are called in this order:
/// [`get_request`](Self::get_request) → [`verify_request`](Self::verify_request) → [`process_request`](Self::process_request) → (where the mix-in runs it)
/// [`finish_request`](Self::finish_request) → [`handle_error`](Self::handle_error), if it failed →
/// [`shutdown_request`](Self::shutdown_request) → [`close_request`](Self::close_request) → (in the loop again)
/// [`service_actions`](Self::service_actions).
///
/// ```
/// use socketserver_core::{ServerHooks, Tcp, TcpServer};
/// use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
/// use socketserver_net::TcpStream;
/// use std::{net::SocketAddr, sync::Mutex};
///
/// #[derive(Default)]
/// struct Room { members: Mutex<Vec<String>> }              // Python: class Room(TCPServer)
///
/// impl ServerHooks<Tcp> for Room {
///     fn verify_request(&self, _request: &TcpStream, peer: &SocketAddr) -> bool {
///         peer.ip().is_loopback()
///     }
/// }
///
/// #[derive(Default)]
/// struct Chat;
/// impl StreamRequestHandler<Room> for Chat {
///     fn handle(&mut self, cx: &mut StreamContext<'_, Room>) -> HandlerResult {
///         cx.server.state().members.lock().unwrap().push(cx.client_address.to_string());
///         Ok(())
///     }
/// }
///
/// type ChatServer = TcpServer<Chat, socketserver_core::Sequential, Room>;
/// let server = ChatServer::bind("127.0.0.1:0")?;
/// assert!(server.state().members.lock().unwrap().is_empty());
/// # Ok::<(), socketserver_core::ServerError>(())
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not the state of a `{T}` server",
    label = "a server's state must implement `ServerHooks<{T}>`",
    note = "write `impl ServerHooks<{T}> for {Self} {{}}`; every hook has a default"
)]
pub trait ServerHooks<T: Transport>
where
    // The compiler shows this line to those whose state can't be shared.
    Self: Send + Sync, // handlers on several threads share it: `Arc`, not `Rc`; `Mutex` or an atomic, not `RefCell`
    Self: 'static,
{
    /// Takes the next request from the transport: `transport.get_request()` as provided. Must not block.
    ///
    /// # Errors
    /// See [`Transport::get_request`].
    fn get_request(&self, transport: &T) -> io::Result<(T::Request, PeerAddress<T>)> {
        transport.get_request()
    }

    /// Whether this request shall be served: yes as provided. If not, it is closed. Runs in the loop, so it should be quick.
    fn verify_request(&self, _request: &T::Request, _client_address: &PeerAddress<T>) -> bool {
        true
    }

    /// Hands a request to the mix-in: `mixin.process_request(job)` as provided. A job that is dropped closes its request.
    fn process_request<M: MixIn>(&self, job: Job<T, Self>, mixin: &M)
    where
        Self: Sized,
    {
        mixin.process_request(job);
    }

    /// Makes a handler and runs it: `request.finish()` as provided. Runs where the mix-in runs requests. Not called for
    /// connections that a reactor parks, which have no single run.
    ///
    /// # Errors
    /// What the handler failed with; it goes to [`handle_error`](Self::handle_error).
    fn finish_request(&self, request: FinishRequest<'_, T, Self>) -> HandlerResult
    where
        Self: Sized,
    {
        request.finish()
    }

    /// Ends a request, telling the client that there is no more to come: `T::shutdown_request(request)` as provided.
    /// [`close_request`](Self::close_request) follows by itself; in Python it must be called.
    fn shutdown_request(&self, request: &mut T::Request) {
        T::shutdown_request(request);
    }

    /// Gives a request up: `T::close_request(request)` as provided. In a forking server also called in the parent, whose child
    /// goes on with the request.
    fn close_request(&self, request: T::Request) {
        T::close_request(request);
    }

    /// Tells a client that there is no room for it, before it is closed. As provided, says nothing. Runs in the loop, so
    /// it should write no more than fits into a socket buffer.
    fn reject_request(&self, _request: &mut T::Request, _client_address: &PeerAddress<T>) {}

    /// [`reject_request`](Self::reject_request), which it calls as provided, for those who want to know, or tell, the reason.
    ///
    /// ```
    /// use socketserver_core::{Refusal, ServerHooks, Tcp};
    /// use socketserver_net::TcpStream;
    /// use std::net::SocketAddr;
    ///
    /// struct Polite;
    /// impl ServerHooks<Tcp> for Polite {
    ///     fn reject_because(&self, request: &mut TcpStream, _: &SocketAddr, reason: Refusal) {
    ///         let _ = match reason {
    ///             Refusal::MaxConnectionsPerPeer => request.sendall(b"one at a time, please\n"),
    ///             _ => request.sendall(b"come back later\n"),
    ///         };
    ///     }
    /// }
    /// ```
    fn reject_because(&self, request: &mut T::Request, client_address: &PeerAddress<T>, _reason: Refusal) {
        self.reject_request(request, client_address);
    }

    /// Reports a request that failed. As provided, writes it to [`log`] as an error, or as a warning if a time limit passed.
    ///
    /// Unlike in Python, it isn't called for a client that just went away; that is told by the
    /// [outcome](crate::Outcome::Disconnected) of the request.
    fn handle_error(&self, client_address: &PeerAddress<T>, error: &HandlerError) {
        let level = if TimedOut::of(&**error).is_some() { log::Level::Warn } else { log::Level::Error };
        let peer = client_address.clone().into();
        log::log!(target: "socketserver", level, "request from {peer}: {error}");
    }

    /// Called by `handle_request` when its `timeout` has passed without a request. As provided, does nothing.
    fn handle_timeout(&self) {}

    /// Called once when `serve_forever` has been told to stop and accepts no more, before it waits for the requests in progress: the moment to
    /// tell those whose handlers wait for something else than their client. As provided, does nothing.
    ///
    /// By the thread in `serve_forever`; so, without a mix-in, after the request that this thread was in. With `PreforkMixIn` in the parent and in each
    /// worker process, also in one that ends for a reason of its own. Not in a child that was forked for one request, nor for
    /// `handle_request`. A keep-alive handler has a [hook of its own](socketserver_handlers::KeepAliveRequestHandler::handle_shutdown).
    ///
    /// ```
    /// use socketserver_core::{ServerHooks, Tcp};
    /// use socketserver_net::Connection;
    /// use std::sync::Mutex;
    ///
    /// #[derive(Default)]
    /// struct Room { members: Mutex<Vec<Connection>> }
    ///
    /// impl ServerHooks<Tcp> for Room {
    ///     fn handle_shutdown(&self) {
    ///         for member in &*self.members.lock().unwrap() {
    ///             let _ = member.sendall(b"the room is closing\n");
    ///         }
    ///     }
    /// }
    /// ```
    fn handle_shutdown(&self) {}

    /// Called by `serve_forever` after each request, and every `poll_interval`. As provided, does nothing.
    fn service_actions(&self) {}
}

impl<T: Transport> ServerHooks<T> for () {}
