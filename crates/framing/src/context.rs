use crate::{Framed, Halves, Header};
use socketserver_handlers::{Context, StreamContext, StreamReader, StreamWriter};
use socketserver_net::StreamRequest;
use std::io::{Read, Write};

/// Frames in a handler: `cx.framed(header)`. With the feature `handlers`.
///
/// The frames borrow the context. What else a handler needs of it is taken first: `cx.server` and `cx.client_address` are
/// copied at no cost. Between two frames nothing is kept but a buffer, so a
/// `KeepAliveRequestHandler` asks for the frames anew at each request.
///
/// ```
/// use socketserver_framing::{FramedContext, Header};
/// use socketserver_handlers::{HandlerResult, StreamContext, StreamRequestHandler};
///
/// #[derive(Default)]
/// struct Reverse;
///
/// impl StreamRequestHandler for Reverse {
///     fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
///         let server = cx.server;
///         let mut frames = cx.framed(Header::I32Native).with_max_len(1 << 20);
///         let mut message = Vec::new();
///         while !server.is_draining() && frames.read_into(&mut message)?.is_some() {
///             message.reverse();
///             frames.write_frame(&message)?;
///         }
///         Ok(())
///     }
/// }
/// ```
///
/// In a `BaseRequestHandler`, whose request is the stream itself:
///
/// ```
/// use socketserver_framing::{FramedContext, Header};
/// use socketserver_handlers::{BaseRequestHandler, Context, HandlerResult};
/// use socketserver_net::TcpStream;
///
/// #[derive(Default)]
/// struct Greet;
///
/// impl BaseRequestHandler<TcpStream> for Greet {
///     fn handle(&mut self, cx: &mut Context<'_, TcpStream>) -> HandlerResult {
///         cx.framed(Header::Multiprocessing).write_frame(b"welcome")?;
///         Ok(())
///     }
/// }
/// ```
pub trait FramedContext {
    /// What the frames are read from and written to.
    type Stream<'s>
    where
        Self: 's;

    /// Frames with this header over the handler's stream, with a limit of [`DEFAULT_MAX_LEN`](crate::DEFAULT_MAX_LEN) on reading.
    fn framed(&mut self, header: Header) -> Framed<Self::Stream<'_>>;
}

/// Over `rfile` and `wfile`, and through their buffers.
impl<'a, S> FramedContext for StreamContext<'a, S> {
    type Stream<'s>
        = Halves<&'s mut StreamReader<'a>, &'s mut StreamWriter<'a>>
    where
        Self: 's;

    fn framed(&mut self, header: Header) -> Framed<Self::Stream<'_>> {
        Framed::from_halves(&mut self.rfile, &mut self.wfile, header)
    }
}

/// Over the request itself.
impl<R: StreamRequest + Read + Write, S> FramedContext for Context<'_, R, S> {
    type Stream<'s>
        = &'s mut R
    where
        Self: 's;

    fn framed(&mut self, header: Header) -> Framed<Self::Stream<'_>> {
        Framed::new(&mut *self.request, header)
    }
}
