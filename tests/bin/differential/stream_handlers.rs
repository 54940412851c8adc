//! The scripted handlers with files. Each is named and described in `tests/differential/README.md`.

use crate::{names::ScriptedError, state::Watched};
use socketserver::{DEFAULT_BUFFER_SIZE, prelude::*};
use std::{io::ErrorKind, time::Duration};

/// A handler: what the class has as attributes, and the body of `handle`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct StreamScript {
    rbufsize: usize,
    wbufsize: usize,
    timeout: Option<Duration>,
    work: Work,
}

type Work = fn(&mut StreamContext<'_, Watched>) -> HandlerResult;

/// One more than 16 MiB: CPython's own test of unbuffered writes uses this size.
const BIG: usize = 16 * 1024 * 1024 + 1;

/// Finds the handler that `--handler` names.
pub(crate) fn named(name: &str) -> Option<StreamScript> {
    let plain = |work: Work| StreamScript { rbufsize: DEFAULT_BUFFER_SIZE, wbufsize: 0, timeout: None, work };
    let buffered = |work| StreamScript { wbufsize: DEFAULT_BUFFER_SIZE, ..plain(work) };
    Some(match name {
        "echo-line" => plain(echo_line),
        "one-line" => plain(one_line),
        "slow-reader" => StreamScript { rbufsize: 0, ..plain(one_line) },
        "half-reply" => plain(half_reply),
        "half-buffered" => buffered(half_reply),
        "buffered-writer" => buffered(write_pieces),
        "buffered-peer-gone" => buffered(write_to_nobody),
        "silent" => plain(|_| Ok(())),
        "big-reply" => plain(big_reply),
        "read-timeout" => {
            StreamScript { timeout: Some(Duration::from_millis(50)), ..plain(|cx| read_line(cx).map(drop)) }
        }
        _ => return None,
    })
}

impl StreamRequestHandler<Watched> for StreamScript {
    fn setup(&mut self, cx: &mut StreamContext<'_, Watched>) -> HandlerResult {
        cx.server.state().setup(cx.client_address)
    }
    fn handle(&mut self, cx: &mut StreamContext<'_, Watched>) -> HandlerResult {
        cx.server.state().handle()?;
        (self.work)(cx)
    }
    fn finish(&mut self, cx: &mut StreamContext<'_, Watched>) -> HandlerResult {
        cx.server.state().finish()
    }
    fn rbufsize(&self) -> usize {
        self.rbufsize
    }
    fn wbufsize(&self) -> usize {
        self.wbufsize
    }
    fn timeout(&self) -> Option<Duration> {
        self.timeout
    }
}

/// Python's `readline`.
fn read_line(cx: &mut StreamContext<'_, Watched>) -> HandlerResult<Vec<u8>> {
    let mut line = Vec::new();
    cx.rfile.read_until(b'\n', &mut line)?;
    cx.server.state().emit(&format!("got {} bytes", line.len()));
    Ok(line)
}

fn echo_line(cx: &mut StreamContext<'_, Watched>) -> HandlerResult {
    loop {
        let line = read_line(cx)?;
        if line.is_empty() {
            return Ok(());
        }
        cx.wfile.write_all(&line)?;
    }
}

fn one_line(cx: &mut StreamContext<'_, Watched>) -> HandlerResult {
    let line = read_line(cx)?;
    Ok(cx.wfile.write_all(&line)?)
}

fn half_reply(cx: &mut StreamContext<'_, Watched>) -> HandlerResult {
    cx.wfile.write_all(b"partial")?;
    Err(ScriptedError.into())
}

fn write_pieces(cx: &mut StreamContext<'_, Watched>) -> HandlerResult {
    for piece in ["one ", "two ", "three\n"] {
        cx.wfile.write_all(piece.as_bytes())?;
    }
    Ok(())
}

/// Buffers a reply, waits until the peer has gone, returns: it can't be delivered.
fn write_to_nobody(cx: &mut StreamContext<'_, Watched>) -> HandlerResult {
    cx.wfile.write_all(b"never arrives\n")?;
    match cx.rfile.read_to_end(&mut Vec::new()) {
        Err(error) if error.kind() != ErrorKind::ConnectionReset => return Err(error.into()),
        _ => cx.server.state().emit("peer gone"),
    }
    Ok(())
}

/// One write, which must take it all.
fn big_reply(cx: &mut StreamContext<'_, Watched>) -> HandlerResult {
    let written = cx.wfile.write(&vec![b'x'; BIG])?;
    cx.server.state().emit(&format!("wrote {written} bytes"));
    Ok(())
}
