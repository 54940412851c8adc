//! Lines over connections.

use super::{Done, Settings, State, place, run};
use socketserver::{
    Bind, Linger, MixIn, Runs, Server, StreamRequest, Transport, UnixStream,
    framing::{FrameReader, Header},
    kind,
    prelude::*,
};
use std::{process, time::Duration};

/// Obeys one line: `panic`, `fail`, `curse` (panics when it is dropped, which is at once), `pid`, `big N` (as many bytes), `frame` (the
/// length of one that follows), `reply ID` and `last ID` (noted, the latter ends the connection); sends all others back.
#[derive(Default)]
struct Obey {
    is_cursed: bool,
}
impl KeepAliveRequestHandler<State> for Obey {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, State>) -> HandlerResult<KeepAlive> {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        let (word, argument) = line.trim_end().split_once(' ').unwrap_or((line.trim_end(), ""));
        match word {
            "" => return Ok(KeepAlive::No),
            "panic" => panic!("as was asked"),
            "fail" => return Err("as was asked".into()),
            "curse" => {
                self.is_cursed = true;
                cx.wfile.write_all(line.as_bytes())?;
                return Ok(KeepAlive::No);
            }
            "frame" => {
                let mut frames = FrameReader::new(&mut cx.rfile, Header::U32Be).with_max_len(u64::MAX);
                let length = frames.read_frame()?.map_or(0, <[u8]>::len);
                writeln!(cx.wfile, "{length}")?;
            }
            "pid" => writeln!(cx.wfile, "{}", process::id())?,
            "big" => drop(std::io::copy(&mut std::io::repeat(b'x').take(argument.parse()?), &mut cx.wfile)?),
            "reply" | "last" => {
                cx.wfile.write_all(format!("{argument} {:x>20000}\n", "").as_bytes())?;
                cx.wfile.flush()?;
                cx.server.state().note(argument)?;
                return Ok(if word == "last" { KeepAlive::No } else { KeepAlive::Yes });
            }
            _ => cx.wfile.write_all(line.as_bytes())?,
        }
        Ok(KeepAlive::Yes)
    }
}

impl Drop for Obey {
    fn drop(&mut self) {
        assert!(!self.is_cursed, "as was asked");
    }
}

pub(super) fn by<M: MixIn + Runs<kind::KeepAlive>>(mixin: M, settings: &Settings<'_>) -> Done {
    match settings.get("transport") {
        Some(&"unix") => on::<UnixStream, M>(mixin, settings),
        _ => on::<Tcp, M>(mixin, settings),
    }
}

fn on<T, M>(mixin: M, settings: &Settings<'_>) -> Done
where
    T: Transport<Request: StreamRequest> + for<'a> Bind<&'a str>,
    M: MixIn + Runs<kind::KeepAlive>,
    State: ServerHooks<T>,
{
    let limit = settings.get("limit").map_or(Ok(2000), |it| it.parse())?;
    let request = settings.get("request").map(|it| it.parse().map(Duration::from_millis)).transpose()?;
    let mut server = Server::<T, Obey, M, State>::builder();
    if let Some(backlog) = settings.get("backlog") {
        server = server.request_queue_size(backlog.parse()?);
    }
    let server = server
        .mixin(mixin)
        .state(State::of(settings)?)
        .poll_interval(Duration::from_millis(20))
        .linger(if settings.get("linger") == Some(&"off") { Linger::off() } else { Linger::default() })
        .request_timeout(request)
        .max_connections(Limit::backlog(limit))
        .reserve_descriptor(settings.contains_key("reserve"))
        .bind(place(settings))?;
    run(&server, server.state(), settings)
}
