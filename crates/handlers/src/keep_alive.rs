//! The handler of a connection that brings one request after another.

mod borrowed;
mod session;
mod turn;
mod waiting;

use crate::{DEFAULT_BUFFER_SIZE, HandlerResult, StreamContext};
use std::time::Duration;

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
/// A client that sends request after request without waiting for the replies is served for about a millisecond at a time (never less than 32
/// requests, if so many are there); then what its replies are is sent, and on a reactor other clients have their turn before it goes on.
///
/// When the server is told to stop, a connection on which nothing has arrived since the last request, or at all, ends at once, and one that is in a
/// request ends with it; also where a child process serves it. Of requests that were sent ahead those are served that the server has read by then (a
/// buffer of [`rbufsize`](Self::rbufsize), or two).
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

#[cfg(test)]
mod tests;
