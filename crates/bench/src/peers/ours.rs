//! This project's servers, with the settings that they have when nothing is said.

use super::{
    cannot,
    ours_handlers::{Echo, KeepAliveOnce, Lines, Once, Packet},
    ready, socket_path,
};
use crate::{
    Error,
    work::{Place, Work},
};
use socketserver::{
    ForkingMixIn, PreforkMixIn, ReactorMixIn, Sequential, ThreadPoolMixIn, ThreadingMixIn, prelude::*,
};

fn serve(server: impl BaseServer) -> Result<(), Error> {
    ready(server.server_address())?;
    Ok(server.serve_forever()?)
}

macro_rules! stream {
    ($mixin:ty, $handler:ty, $place:expr) => {
        match $place {
            Place::Inet => serve(TcpServer::<$handler, $mixin>::bind("127.0.0.1:0")?),
            Place::Unix => serve(UnixStreamServer::<$handler, $mixin>::bind(socket_path())?),
        }
    };
}

macro_rules! any {
    ($mixin:ty, $work:expr, $place:expr) => {
        match $work {
            Work::Echo => stream!($mixin, Echo, $place),
            Work::Once => stream!($mixin, Once, $place),
            Work::Lines => stream!($mixin, Lines, $place),
            Work::Datagrams => serve(UdpServer::<Packet, $mixin>::bind("127.0.0.1:0")?),
        }
    };
}

const FREE: &str = "127.0.0.1:0";

fn pool_each() -> ThreadPoolMixIn {
    ThreadPoolMixIn::default().socket_each(true)
}

pub(super) fn run(mixin: &str, work: Work, place: Place) -> Result<(), Error> {
    match mixin {
        "sequential" => any!(Sequential, work, place),
        "sequential-gathered" if work == Work::Datagrams => {
            serve(UdpServer::<Packet>::builder().gather_replies(true).bind(FREE)?)
        }
        "threading" => any!(ThreadingMixIn, work, place),
        "thread-pool" => any!(ThreadPoolMixIn, work, place),
        "forking" => any!(ForkingMixIn, work, place),
        "prefork" => any!(PreforkMixIn, work, place),
        "thread-pool-each" => match work {
            Work::Once => serve(TcpServer::<Once, _>::builder().mixin(pool_each()).bind(FREE)?),
            Work::Datagrams => serve(UdpServer::<Packet, _>::builder().mixin(pool_each()).bind(FREE)?),
            _ => Err(cannot(work, place)),
        },
        // Of datagrams a process has as many as it can get; of connections several may last.
        "prefork-each" => match work {
            Work::Once => {
                let mixin = PreforkMixIn::<ThreadPoolMixIn>::default().socket_each(true);
                serve(TcpServer::<Once, _>::builder().mixin(mixin).bind(FREE)?)
            }
            Work::Datagrams => {
                let mixin = PreforkMixIn::new(Sequential).socket_each(true);
                serve(UdpServer::<Packet, _>::builder().mixin(mixin).bind(FREE)?)
            }
            _ => Err(cannot(work, place)),
        },
        "reactor" => match work {
            Work::Echo => stream!(ReactorMixIn, Echo, place),
            Work::Once => stream!(ReactorMixIn, KeepAliveOnce, place),
            Work::Lines => stream!(ReactorMixIn, Lines, place),
            Work::Datagrams => Err(cannot(work, place)),
        },
        _ => Err(cannot(work, place)),
    }
}
