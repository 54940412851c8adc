//! Telling of each request of a connection that brings one after another.

use crate::{HandlerError, HandlerResult, StreamContext, guarded};
use socketserver_net::Traffic;
use std::time::Instant;

/// Hears when each request of one keep-alive connection begins and ends. Implemented by servers, for those who observe them.
pub trait RequestSpans: Sync {
    /// The first byte of a request is there. Exactly one [`ended`](Self::ended) follows, on the same thread.
    fn started(&self) -> RequestSpan;

    /// The handler has come to the end of the request, and its reply has been sent unless more requests have arrived behind it; or it has
    /// failed. `traffic` is what it read and what it wrote.
    fn ended(&self, span: RequestSpan, error: Option<&HandlerError>, traffic: Traffic);
}

/// A request that has begun.
#[derive(Debug, Clone, Copy)]
pub struct RequestSpan {
    /// Its number.
    pub id: u64,
    /// When it began.
    pub started: Instant,
}

/// Runs one request. Unless somebody wants to hear of it this costs the look whether that is so.
#[inline]
pub(crate) fn spanned<S, T>(
    cx: &mut StreamContext<'_, S>,
    run: impl FnOnce(&mut StreamContext<'_, S>) -> HandlerResult<T>,
) -> HandlerResult<T> {
    let Some(spans) = cx.server.spans() else { return run(cx) };
    let before = passed(cx);
    let span = spans.started();
    let result = guarded(|| run(cx));
    // A wire may be the user's, and panic: what has begun ends all the same.
    let [bytes_in, bytes_out] = guarded(|| Ok(passed(cx))).unwrap_or(before);
    // What was lost with its connection was neither received nor sent.
    let since = |after: i64, before: i64| u64::try_from(after.wrapping_sub(before)).unwrap_or(0);
    let traffic = Traffic { bytes_in: since(bytes_in, before[0]), bytes_out: since(bytes_out, before[1]) };
    spans.ended(span, result.as_ref().err(), traffic);
    result
}

/// The bytes that were read from `rfile` and written to `wfile` so far, both of which are ahead of the connection or behind it.
fn passed<S>(cx: &StreamContext<'_, S>) -> [i64; 2] {
    let Traffic { bytes_in, bytes_out } = cx.request.traffic();
    let count = |n: u64| n.cast_signed();
    [
        count(bytes_in).wrapping_sub(count(cx.rfile.buffer().len() as u64)),
        count(bytes_out).wrapping_add(count(cx.wfile.buffered() as u64)),
    ]
}
