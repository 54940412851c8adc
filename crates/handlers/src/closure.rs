//! Closures as handlers, for the ten-line server.

use crate::{
    DatagramContext, DatagramRequestHandler, HandlerResult, KeepAlive, KeepAliveRequestHandler,
    StreamContext, StreamRequestHandler,
};
use std::{fmt, sync::Arc};

/// A handler made of a closure, which all requests share. What the closure takes, and returns, says which kind it is:
///
/// | closure | as |
/// |---|---|
/// | `Fn(&mut StreamContext<'_>) -> HandlerResult` | [`StreamRequestHandler`] |
/// | `Fn(&mut StreamContext<'_>) -> HandlerResult<KeepAlive>` | [`KeepAliveRequestHandler`] |
/// | `Fn(&mut DatagramContext<'_>) -> HandlerResult` | [`DatagramRequestHandler`] |
///
/// Servers make it from a closure by `bind_fn`.
pub struct HandlerFn<F>(Arc<F>);

impl<F> HandlerFn<F> {
    /// A handler that calls `closure`.
    pub fn new(closure: F) -> Self {
        HandlerFn(Arc::new(closure))
    }
}

impl<F> Clone for HandlerFn<F> {
    fn clone(&self) -> Self {
        HandlerFn(self.0.clone())
    }
}

impl<F> fmt::Debug for HandlerFn<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HandlerFn").finish_non_exhaustive()
    }
}

impl<S, F: Fn(&mut StreamContext<'_, S>) -> HandlerResult> StreamRequestHandler<S> for HandlerFn<F> {
    fn handle(&mut self, cx: &mut StreamContext<'_, S>) -> HandlerResult {
        self.0(cx)
    }
}

impl<S, F> KeepAliveRequestHandler<S> for HandlerFn<F>
where
    F: Fn(&mut StreamContext<'_, S>) -> HandlerResult<KeepAlive> + Send + Sync,
{
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, S>) -> HandlerResult<KeepAlive> {
        self.0(cx)
    }
}

impl<S, F: Fn(&mut DatagramContext<'_, S>) -> HandlerResult> DatagramRequestHandler<S> for HandlerFn<F> {
    fn handle(&mut self, cx: &mut DatagramContext<'_, S>) -> HandlerResult {
        self.0(cx)
    }
}
