//! Words in datagrams.

use super::{Done, Settings, State, place, run};
use socketserver::{Bind, DatagramRequest, MixIn, Runs, Server, Transport, UnixDatagram, kind, prelude::*};
use std::{process, time::Duration};

/// Sends each back, but `pid` and `reply ID` (noted).
#[derive(Default)]
struct Obey;
impl DatagramRequestHandler<State> for Obey {
    fn handle(&mut self, cx: &mut DatagramContext<'_, State>) -> HandlerResult {
        match cx.packet.strip_prefix(b"reply ") {
            _ if cx.packet == b"pid" => write!(cx.wfile, "{}", process::id())?,
            Some(id) => cx.server.state().note(std::str::from_utf8(id)?)?,
            None => {}
        }
        if cx.wfile.is_empty() {
            cx.wfile.extend_from_slice(cx.packet);
        }
        Ok(())
    }
}

pub(super) fn by<M: MixIn + Runs<kind::Datagram>>(mixin: M, settings: &Settings<'_>) -> Done {
    match settings.get("transport") {
        Some(&"unixgram") => on::<UnixDatagram, M>(mixin, settings),
        _ => on::<Udp, M>(mixin, settings),
    }
}

fn on<T, M>(mixin: M, settings: &Settings<'_>) -> Done
where
    T: Transport<Request: DatagramRequest> + for<'a> Bind<&'a str>,
    M: MixIn + Runs<kind::Datagram>,
    State: ServerHooks<T>,
{
    let server = Server::<T, Obey, M, State>::builder()
        .mixin(mixin)
        .state(State::of(settings)?)
        .poll_interval(Duration::from_millis(20))
        .gather_replies(settings.contains_key("gather"))
        .bind(place(settings))?;
    run(&server, server.state(), settings)
}
