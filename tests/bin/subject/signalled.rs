//! A server of any mix-in that is ended by signals: by those that the library listens for, and by one that the program has added.

use signal_hook::{consts::SIGQUIT, low_level::pipe};
use socketserver::{
    ForkingMixIn, MixIn, PreforkMixIn, ReactorMixIn, Runs, Sequential, ThreadPoolMixIn, ThreadingMixIn, kind,
    prelude::*,
};
use std::{
    error::Error,
    io::{self, Read},
    os::unix::net::UnixStream,
    process, thread,
    time::Duration,
};

type Done = Result<(), Box<dyn Error>>;

/// `hold` is a request that goes on until its client says `go`: it says meanwhile whether the server stops. Other lines come back.
#[derive(Default)]
struct Holds;
impl KeepAliveRequestHandler for Holds {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        cx.wfile.write_all(line.as_bytes())?;
        if line == "hold\n" {
            hold(cx)?;
        }
        Ok(KeepAlive::Yes)
    }
}

fn hold(cx: &mut StreamContext<'_>) -> HandlerResult {
    let mut line = String::new();
    loop {
        cx.wfile.flush()?;
        line.clear();
        if cx.rfile.read_line(&mut line)? == 0 {
            return Err("it is cut off".into());
        }
        match line.as_str() {
            "stops?\n" => writeln!(cx.wfile, "{}", cx.server.is_draining())?,
            _ => return Ok(cx.wfile.write_all(line.as_bytes())?),
        }
    }
}

/// `MIXIN`, then `grace=MS` of signals; `quit` by SIGQUIT, too, and that by force; `group` to be the first of its own group of processes;
/// `late` to serve only when a line was read; `after` to go on afterwards, without listening for signals, until there is another line.
pub(crate) fn serve(arguments: &[String]) -> Done {
    let Some((mixin, settings)) = arguments.split_first() else { return Err("which mix-in?".into()) };
    let pool = || ThreadPoolMixIn::default().min_workers(1).max_workers(4);
    match mixin.as_str() {
        "sequential" => by(Sequential, settings),
        "threading" => by(ThreadingMixIn::default(), settings),
        "pool" => by(pool(), settings),
        "forking" => by(ForkingMixIn::default(), settings),
        "prefork" => by(PreforkMixIn::new(pool()).processes(2), settings),
        "reactor" => by(ReactorMixIn::default(), settings),
        _ => Err(format!("no mix-in {mixin}").into()),
    }
}

fn by<M: MixIn + Runs<kind::KeepAlive>>(mixin: M, settings: &[String]) -> Done {
    let is_set = |name: &str| settings.iter().any(|it| it == name);
    let grace =
        settings.iter().find_map(|it| it.strip_prefix("grace=")).map_or(Ok(60_000), |it| it.parse())?;
    if is_set("group") {
        rustix::process::setsid()?;
    }
    let server = TcpServer::<Holds, M>::builder().mixin(mixin).poll_interval(Duration::from_millis(20));
    let server = server.bind("127.0.0.1:0")?;
    let signals = server.shutdown_on_signals(Duration::from_millis(grace))?;
    if is_set("quit") {
        quit_by_force(&server)?;
    }
    println!("pid {}", process::id());
    println!("serving {}", server.server_address());
    if is_set("late") {
        io::stdin().read_line(&mut String::new())?;
    }
    server.serve_forever()?;
    server.server_close();
    let it = server.stats();
    let ended = it.completed + it.failed + it.disconnected;
    println!(
        "accepted {} ended {ended} completed {} forced {} active {}",
        it.accepted, it.completed, it.forced, it.active
    );
    if is_set("after") {
        drop(signals);
        println!("on its own");
        io::stdin().read_line(&mut String::new())?;
        println!("still there");
    }
    Ok(())
}

/// What a program does that knows another signal.
fn quit_by_force(server: &impl BaseServer) -> Done {
    let (mut heard, written) = UnixStream::pair()?;
    pipe::register(SIGQUIT, written)?;
    let handle = server.handle();
    thread::spawn(move || {
        while heard.read_exact(&mut [0]).is_ok() {
            handle.shutdown(Duration::ZERO);
        }
    });
    Ok(())
}
