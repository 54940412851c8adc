//! How handlers come to be: by `Default`, or by a function of the request.

use crate::Context;
use socketserver_net::Request;

/// Makes a handler for each request. Python: calling the handler class.
#[diagnostic::on_unimplemented(
    message = "the server can't make a `{H}` for each request",
    label = "there is no way to make a `{H}`",
    note = "implement `Default` for `{H}`, or say how to make one: `builder().handler_factory(|cx| ..).bind(..)`"
)]
pub trait HandlerFactory<R: Request, S, H>: Send + Sync + 'static {
    /// Makes one. A panic in here is an error of that request alone.
    fn make(&self, cx: &Context<'_, R, S>) -> H;
}

/// Makes handlers by [`Default`].
#[derive(Debug, Clone, Copy, Default)]
pub struct ByDefault;

#[diagnostic::do_not_recommend]
impl<R: Request, S, H: Default> HandlerFactory<R, S, H> for ByDefault {
    fn make(&self, _cx: &Context<'_, R, S>) -> H {
        H::default()
    }
}

/// Makes handlers by a function of the request's context.
#[derive(Debug, Clone, Copy)]
pub struct FromFn<F>(pub F);

impl<R: Request, S, H, F> HandlerFactory<R, S, H> for FromFn<F>
where
    F: Fn(&Context<'_, R, S>) -> H + Send + Sync + 'static,
{
    fn make(&self, cx: &Context<'_, R, S>) -> H {
        self.0(cx)
    }
}
