//! A server that does what its clients say, by any mix-in, and prints the start and the end of everything.

use crate::prefork::millis;
use socketserver::{
    Deadline, Event, ForkingMixIn, HandlerError, Job, Limit, MixIn, Observer, Outcome, PreforkMixIn,
    ReactorMixIn, Runs, Sequential, Server, Stats, ThreadPoolMixIn, ThreadingMixIn, TimedOut, Traffic, kind,
    prelude::*,
};
use std::{collections::HashMap, error::Error, io, net::SocketAddr, time::Duration};

/// Says each start and each end in a line, in whichever process.
#[derive(Default)]
struct Printer {
    /// Panics then.
    panics: bool,
    /// Says starts and ends of worker processes, too.
    tells_workers: bool,
}

impl Observer for Printer {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::ConnectionStarted { id, .. } => println!("C+ {id}"),
            Event::RequestStarted { id, connection, .. } => println!("R+ {id} {}", connection.unwrap_or(0)),
            Event::ConnectionEnded { id, outcome, forced, duration, traffic, .. } => {
                assert!(!duration.is_zero());
                println!("C- {id} {}", end(*outcome, *forced, *traffic));
            }
            Event::RequestEnded { id, connection, outcome, forced, duration, traffic, .. } => {
                assert!(!duration.is_zero());
                println!("R- {id} {} {}", connection.unwrap_or(0), end(*outcome, *forced, *traffic));
            }
            Event::Serving { .. } => println!("S+"),
            Event::Stopped { error, stats, duration, .. } => {
                assert!(!duration.is_zero());
                println!("S- {} {}", error.is_some(), stats.accepted);
            }
            Event::WorkerStarted { pid } if self.tells_workers => println!("W+ {pid}"),
            Event::WorkerEnded { pid, .. } if self.tells_workers => println!("W- {pid}"),
            _ => {}
        }
        assert!(!self.panics, "as was asked");
    }
    fn enter(&self, _: u64) {
        assert!(!self.panics, "as was asked");
    }
    fn leave(&self, _: u64) {
        assert!(!self.panics, "as was asked");
    }
}

fn end(outcome: Outcome, forced: bool, Traffic { bytes_in, bytes_out }: Traffic) -> String {
    format!("{outcome:?}{} {bytes_in} {bytes_out}", if forced { "!" } else { "" })
}

/// By their addresses clients say what the hooks shall do.
#[derive(Default)]
struct Hooks;
impl ServerHooks<Tcp> for Hooks {
    fn verify_request(&self, _: &TcpStream, peer: &SocketAddr) -> bool {
        assert!(last_of(peer) != 65, "as was asked");
        last_of(peer) != 66
    }
    fn process_request<M: MixIn>(&self, job: Job<Tcp, Self>, mixin: &M) {
        match last_of(job.client_address()) {
            67 => drop(job),
            68 => panic!("as was asked"),
            _ => mixin.process_request(job),
        }
    }
    fn handle_error(&self, _: &SocketAddr, _: &HandlerError) {}
}
impl ServerHooks<Udp> for Hooks {
    fn handle_error(&self, _: &SocketAddr, _: &HandlerError) {}
}

fn last_of(peer: &SocketAddr) -> u8 {
    let SocketAddr::V4(peer) = peer else { return 0 };
    peer.ip().octets()[3]
}

/// Obeys each line.
#[derive(Default)]
struct Obey;
impl KeepAliveRequestHandler<Hooks> for Obey {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, Hooks>) -> HandlerResult<KeepAlive> {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        match line.trim() {
            "ok" => writeln!(cx.wfile, "done")?,
            "quit" => return Ok(KeepAlive::No),
            "fail" => return Err("as was asked".into()),
            "panic" => panic!("as was asked"),
            "handshake" => return Err(io::Error::from(TimedOut::new(Deadline::Handshake)).into()),
            "read" => {
                cx.request.settimeout(Some(Duration::from_millis(5)));
                cx.rfile.read_line(&mut line)?;
            }
            "write" => {
                cx.request.settimeout(Some(Duration::from_millis(5)));
                loop {
                    cx.wfile.write_all(&[b'x'; 100_000])?;
                }
            }
            "wait" => {
                writeln!(cx.wfile, "waiting")?;
                return match cx.rfile.read_line(&mut line)? {
                    0 => Ok(KeepAlive::No),
                    _ => Ok(KeepAlive::Yes),
                };
            }
            other => return Err(format!("what is {other}?").into()),
        }
        Ok(KeepAlive::Yes)
    }
}
impl DatagramRequestHandler<Hooks> for Obey {
    fn handle(&mut self, cx: &mut DatagramContext<'_, Hooks>) -> HandlerResult {
        match cx.packet {
            b"ok" => Ok(cx.wfile.write_all(b"done")?),
            b"panic" => panic!("as was asked"),
            _ => Err("as was asked".into()),
        }
    }
}

