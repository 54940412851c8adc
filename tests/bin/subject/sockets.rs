//! Worker processes with a socket each, for transports beside TCP and for sockets that exist already.

use socketserver::{MixIn, PreforkMixIn, Sequential, Tcp, ThreadPoolMixIn, Udp, prelude::*};
use std::{
    error::Error,
    io,
    net::{TcpListener, UdpSocket},
    process, thread,
    time::Duration,
};

/// Says who it is, and what came.
#[derive(Default)]
struct Who;
impl DatagramRequestHandler for Who {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        Ok(write!(cx.wfile, "{} {}", process::id(), String::from_utf8_lossy(cx.packet))?)
    }
}
impl StreamRequestHandler for Who {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        Ok(write!(cx.wfile, "{}", process::id())?)
    }
}

type Mixin = PreforkMixIn<Sequential>;

fn mixin() -> Mixin {
    PreforkMixIn::new(Sequential).processes(3).socket_each(true)
}

/// `udp ADDRESS`, `adopted-udp ADDRESS`, `adopted-tcp ADDRESS`, or what can't be done: `unix PATH`, `pool ADDRESS`. Obeys what it reads.
pub(crate) fn serve(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [what, address] = arguments else { return Err("sockets WHAT ADDRESS".into()) };
    match &**what {
        "udp" => run(&UdpServer::<Who, Mixin>::builder().mixin(mixin()).bind(&**address)?),
        "adopted-udp" => {
            let socket = Udp::from_fd(UdpSocket::bind(&**address)?, 1024)?;
            run(&UdpServer::<Who, Mixin>::builder().mixin(mixin()).serve_on(socket)?)
        }
        "adopted-tcp" => {
            let socket = Tcp::from_fd(TcpListener::bind(&**address)?)?;
            run(&TcpServer::<Who, Mixin>::builder().mixin(mixin()).serve_on(socket)?)
        }
        "unix" => run(&UnixStreamServer::<Who, Mixin>::builder().mixin(mixin()).bind(&**address)?),
        "pool" => {
            let inner = ThreadPoolMixIn::default().workers(2).socket_each(true);
            let mixin = PreforkMixIn::new(inner).processes(1);
            run(&UdpServer::<Who, PreforkMixIn>::builder().mixin(mixin).bind(&**address)?)
        }
        _ => Err(format!("no {what}").into()),
    }
}

fn run<T, H, M>(server: &socketserver::Server<T, H, PreforkMixIn<M>>) -> Result<(), Box<dyn Error>>
where
    T: socketserver::Transport,
    H: Sync,
    M: MixIn,
{
    let _signals = server.shutdown_on_signals(Duration::from_secs(60))?;
    println!("serving {}", server.server_address());
    thread::scope(|scope| {
        scope.spawn(|| {
            for line in io::stdin().lines().map_while(Result::ok) {
                match &*line {
                    "restart" => server.mixin().restart(),
                    "suspend" => server.handle().suspend(),
                    "resume" => server.handle().resume(),
                    _ => panic!("what is {line}?"),
                }
                println!("pids {:?}", server.mixin().active_children());
            }
        });
        match server.serve_forever() {
            Err(error) => println!("failed {error}: {:?}", error.source().map(ToString::to_string)),
            Ok(()) => println!("accepted {}", server.stats().accepted),
        }
    });
    Ok(())
}
