//! Servers whose requests are in progress until the server is told to stop, on a transport and by a mix-in of choice.

use crate::timed::say;
use socketserver::{
    ForkingMixIn, MixIn, PreforkMixIn, ReactorMixIn, Runs, Sequential, ThreadPoolMixIn, ThreadingMixIn, kind,
    prelude::*,
};
use std::{error::Error, io::stdin, path::Path, thread, time::Duration};

/// More than a socket takes at once.
const LENGTH: usize = 4 << 20;

/// Answers a line with much, when the server stops.
#[derive(Default)]
struct Late;
impl KeepAliveRequestHandler for Late {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        wait(|| cx.server.is_draining());
        cx.wfile.write_all(line.trim_end().repeat(LENGTH).as_bytes())?;
        Ok(KeepAlive::Yes)
    }
}
impl DatagramRequestHandler for Late {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        wait(|| cx.server.is_draining());
        Ok(cx.wfile.write_all(&cx.packet.repeat(1000))?)
    }
}

/// Nothing tells a handler that is at work; it has to ask.
fn wait(is_draining: impl Fn() -> bool) {
    say("inside");
    while !is_draining() {
        thread::sleep(Duration::from_millis(1));
    }
}

type Made = Result<Box<dyn BaseServer>, Box<dyn Error>>;

macro_rules! server {
    ($Server:ident, $mixin:expr, $at:expr) => {
        Ok(Box::new($Server::<Late, M>::builder().mixin($mixin).bind($at)?))
    };
}

fn stream<M: MixIn + Runs<kind::KeepAlive>>(mixin: M, transport: &str, place: &Path) -> Made {
    match transport {
        "tcp" => server!(TcpServer, mixin, "127.0.0.1:0"),
        "unix" => server!(UnixStreamServer, mixin, place),
        _ => Err(format!("no {transport} by this mix-in").into()),
    }
}

fn any<M: MixIn + Runs<kind::KeepAlive> + Runs<kind::Datagram>>(
    mixin: M,
    transport: &str,
    place: &Path,
) -> Made {
    match transport {
        "udp" => server!(UdpServer, mixin, "127.0.0.1:0"),
        "unixgram" => server!(UnixDatagramServer, mixin, place),
        _ => stream(mixin, transport, place),
    }
}

/// `draining MIXIN TRANSPORT PLACE`. Stops when its input ends, and says what came of it.
pub(crate) fn serve(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [mixin, transport, place] = arguments else { return Err("draining MIXIN TRANSPORT PLACE".into()) };
    let place = place.as_ref();
    let pool = || ThreadPoolMixIn::default().min_workers(1).max_workers(4);
    let server = match mixin.as_str() {
        "sequential" => any(Sequential, transport, place),
        "threading" => any(ThreadingMixIn::default(), transport, place),
        "pool" => any(pool(), transport, place),
        "forking" => any(ForkingMixIn::default(), transport, place),
        "prefork" => any(PreforkMixIn::new(pool()).processes(2), transport, place),
        "reactor" => stream(ReactorMixIn::default(), transport, place),
        _ => Err(format!("no mix-in {mixin}").into()),
    }?;
    let handle = server.handle();
    say(&format!("serving {}", server.server_address()));
    thread::scope(|scope| {
        scope.spawn(|| {
            stdin().lines().for_each(drop);
            let report = handle.shutdown(Duration::from_secs(3600));
            say(&format!("drained {} forced {} refused {}", report.drained, report.forced, report.refused));
        });
        server.serve_forever()
    })?;
    server.server_close();
    let stats = server.stats();
    say(&format!("stats accepted {} completed {} active {}", stats.accepted, stats.completed, stats.active));
    Ok(())
}
