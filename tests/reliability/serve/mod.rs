//! The server that is ill-treated: it obeys each line of its clients, says on SIGUSR1 what it has counted, and logs as any server does.

mod datagrams;
mod streams;

use crate::Counts;
use rustix::{io::write, stdio::stdout};
use signal_hook::consts::SIGUSR1;
use socketserver::{
    ForkingMixIn, Handle, MixIn, PreforkMixIn, ReactorMixIn, Refusal, Runs, Sequential, StreamRequest,
    ThreadPoolMixIn, ThreadingMixIn, UnixDatagram, UnixStream, kind, net, prelude::*,
};
use std::{
    collections::HashMap,
    error::Error,
    fs::{File, OpenOptions},
    io::{self, Write},
    net::{IpAddr, Ipv4Addr, SocketAddr},
    process,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

type Settings<'a> = HashMap<&'a str, &'a str>;
type Done = Result<(), Box<dyn Error>>;

/// Serves until SIGTERM. The arguments are the mix-in, then `transport=unix`, `udp` or `unixgram` instead of TCP, `path=PATH` of a Unix socket,
/// `gather=yes` for replies to datagrams that are sent together; `grace=MS` that SIGTERM leaves to requests, `record=PATH` of the replies that
/// were written, `limit=N` of connections, `workers=N` at most, `linger=off`, `idle=MS` until a
/// thread ends that has nothing to do, `reserve=yes` for a reserved descriptor, `request=MS` that a request may take,
/// `backlog=N` of connections that nobody has accepted yet, `inside=threading` of prefork's processes instead of a pool.
///
/// # Errors
/// What the server fails with.
pub fn serve(arguments: &[String]) -> Done {
    // A test that fails leaves nobody behind, be it that a tracer stands in between.
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    let Some((mixin, settings)) = arguments.split_first() else { return Err("which mix-in?".into()) };
    let settings: Settings<'_> = settings.iter().filter_map(|it| it.split_once('=')).collect();
    log::set_logger(&ToStdout).map_err(|error| error.to_string())?;
    log::set_max_level(log::LevelFilter::Warn);
    say(&format!("pid {}", process::id()));
    let workers = settings.get("workers").map_or(Ok(64), |it| it.parse())?;
    // Short, so that it shows soon what stays.
    let idle = Duration::from_millis(settings.get("idle").map_or(Ok(100), |it| it.parse())?);
    let pool = ThreadPoolMixIn::default().min_workers(2).max_workers(workers).idle_time(idle);
    match mixin.as_str() {
        "sequential" => any(Sequential, &settings),
        "threading" => any(ThreadingMixIn::default().idle_time(idle), &settings),
        "pool" => any(pool, &settings),
        "forking" => any(ForkingMixIn::default().max_children(200), &settings),
        "prefork" if settings.get("inside") == Some(&"threading") => {
            any(PreforkMixIn::new(ThreadingMixIn::default()).processes(2), &settings)
        }
        "prefork" => any(PreforkMixIn::new(pool).processes(2), &settings),
        "reactor" => streams::by(ReactorMixIn::default().max_workers(workers), &settings),
        _ => Err(format!("no mix-in {mixin}").into()),
    }
}

fn any<M: MixIn + Runs<kind::KeepAlive> + Runs<kind::Datagram>>(mixin: M, settings: &Settings<'_>) -> Done {
    match settings.get("transport") {
        Some(&("udp" | "unixgram")) => datagrams::by(mixin, settings),
        _ => streams::by(mixin, settings),
    }
}

/// One line, by one call: no lock that a forked child may find taken.
fn say(line: &str) {
    // Who listened may have gone.
    let _ = write(stdout(), format!("{line}\n").as_bytes());
}

struct ToStdout;
impl log::Log for ToStdout {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &log::Record<'_>) {
        say(&format!("{} {}", record.level(), record.args()));
    }
    fn flush(&self) {}
}

#[derive(Default)]
struct State {
    handle: OnceLock<Handle>,
    is_asked: Arc<AtomicBool>,
    /// Who says so: a child that is forked as it is asked has its copy of that.
    pid: u32,
    /// Where each reply is noted that has been written.
    record: Option<File>,
}

impl State {
    fn of(settings: &Settings<'_>) -> Result<Self, Box<dyn Error>> {
        let open = |path| OpenOptions::new().create(true).append(true).open(path);
        let record = settings.get("record").map(open).transpose()?;
        let state = State { record, pid: process::id(), ..State::default() };
        signal_hook::flag::register(SIGUSR1, state.is_asked.clone())?;
        Ok(state)
    }

    fn say_counts(&self) {
        if self.is_asked.swap(false, SeqCst)
            && self.pid == process::id()
            && let Some(handle) = self.handle.get()
        {
            say(&format!("stats {}", Counts::from(handle.stats())));
        }
    }

    fn note(&self, id: &str) -> io::Result<()> {
        self.record.as_ref().map_or(Ok(()), |mut record| record.write_all(format!("{id}\n").as_bytes()))
    }
}

/// Who is turned away for lack of a descriptor is told so; others see the end.
fn turn_away(request: &impl StreamRequest, reason: Refusal) {
    if reason == Refusal::NoDescriptor {
        let _ = StreamRequest::connection(request).sendall(format!("refused: {reason:?}\n").as_bytes()); // it may have gone
    }
}

/// Who comes from there makes a hook panic.
const CURSED: IpAddr = IpAddr::V4(Ipv4Addr::new(127, 0, 0, 66));

macro_rules! on_streams {
    ($($T:ty, $Request:ty, $Address:ty, $is_cursed:expr;)*) => { $(
        impl ServerHooks<$T> for State {
            fn verify_request(&self, _: &$Request, client: &$Address) -> bool {
                let is_cursed: fn(&$Address) -> bool = $is_cursed;
                assert!(!is_cursed(client), "as was asked");
                true
            }
            fn reject_because(&self, request: &mut $Request, _: &$Address, reason: Refusal) {
                turn_away(request, reason);
            }
            fn service_actions(&self) {
                self.say_counts();
            }
        }
    )* };
}
on_streams! {
    Tcp, TcpStream, SocketAddr, |client| client.ip() == CURSED;
    UnixStream, net::UnixStream, net::UnixAddress, |_| false;
}

macro_rules! on_datagrams {
    ($($T:ty),*) => { $(
        impl ServerHooks<$T> for State {
            fn service_actions(&self) {
                self.say_counts();
            }
        }
    )* };
}
on_datagrams!(Udp, UnixDatagram);

/// Where to listen.
fn place<'a>(settings: &Settings<'a>) -> &'a str {
    settings.get("path").unwrap_or(&"127.0.0.1:0")
}

fn run(server: &dyn BaseServer, state: &State, settings: &Settings<'_>) -> Done {
    let _ = state.handle.set(server.handle()); // it is the first
    let grace = settings.get("grace").map_or(Ok(60_000), |it| it.parse())?;
    let _signals = server.shutdown_on_signals(Duration::from_millis(grace))?;
    say(&format!("serving {}", server.server_address()));
    let served = server.serve_forever();
    server.server_close();
    say(&format!("stats {}", Counts::from(server.stats())));
    Ok(served?)
}
