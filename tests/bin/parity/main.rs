//! What the integration tests do in a process of its own: fork, end the process, get signals, count what is left.
//!
//! `parity CASE ARGUMENT…` runs one case, and ends with status 0 if it passed.

mod bind_leak;
#[path = "../../integration/anchors/gnet/callbacks.rs"]
mod callbacks;
mod callbacks_forking;
#[path = "../../integration/shutdown/client.rs"]
mod client;
#[path = "../../integration/shutdown/draining.rs"]
mod draining;
#[path = "../../integration/cpython/echo.rs"]
mod echo;
#[path = "../../integration/cpython/error_server.rs"]
mod error_server;
mod failure;
mod forking;
mod leftovers;
mod reactor_leftovers;
mod restarts;
mod shutdown_forking;
mod shutdown_prefork;
mod socket_writer;
#[path = "../../integration/shutdown/steering.rs"]
mod steering;
#[path = "../../integration/shutdown/stopping.rs"]
mod stopping;
#[path = "../../integration/util.rs"]
mod util;
#[path = "../../integration/design/written.rs"]
mod written;

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["forking", kind] => forking::run(kind),
        ["bind-leak"] => bind_leak::run(),
        ["failure", mixin, failure, log] => failure::run(mixin, failure, log.as_ref()),
        ["socket-writer", kind] => socket_writer::run(kind),
        ["design-forking"] => {
            let (_, forking) = written::second::six_ways("127.0.0.1:0").unwrap();
            forking.into_iter().for_each(written::expect_kv);
        }
        ["callbacks", mixin] => callbacks_forking::run(mixin),
        ["shutdown-forking"] => shutdown_forking::run(),
        ["shutdown-prefork"] => shutdown_prefork::run(),
        ["reactor-leftovers"] => reactor_leftovers::run(),
        ["restarts"] => restarts::run(),
        ["leftovers", mixin] => leftovers::run(mixin),
        _ => panic!("no such case: {arguments:?}"),
    }
}
