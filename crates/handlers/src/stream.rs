//! The handler of a connection, with files: Python's `StreamRequestHandler`.

use crate::{
    Buffers, DEFAULT_BUFFER_SIZE, HandlerResult, RequestHandlerClass, ServerRef, StreamReader, StreamWriter,
    error::first_error, guarded, kind,
};
use socketserver_net::{Address, Connection, StreamRequest};
use std::{fmt, io, io::Write, time::Duration};

/// What a stream handler works with. Python: `self.rfile`, `self.wfile`, `self.request`, `self.client_address`, `self.server`.
pub struct StreamContext<'a, S = ()> {
    /// What the client sends.
    pub rfile: StreamReader<'a>,
    /// What the client gets.
    pub wfile: StreamWriter<'a>,
    /// The connection itself, with the socket vocabulary. Bytes that `rfile` has read ahead are not seen here. A clone may be
    /// kept, to write to this client from elsewhere.
    pub request: &'a Connection,
    /// Who the client is.
    pub client_address: &'a Address,
    /// The server, with the state that its handlers share.
    pub server: ServerRef<'a, S>,
}

impl<'a, S> StreamContext<'a, S> {
    pub(crate) fn new(
        connection: &'a Connection,
        buffers: &'a mut Buffers,
        sizes: (usize, usize),
        client_address: &'a Address,
        server: ServerRef<'a, S>,
    ) -> Self {
        StreamContext {
            rfile: StreamReader::new(connection, &mut buffers.read, sizes.0),
            wfile: StreamWriter::new(connection, &buffers.write, sizes.1),
            request: connection,
            client_address,
            server,
        }
    }

    /// From now on what is in `wfile` is sent whenever `rfile` has to read from the connection.
    pub(crate) fn sending_first(mut self) -> Self {
        self.rfile.send_first(self.wfile.unsent());
        self
    }

    /// The connection: Python's other name for [`request`](Self::request) in a stream handler.
    pub fn connection(&self) -> &'a Connection {
        self.request
    }
}

impl<S> fmt::Debug for StreamContext<'_, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("StreamContext").field("client_address", self.client_address).finish_non_exhaustive()
    }
}

/// Handles a connection through `rfile` and `wfile`: Python's `StreamRequestHandler`.
///
/// The calls, for each connection:
/// 1. a handler is made, by `Default` or by the server's factory;
/// 2. [`timeout`](Self::timeout) (or what is said for reads and writes apart) and [`disable_nagle_algorithm`](Self::disable_nagle_algorithm) are applied, the files are opened with
///    [`rbufsize`](Self::rbufsize) and [`wbufsize`](Self::wbufsize);
/// 3. [`setup`](Self::setup); if it fails, nothing else is called;
/// 4. [`handle`](Self::handle);
/// 5. [`finish`](Self::finish), also when `handle` failed or panicked; then `wfile` is flushed;
/// 6. the handler is dropped, and the server closes the connection.
///
/// In Python an override of `setup` or `finish` must call the inherited one; here steps 2 and the flush of 5 happen by
/// themselves. An error or panic goes to the server's `handle_error` and ends this request only.
///
/// ```
/// use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
/// use std::{io::{BufRead, Write}, time::Duration};
///
/// #[derive(Default)]
/// struct Upper;
///
/// impl StreamRequestHandler for Upper {
///     fn timeout(&self) -> Option<Duration> {                     // Python: timeout = 60
///         Some(Duration::from_secs(60))
///     }
///     fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
///         let mut line = String::new();
///         while cx.rfile.read_line(&mut line)? > 0 {
///             cx.wfile.write_all(line.to_uppercase().as_bytes())?;
///             line.clear();
///         }
///         Ok(())
///     }
/// }
/// ```
pub trait StreamRequestHandler<S = ()> {
    /// Called before `handle`. As provided, does nothing.
    ///
    /// # Errors
    /// Any; the request is over then, without `finish`.
    fn setup(&mut self, _cx: &mut StreamContext<'_, S>) -> HandlerResult {
        Ok(())
    }

