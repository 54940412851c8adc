//! The handler of a datagram: Python's `DatagramRequestHandler`.

use crate::{HandlerResult, RequestHandlerClass, ServerRef, error::first_error, guarded, kind};
use socketserver_net::{Address, DatagramRequest, Socket};
use std::fmt;

/// What a datagram handler works with. Python: `self.packet`, `self.socket`, `self.rfile`, `self.wfile`, `self.client_address`,
/// `self.server`.
pub struct DatagramContext<'a, S = ()> {
    /// The bytes that came, at most the server's `max_packet_size`.
    pub packet: &'a [u8],
    /// The same bytes, to be read from as from a file.
    pub rfile: &'a [u8],
    /// The reply: what stands here when `handle` has succeeded is sent to the client as one datagram, even if it is nothing,
    /// as in Python. See [`no_reply`](Self::no_reply).
    pub wfile: Vec<u8>,
    /// Whether the datagram was longer than `max_packet_size`; the rest is lost. Python doesn't tell.
    pub is_truncated: bool,
    /// The server's own socket, to send to others. Who wants to receive from it too sets the builder's `prefetch` to 1, for other
    /// datagrams may have been received already.
    pub socket: &'a Socket,
    /// Who the datagram is from; [`Address::Unbound`] if the sender can't be answered.
    pub client_address: &'a Address,
    /// The server, with the state that its handlers share.
    pub server: ServerRef<'a, S>,
    replies: bool,
}

impl<S> DatagramContext<'_, S> {
    /// Sends no reply, not even an empty one. For receivers of logs and the like; Python has no counterpart.
    pub fn no_reply(&mut self) {
        self.replies = false;
    }
}

impl<S> fmt::Debug for DatagramContext<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DatagramContext")
            .field("client_address", self.client_address)
            .field("length", &self.packet.len())
            .finish_non_exhaustive()
    }
}

/// Handles a datagram, and replies with one: Python's `DatagramRequestHandler`.
///
/// The calls, for each datagram:
/// 1. a handler is made, by `Default` or by the server's factory;
/// 2. [`setup`](Self::setup); if it fails, nothing else is called;
/// 3. [`handle`](Self::handle);
/// 4. [`finish`](Self::finish), also when `handle` failed or panicked;
/// 5. if all of them succeeded, [`wfile`](DatagramContext::wfile) is sent to the client.
///
/// Python sends `wfile` even if `handle` raised, a partial reply perhaps; here a request that failed has no reply. A sender without
/// an address gets no empty reply, and an error is reported only if there was something to say to it (Python: `TypeError`).
///
/// ```
/// use socketserver_handlers::{DatagramContext, DatagramRequestHandler, HandlerResult};
/// use std::io::Write;
///
/// #[derive(Default)]
/// struct Upper;
///
/// impl DatagramRequestHandler for Upper {
///     fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
///         cx.wfile.write_all(&cx.packet.to_ascii_uppercase())?;
///         Ok(())
///     }
/// }
/// ```
pub trait DatagramRequestHandler<S = ()> {
    /// Called before `handle`. As provided, does nothing.
    ///
    /// # Errors
    /// Any; the request is over then, without `finish`.
    fn setup(&mut self, _cx: &mut DatagramContext<'_, S>) -> HandlerResult {
        Ok(())
    }

    /// Does all the work of the datagram.
    ///
    /// # Errors
    /// Any; it goes to the server's `handle_error`, and there is no reply.
    fn handle(&mut self, cx: &mut DatagramContext<'_, S>) -> HandlerResult;

    /// Called after `handle`, whatever came of it. As provided, does nothing.
    ///
    /// # Errors
    /// Any; it goes to the server's `handle_error` unless `handle` has failed too.
    fn finish(&mut self, _cx: &mut DatagramContext<'_, S>) -> HandlerResult {
        Ok(())
    }
}

impl<R, S, H> RequestHandlerClass<R, S, kind::Datagram> for H
where
    R: DatagramRequest,
    H: DatagramRequestHandler<S> + 'static,
{
    fn serve(
        &mut self,
        request: &mut R,
        client_address: &R::Address,
        server: ServerRef<'_, S>,
    ) -> HandlerResult {
        // The reply's memory is the request's, so that it is used again.
        let wfile = std::mem::take(request.reply_buffer());
        let peer: Address = client_address.clone().into();
        let mut cx = DatagramContext {
            packet: request.packet(),
            rfile: request.packet(),
            wfile,
            is_truncated: request.is_truncated(),
            socket: request.socket(),
            client_address: &peer,
            server,
            replies: true,
        };
        guarded(|| self.setup(&mut cx))?;
        let handled = guarded(|| self.handle(&mut cx));
        let finished = guarded(|| self.finish(&mut cx));
        let DatagramContext { wfile, replies, .. } = cx;
        first_error(handled, finished)?;
        if replies && !(wfile.is_empty() && peer == Address::Unbound) {
            request.reply(client_address, &wfile)?;
        }
        *request.reply_buffer() = wfile;
        Ok(())
    }
}
