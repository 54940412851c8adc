//! One server for each way to write a handler and each transport, which all answer in upper case; run by a mix-in of choice.

use socketserver::{
    Datagram, ForkingMixIn, HandlerFn, MixIn, PreforkMixIn, ReactorMixIn, Runs, Sequential, ThreadPoolMixIn,
    ThreadingMixIn, UnixAddress, kind, net, prelude::*,
};
use std::{error::Error, path::Path};

#[derive(Default)]
pub(crate) struct Base;

macro_rules! on_streams {
    ($($Stream:ty),*) => { $(
        impl BaseRequestHandler<$Stream> for Base {
            fn handle(&mut self, cx: &mut Context<'_, $Stream>) -> HandlerResult {
                let mut buf = [0; 1024];
                loop {
                    match cx.request.recv(&mut buf)? {
                        0 => return Ok(()),
                        n => cx.request.sendall(&buf[..n].to_ascii_uppercase())?,
                    }
                }
            }
        }
    )* };
}
on_streams!(TcpStream, net::UnixStream);

impl BaseRequestHandler<Datagram> for Base {
    fn handle(&mut self, cx: &mut Context<'_, Datagram>) -> HandlerResult {
        let reply = cx.request.packet().to_ascii_uppercase();
        cx.request.socket().sendto(&reply, &(*cx.client_address).into())?;
        Ok(())
    }
}

impl BaseRequestHandler<Datagram<UnixAddress>> for Base {
    fn handle(&mut self, cx: &mut Context<'_, Datagram<UnixAddress>>) -> HandlerResult {
        let reply = cx.request.packet().to_ascii_uppercase();
        let client = cx.client_address.clone().ok_or("who is it?")?;
        cx.request.socket().sendto(&reply, &client.into())?;
        Ok(())
    }
}

#[derive(Default)]
pub(crate) struct ByStream;
impl StreamRequestHandler for ByStream {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        let mut line = String::new();
        while cx.rfile.read_line(&mut line)? > 0 {
            cx.wfile.write_all(line.to_uppercase().as_bytes())?;
            line.clear();
        }
        Ok(())
    }
}

#[derive(Default)]
pub(crate) struct KeepsAlive;
impl KeepAliveRequestHandler for KeepsAlive {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        cx.wfile.write_all(line.to_uppercase().as_bytes())?;
        Ok(KeepAlive::Yes)
    }
}

#[derive(Default)]
pub(crate) struct ByDatagram;
impl DatagramRequestHandler for ByDatagram {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        Ok(cx.wfile.write_all(&cx.packet.to_ascii_uppercase())?)
    }
}

fn stream_closure(cx: &mut StreamContext<'_>) -> HandlerResult {
    ByStream.handle(cx)
}

fn datagram_closure(cx: &mut DatagramContext<'_>) -> HandlerResult {
    ByDatagram.handle(cx)
}

fn keep_alive_closure(cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
    KeepsAlive.handle_one_request(cx)
}

type Made = Result<Box<dyn BaseServer>, Box<dyn Error>>;

/// A server on a free port, or on a path in `place`.
pub(crate) fn make(mixin: &str, kind: &str, transport: &str, place: &Path) -> Made {
    let pool = || ThreadPoolMixIn::default().min_workers(1).max_workers(4);
    match mixin {
        "sequential" => any(Sequential, kind, transport, place),
        "threading" => any(ThreadingMixIn::default(), kind, transport, place),
        "pool" => any(pool(), kind, transport, place),
        "forking" => any(ForkingMixIn::default(), kind, transport, place),
        "prefork" => any(PreforkMixIn::new(pool()).processes(2), kind, transport, place),
        "reactor" => keep_alive(ReactorMixIn::default(), kind, transport, place),
        _ => Err(format!("no mix-in {mixin}").into()),
    }
}

macro_rules! server {
    ($Server:ident, $H:ty, $mixin:expr, $at:expr) => {
        Ok(Box::new($Server::<$H, M>::builder().mixin($mixin).bind($at)?))
    };
}

macro_rules! closure {
    ($Server:ident, $closure:expr, $mixin:expr, $at:expr) => {{
        let builder = $Server::<HandlerFn<_>, M>::builder().mixin($mixin);
        Ok(Box::new(builder.handler_factory(|_| HandlerFn::new($closure)).bind($at)?))
    }};
}

/// By a mix-in that runs all kinds.
fn any<M>(mixin: M, kind: &str, transport: &str, place: &Path) -> Made
where
    M: MixIn + Runs<kind::Base> + Runs<kind::Stream> + Runs<kind::Datagram> + Runs<kind::KeepAlive>,
{
    let (port, path) = ("127.0.0.1:0", place.join("server"));
    match (kind, transport) {
        ("base", "tcp") => server!(TcpServer, Base, mixin, port),
        ("base", "unix") => server!(UnixStreamServer, Base, mixin, path),
        ("base", "udp") => server!(UdpServer, Base, mixin, port),
        ("base", "unixgram") => server!(UnixDatagramServer, Base, mixin, path),
        ("stream", "tcp") => server!(TcpServer, ByStream, mixin, port),
        ("stream", "unix") => server!(UnixStreamServer, ByStream, mixin, path),
        ("datagram", "udp") => server!(UdpServer, ByDatagram, mixin, port),
        ("datagram", "unixgram") => server!(UnixDatagramServer, ByDatagram, mixin, path),
        ("stream-closure", "tcp") => closure!(TcpServer, stream_closure, mixin, port),
        ("stream-closure", "unix") => closure!(UnixStreamServer, stream_closure, mixin, path),
        ("datagram-closure", "udp") => closure!(UdpServer, datagram_closure, mixin, port),
        ("datagram-closure", "unixgram") => closure!(UnixDatagramServer, datagram_closure, mixin, path),
        _ => keep_alive(mixin, kind, transport, place),
    }
}

/// By a mix-in that runs handlers of one request after another.
fn keep_alive<M: MixIn + Runs<kind::KeepAlive>>(mixin: M, kind: &str, transport: &str, place: &Path) -> Made {
    let (port, path) = ("127.0.0.1:0", place.join("server"));
    match (kind, transport) {
        ("keep-alive", "tcp") => server!(TcpServer, KeepsAlive, mixin, port),
        ("keep-alive", "unix") => server!(UnixStreamServer, KeepsAlive, mixin, path),
        ("keep-alive-closure", "tcp") => closure!(TcpServer, keep_alive_closure, mixin, port),
        ("keep-alive-closure", "unix") => closure!(UnixStreamServer, keep_alive_closure, mixin, path),
        _ => Err(format!("no {kind} handler on {transport} by this mix-in").into()),
    }
}

/// Serves until SIGTERM, and says what was counted.
pub(crate) fn serve(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [mixin, kind, transport, place] = arguments else {
        return Err("matrix MIXIN KIND TRANSPORT PLACE".into());
    };
    let server = make(mixin, kind, transport, place.as_ref())?;
    let _signals = server.shutdown_on_signals(std::time::Duration::from_secs(60))?;
    println!("serving {}", server.server_address());
    server.serve_forever()?;
    server.server_close();
    let stats = server.stats();
    println!(
        "accepted {} completed {} active {} fileno {}",
        stats.accepted,
        stats.completed,
        stats.active,
        server.fileno()
    );
    Ok(())
}