type Settings<'a> = HashMap<&'a str, &'a str>;

/// `MIXIN` and any of `request_timeout=MS`, `idle_timeout=MS`, `grace=MS` of SIGTERM, `reject=N`, `wait=MS` for room that there isn't, `per_peer=N`,
/// `queue=N` of a pool of one thread, `reserve=yes` of a descriptor, `transport=udp`; `factory=panics` instead of making a handler, `panics=yes` of the observer, `workers=told` by it.
pub(crate) fn serve(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let settings: Settings<'_> = arguments.iter().filter_map(|it| it.split_once('=')).collect();
    let pool = match settings.get("queue") {
        Some(queue) => ThreadPoolMixIn::default().workers(1).queue_limit(queue.parse()?),
        None => ThreadPoolMixIn::default().min_workers(1).max_workers(4),
    };
    match arguments[0].as_str() {
        "sequential" => by(&settings, Sequential),
        "threading" => by(&settings, ThreadingMixIn::default()),
        "pool" => by(&settings, pool),
        "forking" => by(&settings, ForkingMixIn::default()),
        "prefork" => by(&settings, PreforkMixIn::new(pool).processes(2)),
        "reactor" => tcp(&settings, ReactorMixIn::default()),
        other => Err(format!("no mix-in {other}").into()),
    }
}

fn printer(settings: &Settings<'_>) -> Printer {
    Printer { panics: settings.contains_key("panics"), tells_workers: settings.contains_key("workers") }
}

fn by<M: MixIn + Runs<kind::KeepAlive> + Runs<kind::Datagram>>(
    settings: &Settings<'_>,
    mixin: M,
) -> Result<(), Box<dyn Error>> {
    if !settings.contains_key("transport") {
        return tcp(settings, mixin);
    }
    let builder = Server::<Udp, Obey, M, Hooks>::builder().mixin(mixin);
    run(&builder.observer(printer(settings)).bind("127.0.0.1:0")?, settings)
}

fn tcp<M: MixIn + Runs<kind::KeepAlive>>(settings: &Settings<'_>, mixin: M) -> Result<(), Box<dyn Error>> {
    let fails = settings.contains_key("factory");
    let mut builder = Server::<Tcp, Obey, M, Hooks>::builder().mixin(mixin).handler_factory(move |_| {
        assert!(!fails, "as was asked");
        Obey
    });
    if let Some(limit) = settings.get("request_timeout") {
        builder = builder.request_timeout(millis(limit)?);
    }
    if let Some(limit) = settings.get("idle_timeout") {
        builder = builder.idle_timeout(millis(limit)?);
    }
    if let Some(limit) = settings.get("reject") {
        builder = builder.max_connections(Limit::reject(limit.parse()?));
    }
    if let Some(time) = settings.get("wait") {
        builder = builder.max_connections(Limit::wait(0, millis(time)?));
    }
    if let Some(limit) = settings.get("per_peer") {
        builder = builder.max_connections_per_peer(limit.parse::<usize>()?);
    }
    let builder = builder.reserve_descriptor(settings.contains_key("reserve"));
    run(&builder.observer(printer(settings)).bind("127.0.0.1:0")?, settings)
}

fn run(server: &dyn BaseServer, settings: &Settings<'_>) -> Result<(), Box<dyn Error>> {
    std::panic::set_hook(Box::new(|_| ())); // they are asked for
    let grace = settings.get("grace").map_or(Ok(Duration::from_secs(60)), |grace| millis(grace))?;
    let _signals = server.shutdown_on_signals(grace)?;
    println!("serving {}", server.server_address());
    server.serve_forever()?;
    server.server_close();
    server.handle().wait_for_connections(|n| n == 0, Duration::from_secs(30)); // what was forced has still to notice
    let Stats { accepted, completed, failed, panicked, disconnected, timed_out, refused, .. } =
        server.stats();
    let Stats { dropped, forced, bytes_in, bytes_out, timed_out_by, refused_by, .. } = server.stats();
    println!(
        "stats {accepted} {completed} {failed} {panicked} {disconnected} {timed_out} {refused} {dropped} {forced} {bytes_in} {bytes_out}"
    );
    let (by, why) = (timed_out_by, refused_by);
    println!(
        "reasons {} {} {} {} {} {} {} {} {} {} {} {} {}",
        by.read,
        by.write,
        by.handshake,
        by.idle,
        by.request,
        why.verify_request,
        why.max_connections,
        why.waited_too_long,
        why.max_connections_per_peer,
        why.queue_full,
        why.draining,
        why.max_handshakes,
        why.no_descriptor
    );
    Ok(())
}
