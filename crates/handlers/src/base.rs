//! The handler of any request: Python's `BaseRequestHandler`.

use crate::{HandlerResult, RequestHandlerClass, ServerRef, error::first_error, guarded, kind};
use socketserver_net::Request;
use std::fmt;

/// What a [`BaseRequestHandler`] works with. Python: `self.request`, `self.client_address`, `self.server`.
pub struct Context<'a, R: Request, S = ()> {
    /// The connection or datagram.
    pub request: &'a mut R,
    /// Who it is from.
    pub client_address: &'a R::Address,
    /// The server, with the state that its handlers share.
    pub server: ServerRef<'a, S>,
}

impl<R: Request, S> fmt::Debug for Context<'_, R, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Context").field("client_address", self.client_address).finish_non_exhaustive()
    }
}

/// Handles a request of type `R` with nothing in between: Python's `BaseRequestHandler`.
///
/// The calls, for each request:
/// 1. a handler is made, by `Default` or by the server's factory;
/// 2. [`setup`](Self::setup); if it fails, nothing else is called;
/// 3. [`handle`](Self::handle);
/// 4. [`finish`](Self::finish), also when `handle` failed or panicked;
/// 5. the handler is dropped, and the server closes the request.
///
/// An error or panic in any of them goes to the server's `handle_error` and ends this request only. If both `handle` and
/// `finish` fail, the error of `handle` is reported (Python: that of `finish`).
///
/// ```
/// use socketserver_handlers::{BaseRequestHandler, Context, HandlerResult};
/// use socketserver_net::TcpStream;
///
/// #[derive(Default)]
/// struct Upper;
///
/// impl BaseRequestHandler<TcpStream> for Upper {
///     fn handle(&mut self, cx: &mut Context<'_, TcpStream>) -> HandlerResult {
///         let mut buf = [0; 1024];
///         loop {
///             let n = cx.request.recv(&mut buf)?;
///             if n == 0 {
///                 return Ok(());
///             }
///             cx.request.sendall(&buf[..n].to_ascii_uppercase())?;
///         }
///     }
/// }
/// ```
pub trait BaseRequestHandler<R: Request, S = ()> {
    /// Called before `handle`. As provided, does nothing.
    ///
    /// # Errors
    /// Any; the request is over then, without `finish`.
    fn setup(&mut self, _cx: &mut Context<'_, R, S>) -> HandlerResult {
        Ok(())
    }

    /// Does all the work of the request.
    ///
    /// # Errors
    /// Any; it goes to the server's `handle_error`.
    fn handle(&mut self, cx: &mut Context<'_, R, S>) -> HandlerResult;

    /// Called after `handle`, whatever came of it. As provided, does nothing.
    ///
    /// # Errors
    /// Any; it goes to the server's `handle_error` unless `handle` has failed too.
    fn finish(&mut self, _cx: &mut Context<'_, R, S>) -> HandlerResult {
        Ok(())
    }
}

impl<R: Request, S, H: BaseRequestHandler<R, S> + 'static> RequestHandlerClass<R, S, kind::Base> for H {
    fn serve(
        &mut self,
        request: &mut R,
        client_address: &R::Address,
        server: ServerRef<'_, S>,
    ) -> HandlerResult {
        let mut cx = Context { request, client_address, server };
        guarded(|| self.setup(&mut cx))?;
        let handled = guarded(|| self.handle(&mut cx));
        let finished = guarded(|| self.finish(&mut cx));
        first_error(handled, finished)
    }
}
