//! The handler of a connection that brings one request after another.

use crate::{
    Buffers, DEFAULT_BUFFER_SIZE, HandlerResult, HandlerSession, RequestHandlerClass, ServerRef,
    StreamContext, error::first_error, guarded, kind, span::spanned, stream::prepare,
};
use socketserver_net::{Activity, Address, Connection, Deadline, Next, StreamRequest};
use std::{
    io::{BufRead, Write},
    time::{Duration, Instant},
};

/// Whether the connection goes on after a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeepAlive {
    /// Wait for the next request.
    Yes,
    /// Close the connection.
    No,
}

/// Handles a connection one request at a time, as Python's `http.server` does by its `handle_one_request`.
///
/// Where nothing is awaited between two requests but the next one's first byte, the server can wait for it: every mix-in
/// runs this handler in a loop, and the reactor keeps 100,000 such connections on a handful of threads.
///
/// The calls, for each connection:
/// 1. a handler is made; [`timeout`](Self::timeout), [`disable_nagle_algorithm`](Self::disable_nagle_algorithm) and the buffer sizes are applied;
/// 2. [`setup`](Self::setup), which may greet the client; if it fails, nothing else is called;
/// 3. when the first byte of a request is there, [`handle_one_request`](Self::handle_one_request), and again until it says
///    [`KeepAlive::No`], fails, or the client has finished;
/// 4. if it ends because the server stops, [`handle_shutdown`](Self::handle_shutdown), which may say goodbye, and a flush;
/// 5. [`finish`](Self::finish), then a flush, the handler is dropped, and the server closes the connection.
///
/// `wfile` is buffered, and flushed when all that has been read has been handled, or before more is read: a client that sends ten
/// requests in one packet gets ten replies in one, and one that has sent half a request more doesn't wait for its replies. A
/// client that finishes sending between two requests is a normal end.
///
/// When the server is told to stop, a connection on which nothing has arrived since the last request ends at once, and one that is in a
/// request ends with it; also where a child process serves it.
///
/// ```
/// use socketserver_handlers::{HandlerResult, KeepAlive, KeepAliveRequestHandler, StreamContext};
/// use std::io::{BufRead, Write};
///
/// #[derive(Default)]
/// struct Echo { line: Vec<u8> }                            // kept from one request to the next
///
/// impl KeepAliveRequestHandler for Echo {
///     fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
///         self.line.clear();
///         cx.rfile.read_until(b'\n', &mut self.line)?;
///         cx.wfile.write_all(&self.line)?;
///         Ok(if self.line == b"quit\n" { KeepAlive::No } else { KeepAlive::Yes })
///     }
/// }
/// ```
pub trait KeepAliveRequestHandler<S = ()>: Send {
    /// Called before the first request. As provided, does nothing.
    ///
    /// # Errors
    /// Any; the connection is over then, without `finish`.
    fn setup(&mut self, _cx: &mut StreamContext<'_, S>) -> HandlerResult {
        Ok(())
    }

    /// Reads one request and answers it. At least one byte of it is in `rfile` when this is called.
    ///
    /// # Errors
    /// Any; it goes to the server's `handle_error`, and the connection is over.
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, S>) -> HandlerResult<KeepAlive>;

    /// Called when the connection ends because the server stops, and would have gone on otherwise: the moment to say goodbye. It comes before
    /// [`finish`](Self::finish). As provided, does nothing. Not called for a connection that is ended by force.
    ///
    /// The client hears what is written here: no more is read from it, but it can be told. A client that doesn't read holds this up for as
    /// long as `write_timeout`, the server's `request_timeout` or the deadline of the shutdown says.
    ///
    /// # Errors
    /// Any; it goes to the server's `handle_error`.
    ///
    /// ```
    /// # use socketserver_handlers::{HandlerResult, KeepAlive, KeepAliveRequestHandler, StreamContext};
    /// # use std::io::{BufRead, Write};
    /// # #[derive(Default)]
    /// # struct Echo;
    /// impl KeepAliveRequestHandler for Echo {
    ///     fn handle_shutdown(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
    ///         Ok(cx.wfile.write_all(b"come back later\n")?)
    ///     }
    /// #   fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
    /// #       cx.rfile.read_until(b'\n', &mut Vec::new())?;
    /// #       Ok(KeepAlive::Yes)
    /// #   }
    ///     // ..
    /// }
    /// ```
    fn handle_shutdown(&mut self, _cx: &mut StreamContext<'_, S>) -> HandlerResult {
        Ok(())
    }

    /// Called after the last request, whatever came of it. As provided, does nothing.
    ///
    /// # Errors
    /// Any; it goes to the server's `handle_error` unless a request has failed.
    fn finish(&mut self, _cx: &mut StreamContext<'_, S>) -> HandlerResult {
        Ok(())
    }

    /// The size of `rfile`'s buffer in bytes: 8192 as provided.
    fn rbufsize(&self) -> usize {
        DEFAULT_BUFFER_SIZE
    }

    /// The size of `wfile`'s buffer in bytes: 8192 as provided; what doesn't fit is sent at once. With 0 each write is sent at once.
    fn wbufsize(&self) -> usize {
        DEFAULT_BUFFER_SIZE
    }

    /// How long each read and each write may take: as the server's builder says, as provided, else for ever. A read is over when something has come, a
    /// write when all of it has been taken. The wait for the next request is a read, too.
    fn timeout(&self) -> Option<Duration> {
        None
    }

    /// [`timeout`](Self::timeout) for reads alone.
    fn read_timeout(&self) -> Option<Duration> {
        self.timeout()
    }

    /// [`timeout`](Self::timeout) for writes alone.
    fn write_timeout(&self) -> Option<Duration> {
        self.timeout()
    }

    /// Whether to set TCP_NODELAY: yes as provided, since replies gather in `wfile` and nothing is won by holding them back.
    fn disable_nagle_algorithm(&self) -> bool {
        true
    }
}

