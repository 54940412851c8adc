//! A forking server that does what its clients say, and prints what happens.

use crate::prefork::inners::steer;
use socketserver::{Event, ForkingMixIn, Observer, ServerBuilder, prelude::*};
use std::{collections::HashMap, error::Error, io, process, thread, time::Duration};

/// Says each event in a line.
struct Printer;
impl Observer for Printer {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::ConnectionStarted { id, .. } | Event::RequestStarted { id, .. } => {
                println!("started {id}")
            }
            Event::ConnectionEnded { id, outcome, .. } | Event::RequestEnded { id, outcome, .. } => {
                println!("ended {id} {outcome:?}");
            }
            Event::ChildKilled { pid, .. } => println!("killed {pid}"),
            Event::ForkWithThreads { threads } => println!("warning {threads} threads"),
            Event::Stopped { .. } => println!("stopped"),
            _ => {}
        }
    }
}

/// Obeys the one word that a client sends.
#[derive(Default)]
struct Obey;
impl StreamRequestHandler for Obey {
    fn wbufsize(&self) -> usize {
        8192
    }
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        let mut word = String::new();
        cx.rfile.read_line(&mut word)?;
        match word.trim() {
            "pid" => write!(cx.wfile, "{}", process::id())?,
            "fail" => return Err("as was asked".into()),
            "panic" => panic!("as was asked"),
            "unflushed" => cx.wfile.write_all(b"in the buffer to the end")?,
            "print" => print!("printed without a newline, "),
            "descriptors" => {
                for entry in std::fs::read_dir("/proc/self/fd")?.flatten() {
                    writeln!(cx.wfile, "{}", std::fs::read_link(entry.path()).unwrap_or_default().display())?;
                }
            }
            "shutdown" => cx.server.shutdown(),
            "hold" => {
                write!(cx.wfile, "{:>10}", process::id())?;
                cx.wfile.flush()?;
                cx.rfile.read_to_end(&mut Vec::new())?;
            }
            other => return Err(format!("what is {other}?").into()),
        }
        Ok(())
    }
}
impl DatagramRequestHandler for Obey {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        Ok(write!(cx.wfile, "{}", process::id())?)
    }
}

/// `transport=tcp|udp|PATH`, `max_children=N`, `poll_interval=MS|never`, `grace=MS` of SIGTERM, `loop=requests` instead of
/// `serve_forever`, `strangers=yes` for a child that isn't the server's and ends at once with 7, and `deadline=MS` of a shutdown at the end of input, for which there is a thread.
pub(crate) fn serve(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let settings: HashMap<_, _> = arguments.iter().filter_map(|it| it.split_once('=')).collect();
    let mixin = match settings.get("max_children") {
        Some(number) => ForkingMixIn::default().max_children(number.parse()?),
        None => ForkingMixIn::default(),
    };
    println!("pid {}", process::id());
    match settings.get("transport") {
        None | Some(&"tcp") => {
            let server = with(&settings, ForkingTcpServer::<Obey>::builder())?.mixin(mixin);
            let server = server.bind("127.0.0.1:0")?;
            run(&server, &settings)?;
            println!("children {:?}", server.mixin().active_children());
            Ok(())
        }
        Some(&"udp") => run(
            &with(&settings, ForkingUdpServer::<Obey>::builder())?.mixin(mixin).bind("127.0.0.1:0")?,
            &settings,
        ),
        Some(path) => run(
            &with(&settings, ForkingUnixStreamServer::<Obey>::builder())?.mixin(mixin).bind(*path)?,
            &settings,
        ),
    }
}

type Settings<'a> = HashMap<&'a str, &'a str>;

fn millis(text: &str) -> Result<Duration, Box<dyn Error>> {
    Ok(Duration::from_millis(text.parse()?))
}

fn with<T, H>(
    settings: &Settings<'_>,
    builder: ServerBuilder<T, H, ForkingMixIn, ()>,
) -> Result<ServerBuilder<T, H, ForkingMixIn, ()>, Box<dyn Error>> {
    let builder = builder.observer(Printer);
    Ok(match settings.get("poll_interval") {
        None => builder,
        Some(&"never") => builder.poll_interval(None),
        Some(every) => builder.poll_interval(millis(every)?),
    })
}

fn run(server: &dyn BaseServer, settings: &Settings<'_>) -> Result<(), Box<dyn Error>> {
    let grace = settings.get("grace").map_or(Ok(Duration::ZERO), |grace| millis(grace))?;
    let _signals = server.shutdown_on_signals(grace)?;
    println!("serving {} on {}", server.server_address(), server.fileno());
    let strangers = settings.contains_key("strangers");
    let stranger =
        strangers.then(|| process::Command::new("sh").args(["-c", "exit 7"]).spawn()).transpose()?;
    let deadline = settings.get("deadline").map(|deadline| millis(deadline)).transpose()?;
    thread::scope(|scope| {
        if let Some(deadline) = deadline {
            let handle = server.handle();
            scope.spawn(move || {
                let _ = io::copy(&mut io::stdin(), &mut io::sink());
                let report = handle.shutdown(deadline);
                println!("drained {} forced {}", report.drained, report.forced);
            });
        }
        if settings.contains_key("steered") {
            let handle = server.handle();
            scope.spawn(move || {
                io::stdin().lines().map_while(Result::ok).for_each(|line| steer(&handle, &line))
            });
        }
        if settings.get("loop") == Some(&"requests") {
            while server.handle_request()? == socketserver::Handled::Request {}
        } else {
            server.serve_forever()?;
        }
        Ok::<_, ServerError>(())
    })?;
    server.server_close();
    if let Some(mut stranger) = stranger {
        println!("stranger {:?}", stranger.wait()?.code());
    }
    let stats = server.stats();
    println!("accepted {} completed {} failed {}", stats.accepted, stats.completed, stats.failed);
    Ok(())
}