    /// Does all the work of the connection.
    ///
    /// # Errors
    /// Any; it goes to the server's `handle_error`.
    fn handle(&mut self, cx: &mut StreamContext<'_, S>) -> HandlerResult;

    /// Called after `handle`, whatever came of it. As provided, does nothing.
    ///
    /// # Errors
    /// Any; it goes to the server's `handle_error` unless `handle` has failed too.
    fn finish(&mut self, _cx: &mut StreamContext<'_, S>) -> HandlerResult {
        Ok(())
    }

    /// The size of `rfile`'s buffer in bytes: 8192 as provided (Python: −1, which means the same). Zero reads nothing ahead.
    fn rbufsize(&self) -> usize {
        DEFAULT_BUFFER_SIZE
    }

    /// The size of `wfile`'s buffer in bytes: 0 as provided, so that each write is sent at once, as in Python.
    /// [`DEFAULT_BUFFER_SIZE`] is what Python means by −1. See [`flush_before_read`](Self::flush_before_read) for who flushes it.
    fn wbufsize(&self) -> usize {
        0
    }

    /// Whether what stands in `wfile` is sent whenever `rfile` has run dry and asks the connection for more: no as provided, as in
    /// Python. With it, and a [`wbufsize`](Self::wbufsize), nobody has to flush: replies to lines that came together leave together, and no
    /// client waits for a reply that is still here. A [`KeepAliveRequestHandler`](crate::KeepAliveRequestHandler) always has it.
    ///
    /// ```
    /// # use socketserver_handlers::{DEFAULT_BUFFER_SIZE, HandlerResult, StreamContext, StreamRequestHandler};
    /// # use std::io::{BufRead, Write};
    /// struct Upper;
    ///
    /// impl StreamRequestHandler for Upper {
    ///     fn wbufsize(&self) -> usize {
    ///         DEFAULT_BUFFER_SIZE
    ///     }
    ///     fn flush_before_read(&self) -> bool {
    ///         true
    ///     }
    ///     fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
    ///         let mut line = String::new();
    ///         while cx.rfile.read_line(&mut line)? > 0 {                      // sends, if there is no line to be had at once
    ///             cx.wfile.write_all(line.to_uppercase().as_bytes())?;
    ///             line.clear();
    ///         }
    ///         Ok(())
    ///     }
    /// }
    /// ```
    fn flush_before_read(&self) -> bool {
        false
    }

    /// How long each read and each write may take: as the server's builder says, as provided, else for ever. A read is over when something has come, a
    /// write when all of it has been taken.
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

    /// Whether to set TCP_NODELAY, so that a small write doesn't wait for the client's acknowledgement of the one before it:
    /// no as provided, as in Python. Ignored where it means nothing (Unix sockets).
    fn disable_nagle_algorithm(&self) -> bool {
        false
    }
}

/// Step 2 of the calls above, for all handlers with files.
pub(crate) fn prepare(
    connection: &Connection,
    client_address: &Address,
    (read, write): (Option<Duration>, Option<Duration>),
    nodelay: bool,
) -> io::Result<()> {
    if read.is_some() {
        connection.set_read_timeout(read);
    }
    if write.is_some() {
        connection.set_write_timeout(write);
    }
    // Only TCP has the algorithm, and its clients have Internet addresses.
    if nodelay && client_address.as_inet().is_some() && connection.socket().is_some() {
        connection.setsockopt(|socket| socket.set_tcp_nodelay(true))?;
    }
    Ok(())
}

impl<R: StreamRequest, S, H: StreamRequestHandler<S> + 'static> RequestHandlerClass<R, S, kind::Stream>
    for H
{
    fn serve(
        &mut self,
        request: &mut R,
        client_address: &R::Address,
        server: ServerRef<'_, S>,
    ) -> HandlerResult {
        let connection = StreamRequest::connection(request);
        let client_address: Address = client_address.clone().into();
        let mut buffers = Buffers::new();
        guarded(|| {
            let limits = (self.read_timeout(), self.write_timeout());
            Ok(prepare(&connection, &client_address, limits, self.disable_nagle_algorithm())?)
        })?;
        let (sizes, sends_first) =
            guarded(|| Ok(((self.rbufsize(), self.wbufsize()), self.flush_before_read())))?;
        let mut cx = StreamContext::new(&connection, &mut buffers, sizes, &client_address, server);
        if sends_first {
            cx = cx.sending_first();
        }
        guarded(|| self.setup(&mut cx))?;
        let handled = guarded(|| self.handle(&mut cx));
        let finished = guarded(|| self.finish(&mut cx));
        // By itself, too: a wire may be the user's, and an error that is dropped while its panic unwinds may panic as well.
        let flushed = guarded(|| Ok(cx.wfile.flush()?));
        first_error(first_error(handled, finished), flushed)
    }
}
