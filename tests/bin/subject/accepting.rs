//! A server of any mix-in whose accepting is steered: suspended, stopped, taken up again; and that says what it has counted.

use socket2::SockRef;
use socketserver::{
    Backlog, ForkingMixIn, Handle, MixIn, PreforkMixIn, ReactorMixIn, Refusal, Runs, Sequential,
    ThreadPoolMixIn, ThreadingMixIn, Transport, kind, prelude::*,
};
use std::{
    collections::HashMap,
    error::Error,
    io,
    net::{Shutdown, SocketAddr},
    process,
    sync::mpsc::{Sender, channel},
    thread,
    time::Duration,
};

/// Who is turned away is told why.
#[derive(Default)]
struct State;
impl ServerHooks<Tcp> for State {
    fn reject_because(&self, request: &mut TcpStream, _: &SocketAddr, reason: Refusal) {
        let _ = request.sendall(format!("refused: {reason:?}\n").as_bytes()); // it may have gone
    }
}

/// One line, answered in upper case. `hold` is answered at once and then waits for another line; after `stay` the connection does.
#[derive(Default)]
struct Upper;
impl KeepAliveRequestHandler<State> for Upper {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, State>) -> HandlerResult<KeepAlive> {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        cx.wfile.write_all(line.to_uppercase().as_bytes())?;
        cx.wfile.flush()?;
        if line.trim() == "hold" {
            cx.rfile.read_line(&mut line)?;
        }
        Ok(if line.starts_with("stay") { KeepAlive::Yes } else { KeepAlive::No })
    }
}

type Settings<'a> = HashMap<&'a str, &'a str>;

/// The mix-in, then `backlog=keep|serve|refuse|leave`, `limit=N` of connections, `address=A`, `sockets=each` of the pool's threads or the
/// processes, `early=yes` to serve only after the first `again`. Obeys lines: `suspend`, `close` (the port), `resume`,
/// `stats`, `shutdown MS`, `pids`, `spoil` (the listening socket), and `again`, which serves again. Closes the server at the end of its input.
pub(crate) fn serve(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let Some((mixin, settings)) = arguments.split_first() else { return Err("which mix-in?".into()) };
    let settings: Settings<'_> = settings.iter().filter_map(|it| it.split_once('=')).collect();
    let each = settings.get("sockets") == Some(&"each");
    let pool = || ThreadPoolMixIn::default().min_workers(1).max_workers(4);
    let own_sockets = || pool().min_workers(4).socket_each(true);
    match mixin.as_str() {
        "sequential" => run(Sequential, &settings),
        "threading" => run(ThreadingMixIn::default(), &settings),
        "pool" if each => run(own_sockets(), &settings),
        "pool" => run(pool(), &settings),
        "forking" => run(ForkingMixIn::default().max_children(4), &settings),
        "prefork" => run(PreforkMixIn::new(pool()).processes(2).socket_each(each), &settings),
        "reactor" => run(ReactorMixIn::default(), &settings),
        _ => Err(format!("no mix-in {mixin}").into()),
    }
}

fn run<M: MixIn + Runs<kind::KeepAlive>>(mixin: M, settings: &Settings<'_>) -> Result<(), Box<dyn Error>> {
    let backlog = match settings.get("backlog") {
        None | Some(&"keep") => Backlog::Keep,
        Some(&"serve") => Backlog::Serve,
        Some(&"refuse") => Backlog::Refuse,
        Some(&"leave") => Backlog::Leave,
        Some(other) => return Err(format!("no {other}").into()),
    };
    let limit = settings.get("limit").map_or(Ok(1000), |it| it.parse())?;
    let server = TcpServer::<Upper, M, State>::builder()
        .mixin(mixin)
        .max_connections(Limit::backlog(limit))
        .poll_interval(Duration::from_millis(20))
        .backlog_at_shutdown(backlog)
        .bind(*settings.get("address").unwrap_or(&"127.0.0.1:0"))?;
    let handle = server.handle();
    println!("pid {}", process::id());
    println!("serving {}", server.server_address());
    let (again, told) = channel();
    thread::scope(|scope| {
        scope.spawn({
            let (handle, server) = (handle.clone(), &server);
            move || {
                let obey = |line: String| {
                    steer(&handle, &line, &again, || spoil(&*server.socket().expect("it is open")))
                };
                io::stdin().lines().map_while(Result::ok).for_each(obey);
                handle.request_shutdown();
                drop(again);
            }
        });
        if settings.contains_key("early") && told.recv().is_err() {
            return Ok(());
        }
        loop {
            server.serve_forever().inspect_err(|error| println!("failed {error}"))?;
            println!("stopped");
            if told.recv().is_err() {
                return Ok::<_, ServerError>(());
            }
        }
    })?;
    server.server_close();
    tell(&handle);
    Ok(())
}

/// Makes the listening socket such that nothing mends it.
fn spoil<S: Transport>(socket: &S) {
    SockRef::from(&socket.readiness()).shutdown(Shutdown::Both).expect("it listens");
}

fn steer(handle: &Handle, line: &str, again: &Sender<()>, spoil: impl Fn()) {
    let (word, argument) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "suspend" => handle.suspend(),
        "resume" => handle.resume(),
        "close" => match handle.close_port() {
            Ok(()) => println!("closed Ok"),
            Err(error) => println!("closed {error}"),
        },
        "stats" => tell(handle),
        "again" => drop(again.send(())),
        "spoil" => spoil(),
        "shutdown" => {
            let deadline = Duration::from_millis(argument.parse().expect("a number"));
            let report = handle.shutdown(deadline);
            println!("report {} {} {}", report.drained, report.forced, report.refused);
        }
        _ => panic!("what is {word}?"),
    }
    println!("done {word}");
}

fn tell(handle: &Handle) {
    let it = handle.stats();
    let ended = it.completed + it.failed + it.disconnected + it.timed_out + it.refused + it.dropped;
    println!(
        "stats accepted {} ended {ended} completed {} refused {} draining {}",
        it.accepted, it.completed, it.refused, it.refused_by.draining
    );
}
