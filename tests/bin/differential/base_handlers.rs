//! The scripted handlers with nothing in between. Each is named and described in `tests/differential/README.md`.

use crate::state::Watched;
use rustix::event::{PollFd, PollFlags, poll};
use socketserver::{Address, DatagramRequest, Request, Socket, prelude::*};
use std::ops::Deref;

/// A handler of a connection: the body of `handle`.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BaseStream(fn(&Socket, &Watched) -> HandlerResult);

/// A handler of a datagram: what `handle` sends back, each a datagram.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BaseDatagram(fn(&[u8]) -> Vec<Vec<u8>>);

/// Finds the handler of connections that `--handler` names.
pub(crate) fn of_streams(name: &str) -> Option<BaseStream> {
    match name {
        "upper-all" => Some(BaseStream(upper_all)),
        "unread" => Some(BaseStream(unread)),
        _ => None,
    }
}

/// Finds the handler of datagrams that `--handler` names.
pub(crate) fn of_datagrams(name: &str) -> Option<BaseDatagram> {
    match name {
        "base-datagram" => {
            Some(BaseDatagram(|data| vec![data.to_ascii_uppercase(), data.len().to_string().into_bytes()]))
        }
        "base-silent" => Some(BaseDatagram(|_| Vec::new())),
        _ => None,
    }
}

impl<R: Request + Deref<Target = Socket>> BaseRequestHandler<R, Watched> for BaseStream {
    fn setup(&mut self, cx: &mut Context<'_, R, Watched>) -> HandlerResult {
        cx.server.state().setup(&cx.client_address.clone().into())
    }
    fn handle(&mut self, cx: &mut Context<'_, R, Watched>) -> HandlerResult {
        cx.server.state().handle()?;
        (self.0)(cx.request, cx.server.state())
    }
    fn finish(&mut self, cx: &mut Context<'_, R, Watched>) -> HandlerResult {
        cx.server.state().finish()
    }
}

impl<R: DatagramRequest> BaseRequestHandler<R, Watched> for BaseDatagram {
    fn setup(&mut self, cx: &mut Context<'_, R, Watched>) -> HandlerResult {
        cx.server.state().setup(&cx.client_address.clone().into())
    }
    fn handle(&mut self, cx: &mut Context<'_, R, Watched>) -> HandlerResult {
        let state = cx.server.state();
        state.handle()?;
        let data = cx.request.packet();
        state.emit(&format!("got {} bytes", data.len()));
        let peer: Address = cx.client_address.clone().into();
        for reply in (self.0)(data) {
            cx.request.socket().sendto(&reply, &peer)?;
        }
        Ok(())
    }
    fn finish(&mut self, cx: &mut Context<'_, R, Watched>) -> HandlerResult {
        cx.server.state().finish()
    }
}

/// Receives until end-of-file, then sends it all.
fn upper_all(request: &Socket, state: &Watched) -> HandlerResult {
    let mut data = Vec::new();
    let mut piece = vec![0; 65536];
    loop {
        let n = request.recv(&mut piece)?;
        data.extend_from_slice(&piece[..n]);
        if n == 0 {
            break;
        }
    }
    state.emit(&format!("got {} bytes", data.len()));
    Ok(request.sendall(&data.to_ascii_uppercase())?)
}

/// Waits until there is input, and doesn't read it.
fn unread(request: &Socket, _state: &Watched) -> HandlerResult {
    poll(&mut [PollFd::new(request, PollFlags::IN)], None)?;
    Ok(())
}
