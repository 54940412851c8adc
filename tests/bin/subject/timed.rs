//! A server with time limits, by the mix-in of choice, which does what its clients say, says what went wrong, and is steered by what it
//! reads.

mod handler;
mod magic;

pub(crate) use handler::say;
use handler::{Obey, State};
use magic::Magic;
use socketserver::{
    Bind, ForkingMixIn, Handle, MixIn, PreforkMixIn, ReactorMixIn, Runs, Sequential, Server, StreamRequest,
    ThreadPoolMixIn, ThreadingMixIn, Transport, kind, prelude::*,
};
use std::{
    collections::HashMap, error::Error, io, net::SocketAddr, process, sync::mpsc, thread, time::Duration,
};

type Settings<'a> = HashMap<&'a str, &'a str>;
type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

/// The arguments are the mix-in; `transport=tcp|magic|asking`; the time limits of the server, `read=MS`, `write`, `handshake`, `idle`,
/// `request`, and of the handler, `own-read`, `own-write`; `handshakes=N` at most; `processes=N` of prefork, and what is `inner=forking` there;
/// `workers=N` of the reactor. When it has been stopped it waits to be told to serve `again`, or for the end of its input.
pub(crate) fn serve(arguments: &[String]) -> Result {
    let Some((mixin, settings)) = arguments.split_first() else { return Err("which mix-in?".into()) };
    let settings: Settings<'_> = settings.iter().filter_map(|it| it.split_once('=')).collect();
    let number = |name, default: usize| settings.get(name).map_or(Ok(default), |it| it.parse());
    say(&format!("pid {}", process::id()));
    let pool = ThreadPoolMixIn::default().min_workers(1).max_workers(16);
    let processes = number("processes", 2)?;
    match mixin.as_str() {
        "sequential" => by(Sequential, &settings),
        "threading" => by(ThreadingMixIn::default(), &settings),
        "pool" => by(pool, &settings),
        "forking" => by(ForkingMixIn::default(), &settings),
        "prefork" if settings.get("inner") == Some(&"forking") => {
            by(PreforkMixIn::new(ForkingMixIn::default()).processes(processes), &settings)
        }
        "prefork" => by(PreforkMixIn::new(pool).processes(processes), &settings),
        "reactor" => by(ReactorMixIn::default().workers(2).max_workers(number("workers", 16)?), &settings),
        _ => Err(format!("no mix-in {mixin}").into()),
    }
}

fn by<M: MixIn + Runs<kind::KeepAlive>>(mixin: M, settings: &Settings<'_>) -> Result {
    match settings.get("transport") {
        Some(&"magic") => on::<Magic<false>, M>(mixin, settings),
        Some(&"asking") => on::<Magic<true>, M>(mixin, settings),
        _ => on::<Tcp, M>(mixin, settings),
    }
}

fn on<T, M>(mixin: M, settings: &Settings<'_>) -> Result
where
    T: Transport<Address = SocketAddr, Request: StreamRequest> + for<'a> Bind<&'a str>,
    M: MixIn + Runs<kind::KeepAlive>,
    State: ServerHooks<T>,
{
    let limit = |name| settings.get(name).map(|it| it.parse().map(Duration::from_millis)).transpose();
    let state = State { read: limit("own-read")?, write: limit("own-write")? };
    let mut builder = Server::<T, Obey, M, State>::builder()
        .mixin(mixin)
        .state(state)
        .handler_factory(|cx| Obey(*cx.server.state()))
        .poll_interval(Duration::from_millis(20))
        .read_timeout(limit("read")?)
        .write_timeout(limit("write")?)
        .request_timeout(limit("request")?)
        .idle_timeout(limit("idle")?);
    if let Some(limit) = limit("handshake")? {
        builder = builder.handshake_timeout(limit);
    }
    if let Some(handshakes) = settings.get("handshakes") {
        builder = builder.max_handshakes(handshakes.parse()?);
    }
    let server = builder.bind("127.0.0.1:0")?;
    let handle = server.handle();
    let (again, is_to_serve) = mpsc::channel();
    thread::scope(|scope| {
        scope.spawn(move || {
            for line in io::stdin().lines().map_while(io::Result::ok) {
                match &*line {
                    "again" => again.send(()).expect("it is waited for"),
                    _ => steer(&handle, &line),
                }
            }
        });
        say(&format!("serving {}", server.server_address()));
        loop {
            server.serve_forever()?;
            say("stopped");
            if is_to_serve.recv().is_err() {
                return Ok::<_, Box<dyn Error>>(());
            }
        }
    })?;
    server.server_close();
    steer(&server.handle(), "stats");
    Ok(())
}

fn steer(handle: &Handle, line: &str) {
    let (word, argument) = line.split_once(' ').unwrap_or((line, ""));
    let number = || argument.parse().expect("a number");
    match word {
        "stop" => handle.request_shutdown(),
        "shutdown" => {
            let report = handle.shutdown(Duration::from_millis(number()));
            say(&format!("drained {} forced {}", report.drained, report.forced));
        }
        "suspend" => handle.suspend(),
        "resume" => handle.resume(),
        "handshakes" => handle.set_max_handshakes(argument.parse().ok()),
        "connections" => say(&format!(
            "connections {}",
            handle.connections().iter().map(|it| format!("{:?}", it.activity)).collect::<Vec<_>>().join(" ")
        )),
        "stats" => {
            let (it, by) = (handle.stats(), handle.stats().timed_out_by);
            say(&format!(
                "stats accepted {} active {} completed {} failed {} refused {} timed out {}: read {} write {} handshake {} idle {} request {}",
                it.accepted,
                it.active,
                it.completed,
                it.failed,
                it.refused_by.max_handshakes,
                it.timed_out,
                by.read,
                by.write,
                by.handshake,
                by.idle,
                by.request
            ));
        }
        _ => panic!("what is {word}?"),
    }
    say(&format!("done {word}"));
}
