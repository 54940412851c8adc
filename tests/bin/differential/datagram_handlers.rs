//! The scripted handlers of datagrams. Each is named and described in `tests/differential/README.md`.

use crate::{names::ScriptedError, state::Watched};
use socketserver::prelude::*;

/// A handler: the body of `handle`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DatagramScript(Work);

type Work = fn(&mut DatagramContext<'_, Watched>) -> HandlerResult;

/// Finds the handler that `--handler` names.
pub(crate) fn named(name: &str) -> Option<DatagramScript> {
    Some(DatagramScript(match name {
        "echo-datagram" => echo,
        "half-datagram" => half,
        "silent-datagram" => silent,
        "oversized-reply" => oversized,
        _ => return None,
    }))
}

impl DatagramRequestHandler<Watched> for DatagramScript {
    fn setup(&mut self, cx: &mut DatagramContext<'_, Watched>) -> HandlerResult {
        cx.server.state().setup(cx.client_address)
    }
    fn handle(&mut self, cx: &mut DatagramContext<'_, Watched>) -> HandlerResult {
        cx.server.state().handle()?;
        (self.0)(cx)
    }
    fn finish(&mut self, cx: &mut DatagramContext<'_, Watched>) -> HandlerResult {
        cx.server.state().finish()
    }
}

/// Through `rfile` and `wfile`.
fn echo(cx: &mut DatagramContext<'_, Watched>) -> HandlerResult {
    let mut packet = Vec::new();
    cx.rfile.read_to_end(&mut packet)?;
    cx.server.state().emit(&format!("got {} bytes", packet.len()));
    Ok(cx.wfile.write_all(&packet)?)
}

fn half(cx: &mut DatagramContext<'_, Watched>) -> HandlerResult {
    cx.wfile.write_all(b"partial")?;
    Err(ScriptedError.into())
}

fn silent(cx: &mut DatagramContext<'_, Watched>) -> HandlerResult {
    cx.server.state().emit(&format!("got {} bytes", cx.packet.len()));
    Ok(())
}

/// More than any datagram can hold.
fn oversized(cx: &mut DatagramContext<'_, Watched>) -> HandlerResult {
    Ok(cx.wfile.write_all(&vec![b'x'; 1024 * 1024])?)
}
