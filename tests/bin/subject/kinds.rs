//! One server for each way to write a handler and each transport, which all answer in upper case.
#![allow(dead_code, reason = "each program that shares this uses a part of it")]

use socketserver::{Datagram, HandlerFn, Observer, UnixAddress, net, prelude::*};
use std::path::Path;

/// What can be served: the way to write the handler, and the transport.
pub(crate) const ALL: [(&str, &str); 14] = [
    ("base", "tcp"),
    ("base", "unix"),
    ("base", "udp"),
    ("base", "unixgram"),
    ("stream", "tcp"),
    ("stream", "unix"),
    ("keep-alive", "tcp"),
    ("keep-alive", "unix"),
    ("datagram", "udp"),
    ("datagram", "unixgram"),
    ("closure", "tcp"),
    ("closure", "unix"),
    ("closure", "udp"),
    ("closure", "unixgram"),
];

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

/// Makes a server of a kind, run by a mix-in of type `$M`, on a free port or on a path in `place`.
macro_rules! maker {
    ($make:ident, $M:ty) => {
        pub(crate) fn $make(
            (kind, transport): (&str, &str),
            mixin: $M,
            observer: impl Observer,
            place: &Path,
        ) -> Result<Box<dyn BaseServer>, ServerError> {
            macro_rules! server {
                ($Server:ident, $H:ty, $at:expr) => {
                    Box::new($Server::<$H, $M>::builder().mixin(mixin).observer(observer).bind($at)?)
                };
            }
            macro_rules! closure {
                ($Server:ident, $closure:expr, $at:expr) => {{
                    let builder = $Server::<HandlerFn<_>, $M>::builder().mixin(mixin).observer(observer);
                    Box::new(builder.handler_factory(|_| HandlerFn::new($closure)).bind($at)?)
                }};
            }
            let (port, path) = ("127.0.0.1:0", place.join(format!("{kind}-{transport}")));
            Ok(match (kind, transport) {
                ("base", "tcp") => server!(TcpServer, Base, port),
                ("base", "unix") => server!(UnixStreamServer, Base, path),
                ("base", "udp") => server!(UdpServer, Base, port),
                ("base", "unixgram") => server!(UnixDatagramServer, Base, path),
                ("stream", "tcp") => server!(TcpServer, ByStream, port),
                ("stream", "unix") => server!(UnixStreamServer, ByStream, path),
                ("keep-alive", "tcp") => server!(TcpServer, KeepsAlive, port),
                ("keep-alive", "unix") => server!(UnixStreamServer, KeepsAlive, path),
                ("datagram", "udp") => server!(UdpServer, ByDatagram, port),
                ("datagram", "unixgram") => server!(UnixDatagramServer, ByDatagram, path),
                ("closure", "tcp") => closure!(TcpServer, stream_closure, port),
                ("closure", "unix") => closure!(UnixStreamServer, stream_closure, path),
                ("closure", "udp") => closure!(UdpServer, datagram_closure, port),
                ("closure", "unixgram") => closure!(UnixDatagramServer, datagram_closure, path),
                _ => panic!("no {kind} handler on {transport}"),
            })
        }
    };
}
maker!(pooled, socketserver::ThreadPoolMixIn);
maker!(preforked, socketserver::PreforkMixIn);
