//! The servers that are compared, each run as a process of its own: `peer NAME WORK PLACE`.
//!
//! Each does what its authors' documentation shows, with its default settings; what departs from this is said where it stands. The first
//! line that a server prints is its address.

mod actix;
mod build_c;
mod epoll;
mod exec;
mod ours;
mod ours_handlers;
mod std_threads;
mod tokio;

pub use build_c::compiler;
pub use exec::python;

use crate::{
    Error,
    work::{Place, Work},
};
use rustix::process::{Signal, set_parent_process_death_signal};
use std::{fmt::Display, io::Write as _, path::PathBuf};

/// What a server is called in tables, by its name on the command line.
pub fn label(name: &str) -> &'static str {
    match name {
        "sequential" => "ours, no mix-in",
        "sequential-gathered" => "ours, no mix-in, `gather_replies`",
        "threading" => "ours, `ThreadingMixIn`",
        "thread-pool" => "ours, `ThreadPoolMixIn`",
        "forking" => "ours, `ForkingMixIn`",
        "prefork" => "ours, `PreforkMixIn`",
        "thread-pool-each" => "ours, `ThreadPoolMixIn`, a socket each",
        "prefork-each" => "ours, `PreforkMixIn`, a socket each",
        "reactor" => "ours, `ReactorMixIn`",
        "epoll" => "hand-written epoll, a thread per CPU",
        "std-threads" => "`std::thread` per connection",
        "std-loop" => "`std::net::UdpSocket` in a loop",
        "tokio" => "tokio",
        "actix" => "actix-server",
        "c-threads" => "C, thread per connection",
        "c-prethreaded" => "C, 64 threads that accept",
        "c-fork" => "C, fork per connection",
        "c-udp" => "C, `recvfrom` / `sendto`",
        "c-udp-batch" => "C, `recvmmsg` / `sendmmsg`",
        "python" => "CPython's `Threading…`",
        "python-loop" => "CPython's `UDPServer`",
        "python-fork" => "CPython's `ForkingTCPServer`",
        _ => "?",
    }
}

/// Whether it is one of ours.
pub fn is_ours(name: &str) -> bool {
    let of_mixin = name.strip_suffix("-each").or(name.strip_suffix("-gathered")).unwrap_or(name);
    matches!(of_mixin, "sequential" | "threading" | "thread-pool" | "forking" | "prefork" | "reactor")
}

/// Whether it can run here; if not, the reason.
///
/// # Errors
/// What it lacks.
pub fn is_there(name: &str) -> Result<(), String> {
    match name {
        _ if name.starts_with("c-") => compiler().map(drop),
        _ if name.starts_with("python") => python().map(drop),
        _ => Ok(()),
    }
}

/// Serves until it is killed. It goes with its parent.
///
/// # Errors
/// If it doesn't exist or can't start.
pub fn run(mut arguments: impl Iterator<Item = String>) -> Result<(), Error> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    let mut next = || arguments.next().ok_or("usage: peer NAME WORK PLACE");
    let (name, work, place): (String, Work, Place) = (next()?, next()?.parse()?, next()?.parse()?);
    match name.as_str() {
        "epoll" => epoll::run(work, place),
        "std-threads" | "std-loop" => std_threads::run(work, place),
        "tokio" => tokio::run(work, place),
        "actix" => actix::run(work, place),
        name if is_ours(name) => ours::run(name, work, place),
        name if name.starts_with("c-") => Err(exec::c(&name[2..], work).into()),
        name if name.starts_with("python") => Err(exec::run_python(name, work, place).into()),
        _ => Err(format!("no such server: {name}").into()),
    }
}

/// Says that clients can come.
fn ready(address: impl Display) -> std::io::Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{address}")?;
    out.flush()
}

/// A path for a Unix socket. The folder is the caller's and goes with it; the environment tells it.
fn socket_path() -> PathBuf {
    let folder = std::env::var_os("SOCKETSERVER_BENCH_FOLDER").map_or_else(std::env::temp_dir, PathBuf::from);
    folder.join(format!("{}.sock", std::process::id()))
}

fn cannot(work: Work, place: Place) -> Error {
    format!("this server doesn't do {work} on {place}").into()
}
