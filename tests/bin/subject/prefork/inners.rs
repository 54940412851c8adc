//! What the prefork server's thread for orders does, and mix-ins for its processes.

use super::{Obey, State, millis};
use socketserver::{
    Acceptor, ForkingMixIn, Handle, Job, MixIn, PreforkMixIn, ReactorMixIn, Runs, Sequential, ServerError,
    ThreadPoolMixIn, ThreadingMixIn, Traffic, Transport, prelude::*,
};
use std::{fs, io, process};

pub(crate) type Server<M> = socketserver::Server<Tcp, Obey, PreforkMixIn<M>, State>;

/// Ends each process as soon as it begins.
#[derive(Debug)]
pub(crate) struct Crashing;
impl<Kind> Runs<Kind> for Crashing {}
impl MixIn for Crashing {
    fn process_request<T: Transport, S: ServerHooks<T>>(&self, job: Job<T, S>) {
        job.run();
    }
    fn serve<T: Transport, S: ServerHooks<T>>(&self, _: Acceptor<T, S>) -> Result<(), ServerError> {
        process::exit(3)
    }
}

/// What can be changed of those that run requests in the processes.
pub(crate) trait Inner: MixIn {
    fn set_queue_limit(&self, _: Option<usize>) {
        panic!("it has no queue");
    }
}
impl Inner for ThreadPoolMixIn {
    fn set_queue_limit(&self, limit: Option<usize>) {
        self.set_queue_limit(limit);
    }
}
impl Inner for Sequential {}
impl Inner for ThreadingMixIn {}
impl Inner for ForkingMixIn {}
impl Inner for ReactorMixIn {}
impl Inner for Crashing {}

/// Obeys each line of the standard input, and answers with one.
pub(crate) fn control<M: Inner>(server: &Server<M>) {
    let mixin = server.mixin();
    for line in io::stdin().lines().map_while(Result::ok) {
        let (word, argument) = line.split_once(' ').unwrap_or((&line, ""));
        let number = || argument.parse().expect("a number");
        match word {
            "pids" => println!("pids {:?}", mixin.active_children()),
            "descriptors" => {
                println!("descriptors {}", fs::read_dir("/proc/self/fd").map_or(0, Iterator::count))
            }
            "stats" => tell(&server.handle()),
            "restart" => mixin.restart(),
            "queue" => mixin.inner().set_queue_limit(argument.parse().ok()),
            "resize" => mixin.resize(number()),
            "suspend" | "resume" | "connections" | "close" | "backlog" | "reject" | "wait" | "peers" => {
                steer(&server.handle(), &line)
            }
            "stop" => server.shutdown(),
            "shutdown" => {
                let report = server.handle().shutdown(millis(argument).expect("a number"));
                println!("drained {} forced {}", report.drained, report.forced);
            }
            _ => panic!("what is {word}?"),
        }
    }
}

pub(crate) fn tell(handle: &Handle) {
    let it = handle.stats();
    let ended = it.completed + it.failed + it.disconnected + it.timed_out + it.refused + it.dropped;
    println!(
        "accepted {} ended {ended} completed {} peak {} failed {} disconnected {} active {} forced {}",
        it.accepted, it.completed, it.peak, it.failed, it.disconnected, it.active, it.forced
    );
}

/// Does what is asked of a handle, and says when it is done.
pub(crate) fn steer(handle: &Handle, line: &str) {
    let (word, argument) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "suspend" => handle.suspend(),
        "resume" => handle.resume(),
        "backlog" => handle.set_max_connections(Limit::backlog(argument.parse().expect("a number"))),
        "reject" => handle.set_max_connections(Limit::reject(argument.parse().expect("a number"))),
        "wait" => handle.set_max_connections(Limit::wait(1, millis(argument).expect("a number"))),
        "peers" => handle.set_max_connections_per_peer(argument.parse().ok()),
        "close" => println!("{}", handle.close_connection(argument.parse().expect("a number"))),
        "connections" => {
            for it in handle.connections() {
                let Traffic { bytes_in, bytes_out } = it.traffic;
                println!(
                    "connection {} {} {:?} {:?} {bytes_in} {bytes_out}",
                    it.id, it.peer, it.activity, it.pid
                );
            }
        }
        _ => panic!("what is {word}?"),
    }
    println!("done {word}");
}
