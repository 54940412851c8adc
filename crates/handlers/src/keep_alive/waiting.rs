//! The wait for a request, and how long it and the request may take.

use crate::{HandlerResult, StreamContext};
use socketserver_net::{Connection, Deadline, Next};
use std::{
    io::BufRead,
    time::{Duration, Instant},
};

/// Waits for the first byte of a request, unless the server stops and nothing has arrived. Then a client that has never asked for anything is no more
/// waited for than others: it may never ask.
pub(super) fn next<S>(connection: &Connection, cx: &mut StreamContext<'_, S>) -> HandlerResult<Next> {
    if !cx.rfile.buffer().is_empty() {
        return Ok(Next::IsThere);
    }
    let server = cx.server;
    let read = || cx.rfile.fill_buf().map(|bytes| !bytes.is_empty());
    Ok(connection.wait_for_next(|| server.is_draining(), read)?)
}

/// Puts the deadline of this phase on the connection, or removes that of the other phase; costs nothing if neither is used.
#[inline]
pub(super) fn limit(
    connection: &Connection,
    this: Option<Duration>,
    other: Option<Duration>,
    deadline: Deadline,
) {
    if this.is_some() || other.is_some() {
        // An instant that can't be represented is as good as none.
        let end = this.and_then(|limit| Instant::now().checked_add(limit));
        connection.set_deadline(end.map(|end| (end, deadline)));
    }
}