/// A handler with its connection.
struct KeepAliveSession<H> {
    handler: H,
    connection: Connection,
    client_address: Address,
    is_set_up: bool,
    /// A request of it has been there.
    has_served: bool,
    /// It waits, or would, if the server didn't stop: neither its client nor its handler has ended it.
    would_go_on: bool,
}

impl<R, S, H> RequestHandlerClass<R, S, kind::KeepAlive> for H
where
    R: StreamRequest,
    H: KeepAliveRequestHandler<S> + 'static,
{
    fn serve(
        &mut self,
        request: &mut R,
        client_address: &R::Address,
        server: ServerRef<'_, S>,
    ) -> HandlerResult {
        let connection = StreamRequest::connection(request);
        let client_address = client_address.clone().into();
        let mut session = KeepAliveSession {
            handler: self,
            connection,
            client_address,
            is_set_up: false,
            has_served: false,
            would_go_on: false,
        };
        let mut buffers = Buffers::new();
        let handled = loop {
            match session.advance(server, &mut buffers) {
                Ok(KeepAlive::Yes) if !server.is_draining() => {}
                ended => break ended.map(drop),
            }
        };
        let handled = handled.and_then(|()| session.handle_shutdown(server, &mut buffers));
        let finished = session.finish(server, &mut buffers);
        first_error(handled, finished)
    }

    fn into_session(
        self,
        connection: Connection,
        client_address: &R::Address,
    ) -> Result<Box<dyn HandlerSession<S>>, Self> {
        let client_address = client_address.clone().into();
        Ok(Box::new(KeepAliveSession {
            handler: self,
            connection,
            client_address,
            is_set_up: false,
            has_served: false,
            would_go_on: false,
        }))
    }
}

impl<S, H: KeepAliveRequestHandler<S>> HandlerSession<S> for KeepAliveSession<H> {
    fn connection(&self) -> &Connection {
        &self.connection
    }

    fn setup(&mut self, server: ServerRef<'_, S>, buffers: &mut Buffers) -> HandlerResult {
        if self.is_set_up {
            return Ok(());
        }
        let Self { handler, connection, client_address, is_set_up, would_go_on, .. } = self;
        guarded(|| {
            let sizes = (handler.rbufsize(), handler.wbufsize());
            let limits = (handler.read_timeout(), handler.write_timeout());
            prepare(connection, client_address, limits, handler.disable_nagle_algorithm())?;
            let mut cx =
                StreamContext::new(connection, buffers, sizes, client_address, server).sending_first();
            handler.setup(&mut cx)?;
            *is_set_up = true;
            cx.wfile.flush()?;
            connection.set_activity(Activity::Idle);
            *would_go_on = true;
            Ok(())
        })
    }

    fn advance(&mut self, server: ServerRef<'_, S>, buffers: &mut Buffers) -> HandlerResult<KeepAlive> {
        self.setup(server, buffers)?;
        let Self { handler, connection, client_address, has_served, would_go_on, .. } = self;
        *would_go_on = false;
        guarded(|| {
            let sizes = (handler.rbufsize(), handler.wbufsize());
            let mut cx =
                StreamContext::new(connection, buffers, sizes, client_address, server).sending_first();
            let (idle, request) = (server.idle_timeout(), server.request_timeout());
            loop {
                limit(connection, idle, request, Deadline::Idle);
                match next(connection, *has_served, &mut cx)? {
                    Next::IsThere => {}
                    Next::NeverComes => return Ok(KeepAlive::No),
                    Next::IsNotWanted => {
                        *would_go_on = true;
                        return Ok(KeepAlive::No);
                    }
                }
                limit(connection, request, idle, Deadline::Request);
                *has_served = true;
                let goes_on = spanned(&mut cx, |cx| {
                    let goes_on = handler.handle_one_request(cx)?;
                    if goes_on == KeepAlive::Yes && cx.rfile.buffer().is_empty() {
                        cx.wfile.flush()?;
                    }
                    Ok(goes_on)
                })?;
                if goes_on == KeepAlive::No {
                    return Ok(KeepAlive::No);
                }
                if cx.rfile.buffer().is_empty() {
                    // What others write to this client while it waits isn't part of a request.
                    limit(connection, None, request, Deadline::Request);
                    connection.set_activity(Activity::Idle);
                    *would_go_on = true;
                    return Ok(KeepAlive::Yes);
                }
            }
        })
    }

