//! A borrowed handler handles too: on a thread, the session lives no longer than the request.

use super::{KeepAlive, KeepAliveRequestHandler};
use crate::{HandlerResult, StreamContext};
use std::time::Duration;

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
