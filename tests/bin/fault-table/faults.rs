//! The faults of the table, each of which is done to both servers alike.

use crate::scene::{Scene, hear, tally};
use reliability::{
    Client, children_of, exhaust_descriptors, is_stopped, is_zombie, restore_descriptors, signal, wait_for,
};
use rustix::process::Signal;
use socketserver::net::socket2::SockRef;
use std::{process::Command, time::Duration};

pub(crate) struct Fault {
    pub(crate) name: &'static str,
    pub(crate) mixin: &'static str,
    /// Does it; says what clients see.
    pub(crate) run: fn(&mut Scene) -> String,
}

macro_rules! faults {
    ($($name:literal, $mixin:literal: $run:expr;)*) => {
        pub(crate) const FAULTS: &[Fault] = &[$(Fault { name: $name, mixin: $mixin, run: $run }),*];
    };
}

faults! {
    "accept: EMFILE every other time", "threading": |it| accept(it, "EMFILE");
    "accept: ENFILE every other time", "threading": |it| accept(it, "ENFILE");
    "accept: ECONNABORTED every other time", "threading": |it| accept(it, "ECONNABORTED");
    "accept: ENOBUFS every other time", "threading": |it| accept(it, "ENOBUFS");
    "accept: EINTR every other time", "threading": |it| accept(it, "EINTR");
    "accept: EPROTO every other time", "threading": |it| accept(it, "EPROTO");
    "no descriptor is left for 2 s", "threading": descriptors;
    "no thread can be started", "threading": |it| injected(it, "clone3,clone:error=EAGAIN:when=1+");
    "no child can be forked", "forking": |it| injected(it, "clone3,clone:error=EAGAIN:when=1+");
    "every other call that blocks is interrupted", "threading": |it| {
        injected(it, "poll,ppoll,select,pselect6,epoll_wait,epoll_pwait,accept4,recvfrom,sendto:error=EINTR:when=2+2")
    };
    "the system lacks the memory to wait, every other time", "threading": |it| {
        injected(it, "poll,ppoll,select,pselect6,epoll_wait,epoll_pwait:error=ENOMEM:when=2+2")
    };
    "receiving: ENOMEM, the first time of each thread", "threading": |it| injected(it, "recvfrom:error=ENOMEM:when=1");
    "a handler fails", "threading": handler_fails;
    "`ss -K` on a connection", "threading": killed_connection;
    "a client resets before it has its reply", "threading": reset;
    "a client is stopped, and reads nothing", "threading": deaf;
    "the server is stopped, and goes on", "threading": stopped;
    "a child is killed", "forking": killed_child;
    "SIGTERM while a request is in progress", "threading": terminated;
}

fn accept(scene: &mut Scene, error: &str) -> String {
    injected(scene, &format!("accept4:error={error}:when=1+2"))
}

/// One that is there, and those that come.
fn injected(scene: &mut Scene, fault: &str) -> String {
    let client = scene.connect();
    let tracer = scene.inject(fault);
    let new_ones = scene.new_ones(4);
    let in_flight = scene.in_flight(client);
    drop(tracer);
    format!("{in_flight}, {new_ones}, later {}", later(scene))
}

fn later(scene: &Scene) -> &'static str {
    match Client::try_connect(scene.server.address) {
        Ok(mut client) => {
            let _ = client.say("hello"); // what is wrong is heard
            hear(&mut client)
        }
        Err(_) => "nobody can connect",
    }
}

fn descriptors(scene: &mut Scene) -> String {
    let client = scene.connect();
    exhaust_descriptors(scene.server.pid).expect("we may");
    let mut late: Vec<_> = (0..4).map(|_| Client::try_connect(scene.server.address)).collect();
    late.iter_mut().flatten().for_each(|client| drop(client.say("hello")));
    scene.measure();
    let in_flight = scene.in_flight(client);
    restore_descriptors(scene.server.pid).expect("we may");
    format!("{in_flight}, afterwards {}", tally(&mut late))
}

fn handler_fails(scene: &mut Scene) -> String {
    let (client, mut failing) = (scene.connect(), scene.connect());
    let _ = failing.say("fail"); // what is wrong is heard
    format!("its own {}, {}, later {}", hear(&mut failing), scene.in_flight(client), later(scene))
}

fn killed_connection(scene: &mut Scene) -> String {
    let (client, mut killed) = (scene.connect(), scene.connect());
    let port = killed.0.get_ref().local_addr().expect("it is connected").port().to_string();
    // The server's end.
    let filter = ["-K", "-t", "-n", "-H", "dst", "127.0.0.1", "dport", "=", &port];
    let killing = Command::new("ss").args(filter).output().expect("ss is installed");
    assert!(!killing.stdout.is_empty(), "the kernel ends connections");
    let _ = killed.say("hello"); // what is wrong is heard
    format!("its own {}, {}, later {}", hear(&mut killed), scene.in_flight(client), later(scene))
}

fn reset(scene: &mut Scene) -> String {
    let (client, mut leaving) = (scene.connect(), scene.connect());
    let _ = leaving.say("big 30000000"); // and doesn't wait for it
    let _ = std::io::Read::read_exact(&mut leaving.0, &mut [0; 1000]);
    let _ = SockRef::from(leaving.0.get_ref()).set_linger(Some(Duration::ZERO));
    drop(leaving);
    format!("{}, later {}", scene.in_flight(client), later(scene))
}

fn deaf(scene: &mut Scene) -> String {
    let client = scene.connect();
    let mut deaf = scene.connect();
    let _ = deaf.say("big 30000000"); // and reads nothing, as a process that is stopped
    scene.measure();
    format!("{}, {}", scene.in_flight(client), scene.new_ones(4))
}

fn stopped(scene: &mut Scene) -> String {
    let mut client = scene.connect();
    signal(scene.server.pid, Signal::STOP).expect("it runs");
    wait_for("it to stop", || is_stopped(scene.server.pid));
    let mut late: Vec<_> = (0..4).map(|_| Client::try_connect(scene.server.address)).collect();
    late.iter_mut().flatten().for_each(|client| drop(client.say("hello")));
    let _ = client.say("hello"); // what is wrong is heard
    signal(scene.server.pid, Signal::CONT).expect("it is there");
    format!("one in flight {}, {}", hear(&mut client), tally(&mut late))
}

fn killed_child(scene: &mut Scene) -> String {
    let (client, mut killed) = (scene.connect(), scene.connect());
    let pid = killed.ask("pid").parse().expect("a process id");
    signal(pid, Signal::KILL).expect("it runs");
    wait_for("it to end", || is_zombie(pid) || !children_of(scene.server.pid).contains(&pid));
    format!("its own {}, {}, later {}", hear(&mut killed), scene.in_flight(client), later(scene))
}

fn terminated(scene: &mut Scene) -> String {
    let mut client = scene.connect();
    let _ = client.say("big 30000000"); // more than the buffers between us take
    let _ = std::io::Read::read_exact(&mut client.0, &mut [0; 1000]);
    scene.server.terminate();
    let whole = std::io::Read::read_exact(&mut client.0, &mut vec![0; 30_000_000 - 1000]).is_ok();
    drop(client);
    wait_for("it to end", || !scene.server.is_alive());
    format!("the one in flight gets {} its reply", if whole { "all of" } else { "**a part of**" })
}
