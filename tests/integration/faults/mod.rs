//! Real faults, done to a server in a process of its own: by a tracer, by limits, by signals, by the network.

mod accept;
mod accounting;
mod calls;
mod descriptors;
mod epoll;
mod frames;
mod memory;
mod packet_loss;
mod reserve;
mod resets;
mod signals;
mod slow_clients;
mod spinning;
mod stampede;

use crate::util::{tool, wait_for};
use reliability::{Builder, Program, threads};
use std::path::Path;

/// A server of `reliability::serve`.
fn server(mixin: &str) -> Builder {
    Builder::ours(env!("CARGO_BIN_EXE_faults"), mixin)
}

/// One whose system calls fail, as strace's `inject` says; `None` where there is no strace.
fn injected(mixin: &str, faults: &[&str]) -> Option<Builder> {
    tool("strace")?;
    Some(server(mixin).inject(faults))
}

/// The kinds of datagrams, and the mix-ins that serve them.
const DATAGRAMS: [&str; 2] = ["udp", "unixgram"];
const OF_DATAGRAMS: [&str; 5] = ["sequential", "threading", "pool", "forking", "prefork"];

/// A server of datagrams. A Unix socket's file is in `folder`.
fn datagrams(mixin: &str, transport: &str, folder: &Path) -> Builder {
    let server = server(mixin).with(format!("transport={transport}"));
    if transport == "udp" { server } else { server.with(format!("path={}/server", folder.display())) }
}

/// One that has all the processes that it begins with, for what is done to each of them.
fn complete(mixin: &str) -> Program {
    started(mixin, server(mixin))
}

/// The same, with settings.
fn started(mixin: &str, server: Builder) -> Program {
    let server = server.start();
    if mixin == "prefork" {
        // One that has just been forked lacks the threads of its pool, and that which listens to its parent.
        let is_up = |pid: &u32| threads(*pid) >= 4;
        wait_for("all processes to be there", || {
            server.children().iter().filter(|it| is_up(it)).count() == 2
        });
    }
    server
}

/// Whether a client can be served beside another one.
fn is_concurrent(mixin: &str) -> bool {
    mixin != "sequential"
}