    fn handle_shutdown(&mut self, server: ServerRef<'_, S>, buffers: &mut Buffers) -> HandlerResult {
        if !self.would_go_on {
            return Ok(());
        }
        let Self { handler, connection, client_address, would_go_on, .. } = self;
        *would_go_on = false;
        guarded(|| {
            let sizes = (handler.rbufsize(), handler.wbufsize());
            let mut cx =
                StreamContext::new(connection, buffers, sizes, client_address, server).sending_first();
            connection.set_activity(Activity::InRequest);
            limit(connection, server.request_timeout(), server.idle_timeout(), Deadline::Request);
            handler.handle_shutdown(&mut cx)?;
            Ok(cx.wfile.flush()?)
        })
    }

    fn finish(&mut self, server: ServerRef<'_, S>, buffers: &mut Buffers) -> HandlerResult {
        if !self.is_set_up {
            return Ok(());
        }
        let Self { handler, connection, client_address, .. } = self;
        let sizes = guarded(|| Ok((handler.rbufsize(), handler.wbufsize())))?;
        let mut cx = StreamContext::new(connection, buffers, sizes, client_address, server).sending_first();
        let finished = guarded(|| handler.finish(&mut cx));
        let flushed = cx.wfile.flush().map_err(Into::into);
        first_error(finished, flushed)
    }
}

/// Waits for the first byte of a request, unless the server stops and nothing has arrived behind the request before, if there was
/// one. A client that has just come is waited for even then.
fn next<S>(connection: &Connection, has_served: bool, cx: &mut StreamContext<'_, S>) -> HandlerResult<Next> {
    if !cx.rfile.buffer().is_empty() {
        return Ok(Next::IsThere);
    }
    let read = |cx: &mut StreamContext<'_, S>| cx.rfile.fill_buf().map(|bytes| !bytes.is_empty());
    if !has_served {
        connection.set_activity(Activity::Idle);
        let is_there = read(cx)?;
        connection.set_activity(Activity::InRequest);
        return Ok(if is_there { Next::IsThere } else { Next::NeverComes });
    }
    let server = cx.server;
    Ok(connection.wait_for_next(|| server.is_draining(), || read(cx))?)
}

/// Puts the deadline of this phase on the connection, or removes that of the other phase; costs nothing if neither is used.
#[inline]
fn limit(connection: &Connection, this: Option<Duration>, other: Option<Duration>, deadline: Deadline) {
    if this.is_some() || other.is_some() {
        // An instant that can't be represented is as good as none.
        let end = this.and_then(|limit| Instant::now().checked_add(limit));
        connection.set_deadline(end.map(|end| (end, deadline)));
    }
}

/// A borrowed handler handles too: on a thread, the session lives no longer than the request.
impl<S, H: KeepAliveRequestHandler<S>> KeepAliveRequestHandler<S> for &mut H {
    fn setup(&mut self, cx: &mut StreamContext<'_, S>) -> HandlerResult {
        (**self).setup(cx)
    }
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, S>) -> HandlerResult<KeepAlive> {
        (**self).handle_one_request(cx)
    }
    fn handle_shutdown(&mut self, cx: &mut StreamContext<'_, S>) -> HandlerResult {
        (**self).handle_shutdown(cx)
    }
    fn finish(&mut self, cx: &mut StreamContext<'_, S>) -> HandlerResult {
        (**self).finish(cx)
    }
    fn rbufsize(&self) -> usize {
        (**self).rbufsize()
    }
    fn wbufsize(&self) -> usize {
        (**self).wbufsize()
    }
    fn timeout(&self) -> Option<Duration> {
        (**self).timeout()
    }
    fn read_timeout(&self) -> Option<Duration> {
        (**self).read_timeout()
    }
    fn write_timeout(&self) -> Option<Duration> {
        (**self).write_timeout()
    }
    fn disable_nagle_algorithm(&self) -> bool {
        (**self).disable_nagle_algorithm()
    }
}

#[cfg(test)]
mod tests;
