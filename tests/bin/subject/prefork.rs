//! A prefork server that does what its clients say and what it reads, and prints what happens to its processes.

pub(crate) mod inners;

use inners::{Server, control};
use socketserver::{
    Event, ForkingMixIn, MixIn, Observer, PreforkMixIn, ReactorMixIn, Sequential, ThreadPoolMixIn,
    ThreadingMixIn, prelude::*,
};
use std::{
    collections::HashMap,
    error::Error,
    io, process,
    sync::atomic::{AtomicBool, Ordering::SeqCst},
    thread,
    time::Duration,
};

/// Says each event of a process in a line.
pub(crate) struct Printer;
impl Observer for Printer {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::WorkerStarted { pid } => println!("started {pid}"),
            Event::WorkerEnded { pid, status, expected, back_off, lost, .. } => {
                let status = status.map_or("signal".into(), |status| status.to_string());
                let expected = if *expected { "expected" } else { "unexpected" };
                println!("ended {pid} {status} {expected} {} {lost}", back_off.as_millis());
            }
            Event::WorkerHung { pid, .. } => println!("hung {pid}"),
            Event::WorkerNotStarted { back_off, .. } => println!("not-started {}", back_off.as_millis()),
            Event::ForkWithThreads { threads } => println!("warning {threads} threads"),
            Event::Stopped { .. } => println!("stopped"),
            _ => {}
        }
    }
    fn wants_requests(&self) -> bool {
        false
    }
}

/// The state: what can go wrong in the loop.
#[derive(Default)]
pub(crate) struct State {
    hangs: AtomicBool,
}
impl ServerHooks<Tcp> for State {
    fn service_actions(&self) {
        while self.hangs.load(SeqCst) {
            thread::park();
        }
    }
}

/// Obeys each line that a client sends, and answers with one.
#[derive(Default)]
pub(crate) struct Obey;
impl KeepAliveRequestHandler<State> for Obey {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, State>) -> HandlerResult<KeepAlive> {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        match line.trim() {
            "pid" => writeln!(cx.wfile, "{}", process::id())?,
            "hold" => hold(cx)?,
            "sleep" => {
                writeln!(cx.wfile, "{}", process::id())?;
                cx.wfile.flush()?;
                loop {
                    thread::park(); // whatever becomes of the client
                }
            }
            "descriptors" => writeln!(cx.wfile, "{}", std::fs::read_dir("/proc/self/fd")?.count())?,
            "print" => print!("printed without a newline, "),
            "panic" => panic!("as was asked"),
            "fail" => return Err("as was asked".into()),
            "exit" => process::exit(3),
            "hang" => cx.server.state().hangs.store(true, SeqCst),
            "shutdown" => cx.server.shutdown(),
            other => return Err(format!("what is {other}?").into()),
        }
        Ok(KeepAlive::Yes)
    }
}

/// One long request: says who serves it, then whether the server is draining, as often as it is asked, until it may go.
fn hold(cx: &mut StreamContext<'_, State>) -> HandlerResult {
    writeln!(cx.wfile, "{}", process::id())?;
    let mut line = String::new();
    loop {
        cx.wfile.flush()?;
        line.clear();
        cx.rfile.read_line(&mut line)?;
        match line.trim() {
            "draining" => writeln!(cx.wfile, "{}", cx.server.is_draining())?,
            _ => return Ok(()),
        }
    }
}

pub(crate) type Settings<'a> = HashMap<&'a str, &'a str>;

/// `inner=pool|sequential|threading|forking|reactor|crashing`, `processes=N`, `max_requests=N`, `heartbeat=MS`, `grace=MS` of processes, `deadline=MS` of
/// SIGTERM, `limit=N` of connections, `socket=each`, `control=yes` to obey what is read, `loop=requests` instead of `serve_forever`,
/// `strangers=yes` for a child that isn't the server's and ends at once with 7.
pub(crate) fn serve(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let settings: Settings<'_> = arguments.iter().filter_map(|it| it.split_once('=')).collect();
    println!("pid {}", process::id());
    macro_rules! obeying {
        ($M:ty, $inner:expr) => {{
            let server = Server::<$M>::builder().mixin(prefork(&settings, $inner)?).observer(Printer);
            let limit = settings.get("limit").map_or(Ok(1000), |it| it.parse())?;
            let server =
                server.poll_interval(Duration::from_millis(20)).max_connections(Limit::backlog(limit));
            let server = server.bind("127.0.0.1:0")?;
            thread::scope(|scope| {
                if settings.contains_key("control") {
                    scope.spawn(|| control(&server));
                }
                run(&server, &settings)
            })
        }};
    }
    match settings.get("inner") {
        None | Some(&"pool") => {
            obeying!(ThreadPoolMixIn, ThreadPoolMixIn::default().min_workers(1).max_workers(16))
        }
        Some(&"one") => obeying!(ThreadPoolMixIn, ThreadPoolMixIn::default().workers(1)),
        Some(&"sequential") => obeying!(Sequential, Sequential),
        Some(&"threading") => obeying!(ThreadingMixIn, ThreadingMixIn::default()),
        Some(&"forking") => obeying!(ForkingMixIn, ForkingMixIn::default()),
        Some(&"reactor") => obeying!(ReactorMixIn, ReactorMixIn::default()),
        Some(&"crashing") => obeying!(inners::Crashing, inners::Crashing),
        Some(other) => Err(format!("no {other}").into()),
    }
}

pub(crate) fn millis(text: &str) -> Result<Duration, Box<dyn Error>> {
    Ok(Duration::from_millis(text.parse()?))
}

fn prefork<M: MixIn>(settings: &Settings<'_>, inner: M) -> Result<PreforkMixIn<M>, Box<dyn Error>> {
    let mut mixin =
        PreforkMixIn::new(inner).processes(settings.get("processes").map_or(Ok(2), |it| it.parse())?);
    if let Some(requests) = settings.get("max_requests") {
        mixin = mixin.max_requests(requests.parse()?).max_requests_jitter(0);
    }
    if let Some(limit) = settings.get("heartbeat") {
        mixin = mixin.heartbeat(millis(limit)?);
    }
    mixin = mixin.socket_each(settings.get("socket") == Some(&"each"));
    if let Some(limit) = settings.get("grace") {
        mixin = mixin.grace(millis(limit)?);
    }
    Ok(mixin)
}

fn run(server: &dyn BaseServer, settings: &Settings<'_>) -> Result<(), Box<dyn Error>> {
    let _signals = server.shutdown_on_signals(
        settings.get("deadline").map_or(Ok(Duration::from_secs(60)), |it| millis(it))?,
    )?;
    let strangers = settings.contains_key("strangers");
    let stranger =
        strangers.then(|| process::Command::new("sh").args(["-c", "exit 7"]).spawn()).transpose()?;
    println!("serving {}", server.server_address());
    if settings.get("loop") == Some(&"requests") {
        while server.handle_request()? == socketserver::Handled::Request {}
    } else {
        server.serve_forever()?;
    }
    server.server_close();
    if let Some(mut stranger) = stranger {
        println!("stranger {:?}", stranger.wait()?.code());
    }
    inners::tell(&server.handle());
    let _ = io::stdout().flush();
    Ok(())
}
