//! gnet (Go): `gnet_test.go`, over TCP, UDP and Unix sockets, by one loop and by several: each mix-in that serves there.

mod callbacks;
mod echoes;
mod vanished;

use crate::helper::parity;
use callbacks::{IN_A_REQUEST, IN_THE_LOOP, over_datagrams, over_streams};
use reliability::{Builder, Program};
use socketserver::{ReactorMixIn, Sequential, ThreadPoolMixIn, ThreadingMixIn};
use std::path::Path;

/// A server that sends all back, over the transport of choice.
fn server(mixin: &str, transport: &str, folder: &Path) -> Program {
    let server = Builder::ours(env!("CARGO_BIN_EXE_faults"), mixin).with(format!("transport={transport}"));
    let path = format!("path={}", folder.join("server").display());
    if transport.starts_with("unix") { server.with(path) } else { server }.start()
}

/// Those that serve datagrams.
const OF_DATAGRAMS: [&str; 5] = ["sequential", "threading", "pool", "forking", "prefork"];

/// `TestShutdown…`, by each of them.
#[test]
fn it_can_be_stopped_from_every_callback_over_every_transport() {
    let places = [IN_THE_LOOP, IN_A_REQUEST].concat();
    over_streams(|| Sequential, &places);
    over_streams(ThreadingMixIn::default, &places);
    over_streams(ThreadPoolMixIn::default, &places);
    over_streams(ReactorMixIn::default, &places);
    over_datagrams(|| Sequential, &places);
    over_datagrams(ThreadingMixIn::default, &places);
    over_datagrams(ThreadPoolMixIn::default, &places);
}

/// Where children serve, in a process of its own.
#[test]
fn it_can_be_stopped_from_every_callback_where_children_serve() {
    parity(&["callbacks", "forking"]);
    parity(&["callbacks", "prefork"]);
}
