//! The server that is ill-treated: it obeys each line of its clients, says on SIGUSR1 what it has counted, and logs as any server does.

use crate::Counts;
use rustix::{io::write, stdio::stdout};
use signal_hook::consts::SIGUSR1;
use socketserver::{
    ForkingMixIn, Handle, Linger, MixIn, PreforkMixIn, ReactorMixIn, Refusal, Runs, Sequential,
    ThreadPoolMixIn, ThreadingMixIn, kind, prelude::*,
};
use std::{
    collections::HashMap,
    error::Error,
    fs::{File, OpenOptions},
    net::SocketAddr,
    process,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

type Settings<'a> = HashMap<&'a str, &'a str>;

/// Serves until SIGTERM. The arguments are the mix-in, then `grace=MS` that SIGTERM leaves to requests, `record=PATH` of the replies that
/// were written, `limit=N` of connections, `workers=N` at most, `linger=off`, `idle=MS` until a
/// thread ends that has nothing to do, `reserve=yes` for a reserved descriptor.
///
/// # Errors
/// What the server fails with.
pub fn serve(arguments: &[String]) -> Result<(), Box<dyn Error>> {
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
        "sequential" => run(Sequential, &settings),
        "threading" => run(ThreadingMixIn::default().idle_time(idle), &settings),
        "pool" => run(pool, &settings),
        "forking" => run(ForkingMixIn::default().max_children(200), &settings),
        "prefork" => run(PreforkMixIn::new(pool).processes(2), &settings),
        "reactor" => run(ReactorMixIn::default().max_workers(workers), &settings),
        _ => Err(format!("no mix-in {mixin}").into()),
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
    /// Where each reply is noted that has been written.
    record: Option<File>,
}

impl ServerHooks<Tcp> for State {
    /// Who is turned away for lack of a descriptor is told so; others see the end.
    fn reject_because(&self, request: &mut TcpStream, _: &SocketAddr, reason: Refusal) {
        if reason == Refusal::NoDescriptor {
            let _ = request.sendall(format!("refused: {reason:?}\n").as_bytes()); // it may have gone
        }
    }

    fn service_actions(&self) {
        if self.is_asked.swap(false, SeqCst)
            && let Some(handle) = self.handle.get()
        {
            say(&format!("stats {}", Counts::from(handle.stats())));
        }
    }
}

/// Obeys one line: `panic`, `fail`, `pid`, `big N` (as many bytes), `reply ID` and `last ID` (noted, the latter ends the connection);
/// sends all others back.
#[derive(Default)]
struct Obey;
impl KeepAliveRequestHandler<State> for Obey {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, State>) -> HandlerResult<KeepAlive> {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        let (word, argument) = line.trim_end().split_once(' ').unwrap_or((line.trim_end(), ""));
        match word {
            "" => return Ok(KeepAlive::No),
            "panic" => panic!("as was asked"),
            "fail" => return Err("as was asked".into()),
            "pid" => writeln!(cx.wfile, "{}", process::id())?,
            "big" => drop(std::io::copy(&mut std::io::repeat(b'x').take(argument.parse()?), &mut cx.wfile)?),
            "reply" | "last" => {
                cx.wfile.write_all(format!("{argument} {:x>20000}\n", "").as_bytes())?;
                cx.wfile.flush()?;
                if let Some(mut record) = cx.server.state().record.as_ref() {
                    record.write_all(format!("{argument}\n").as_bytes())?;
                }
                return Ok(if word == "last" { KeepAlive::No } else { KeepAlive::Yes });
            }
            _ => cx.wfile.write_all(line.as_bytes())?,
        }
        Ok(KeepAlive::Yes)
    }
}

fn run<M: MixIn + Runs<kind::KeepAlive>>(mixin: M, settings: &Settings<'_>) -> Result<(), Box<dyn Error>> {
    let record = settings.get("record").map(|path| OpenOptions::new().create(true).append(true).open(path));
    let state = State { record: record.transpose()?, ..State::default() };
    signal_hook::flag::register(SIGUSR1, state.is_asked.clone())?;
    let limit = settings.get("limit").map_or(Ok(2000), |it| it.parse())?;
    let server = TcpServer::<Obey, M, State>::builder()
        .mixin(mixin)
        .state(state)
        .poll_interval(Duration::from_millis(20))
        .linger(if settings.get("linger") == Some(&"off") { Linger::off() } else { Linger::default() })
        .max_connections(Limit::backlog(limit))
        .reserve_descriptor(settings.contains_key("reserve"))
        .bind("127.0.0.1:0")?;
    let _ = server.state().handle.set(server.handle()); // it is the first
    let grace = settings.get("grace").map_or(Ok(60_000), |it| it.parse())?;
    let _signals = server.shutdown_on_signals(Duration::from_millis(grace))?;
    say(&format!("serving {}", server.server_address()));
    let served = server.serve_forever();
    server.server_close();
    say(&format!("stats {}", Counts::from(server.stats())));
    Ok(served?)
}
