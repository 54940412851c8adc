//! What a user writes.

use crate::work::{LINE, SIZE};
use socketserver::prelude::*;

/// [`Work::Echo`](crate::work::Work::Echo): one request at a time, which every mix-in runs.
#[derive(Default)]
pub(super) struct Echo;

impl KeepAliveRequestHandler for Echo {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
        let mut message = [0; SIZE];
        cx.rfile.read_exact(&mut message)?;
        cx.wfile.write_all(&message)?;
        Ok(KeepAlive::Yes)
    }
}

/// [`Work::Once`](crate::work::Work::Once).
#[derive(Default)]
pub(super) struct Once;

impl StreamRequestHandler for Once {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        let mut message = [0; SIZE];
        cx.rfile.read_exact(&mut message)?;
        cx.wfile.write_all(&message)?;
        Ok(())
    }
}

/// The same for the reactor.
#[derive(Default)]
pub(super) struct KeepAliveOnce;

impl KeepAliveRequestHandler for KeepAliveOnce {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
        Echo.handle_one_request(cx)?;
        Ok(KeepAlive::No)
    }

    fn disable_nagle_algorithm(&self) -> bool {
        false // as in the others: there is one write
    }
}

/// [`Work::Lines`](crate::work::Work::Lines). The server flushes when what has been read has been handled.
pub(super) struct Lines {
    line: Vec<u8>,
}

impl Default for Lines {
    fn default() -> Self {
        Lines { line: Vec::with_capacity(LINE) }
    }
}

impl KeepAliveRequestHandler for Lines {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
        self.line.clear();
        cx.rfile.read_until(b'\n', &mut self.line)?;
        cx.wfile.write_all(&self.line)?;
        Ok(KeepAlive::Yes)
    }
}

/// [`Work::Datagrams`](crate::work::Work::Datagrams).
#[derive(Default)]
pub(super) struct Packet;

impl DatagramRequestHandler for Packet {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        cx.wfile.extend_from_slice(cx.packet);
        Ok(())
    }
}
