//! A server of Unix datagrams that sends back what it gets, by any mix-in that can: for clients that never read.

use socketserver::{
    ForkingMixIn, MixIn, PreforkMixIn, Runs, Sequential, Server, ThreadPoolMixIn, ThreadingMixIn, kind,
    prelude::*,
};
use std::{collections::HashMap, error::Error, io, thread, time::Duration};

#[derive(Default)]
struct Echo;
impl DatagramRequestHandler for Echo {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        Ok(cx.wfile.write_all(cx.packet)?)
    }
}

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

/// `MIXIN PATH` and any of the time limits `write=MS` and `request=MS`. A line of its input asks for what has been counted; at the end of that it
/// is shut down by force.
pub(crate) fn serve(arguments: &[String]) -> Result {
    let [mixin, path, settings @ ..] = arguments else { return Err("deaf MIXIN PATH".into()) };
    match mixin.as_str() {
        "sequential" => by(Sequential, path, settings),
        "threading" => by(ThreadingMixIn::default(), path, settings),
        "pool" => by(ThreadPoolMixIn::default().workers(2), path, settings),
        "forking" => by(ForkingMixIn::default().max_children(4), path, settings),
        "prefork" => {
            by(PreforkMixIn::new(ThreadPoolMixIn::default().workers(2)).processes(2), path, settings)
        }
        other => Err(format!("no mix-in {other}").into()),
    }
}

fn by<M: MixIn + Runs<kind::Datagram>>(mixin: M, path: &str, settings: &[String]) -> Result {
    let settings: HashMap<_, _> = settings.iter().filter_map(|it| it.split_once('=')).collect();
    let limit = |name| settings.get(name).map(|it| it.parse().map(Duration::from_millis)).transpose();
    let server = Server::<UnixDatagram, Echo, M>::builder()
        .mixin(mixin)
        .write_timeout(limit("write")?)
        .request_timeout(limit("request")?)
        .poll_interval(Duration::from_millis(20))
        .bind(path)?;
    println!("serving");
    let handle = server.handle();
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in io::stdin().lines().map_while(io::Result::ok) {
                let (it, by) = (handle.stats(), handle.stats().timed_out_by);
                println!("stats {} {} {} {} {}", it.accepted, it.completed, it.active, by.write, by.request);
            }
            handle.shutdown(Duration::ZERO);
        });
        server.serve_forever()
    })?;
    server.server_close();
    println!("closed with {} in progress", server.stats().active);
    Ok(())
}
