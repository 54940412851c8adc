//! Processes are stopped, killed and told to end.

use super::later;
use crate::scene::{PATIENCE, Scene, count, hear, hear_within, tally, within};
use reliability::{Client, GUARD, children_of, is_stopped, is_zombie, signal, threads, wait_for};
use rustix::process::Signal;
use socketserver::net::socket2::{Domain, Socket, Type};
use std::{
    io::{BufReader, Read},
    net::TcpStream,
    thread,
    time::Duration,
};

/// More than CPython's backlog holds, or one of its length.
const MANY: usize = 200;

fn stop(pid: u32) {
    signal(pid, Signal::STOP).expect("it runs");
    wait_for("it to stop", || is_stopped(pid));
}

fn go_on(pid: u32) {
    signal(pid, Signal::CONT).expect("it is there");
}

pub(super) fn stopped(scene: &mut Scene) -> String {
    let mut client = scene.connect();
    stop(scene.server.pid);
    let mut late: Vec<_> = (0..4).map(|_| Client::try_connect(scene.server.address)).collect();
    late.iter_mut().flatten().for_each(|client| drop(client.say("hello")));
    let _ = client.say("hello"); // what is wrong is heard
    go_on(scene.server.pid);
    format!("one in flight {}, {}", hear(&mut client), tally(&mut late))
}

/// Who doesn't get in tries again by itself: TCP does, after 1, 3, 7 … s.
pub(super) fn full_backlog(scene: &mut Scene) -> String {
    stop(scene.server.pid);
    let come = |_| {
        let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
        socket.set_nonblocking(true).expect("it can be told so");
        let _ = socket.connect(&scene.server.address.into()); // it is in progress
        socket
    };
    let sockets: Vec<_> = (0..MANY).map(come).collect();
    let inside = |sockets: &[Socket]| sockets.iter().filter(|it| it.peer_addr().is_ok()).count();
    within(Duration::from_millis(500), || inside(&sockets) == MANY);
    let at_once = inside(&sockets);
    go_on(scene.server.pid);
    let ask = |socket: Socket| {
        socket.set_nonblocking(false)?;
        socket.set_write_timeout(Some(GUARD))?;
        let mut client = Client(BufReader::new(TcpStream::from(socket)));
        client.say("hello")?; // when it is in
        Ok(hear_within(&mut client, Duration::from_secs(15)))
    };
    let fates: Vec<_> = thread::scope(|scope| {
        let clients: Vec<_> = sockets.into_iter().map(|socket| scope.spawn(move || ask(socket))).collect();
        let fate = |it: std::io::Result<_>| it.unwrap_or("doesn't get in");
        clients.into_iter().map(|it| fate(it.join().expect("it doesn't panic"))).collect()
    });
    format!("{at_once} of {MANY} get in at once; within 15 s {}", count(&fates))
}

/// Clients see it; what do its children do?
pub(super) fn killed(scene: &mut Scene) -> String {
    let mut client = scene.connect();
    let children = children_of(scene.server.pid);
    // A process is there for as long as one of its threads, be it that its first has ended.
    let is_there = |pid: u32| threads(pid) > 1 || threads(pid) == 1 && !is_zombie(pid);
    let left = || children.iter().filter(|pid| is_there(**pid)).count();
    signal(scene.server.pid, Signal::KILL).expect("it runs");
    wait_for("it to end", || !scene.server.is_alive());
    let _ = client.say("hello"); // what is wrong is heard
    let own = hear(&mut client);
    within(PATIENCE, || left() == 0);
    let (meanwhile, later) = (left(), later(scene));
    drop(client);
    within(PATIENCE, || left() == 0);
    let processes = match (meanwhile, left()) {
        (0, _) => "no process is left".into(),
        (some, 0) => format!(
            "{some} process{} left, until the client leaves",
            if some == 1 { " is" } else { "es are" }
        ),
        (some, others) => format!("**{some} processes are left, and {others} when the client has left**"),
    };
    format!("one in flight {own}, later {later}, {processes}")
}

/// One client's process, and a client of another.
fn of_two_processes(scene: &Scene) -> (u32, Client, Client) {
    let pid_of = |client: &mut Client| client.ask("pid").parse().expect("a process id");
    let (mut one, mut other) = (scene.connect(), scene.connect());
    let pid: u32 = pid_of(&mut one);
    wait_for("a client of another process", || {
        let is_other = pid_of(&mut other) != pid;
        if !is_other {
            other = scene.connect();
        }
        is_other
    });
    (pid, one, other)
}

pub(super) fn stopped_child(scene: &mut Scene) -> String {
    let (pid, mut held, other) = of_two_processes(scene);
    stop(pid);
    let _ = held.say("hello"); // what is wrong is heard
    let meanwhile = hear(&mut held);
    let (in_flight, new_ones) = (scene.in_flight(other), scene.new_ones(4));
    go_on(pid);
    format!("its own {meanwhile}, {in_flight}, {new_ones}; afterwards its own {}", hear(&mut held))
}

pub(super) fn killed_child(scene: &mut Scene) -> String {
    let (pid, mut killed, other) = of_two_processes(scene);
    signal(pid, Signal::KILL).expect("it runs");
    wait_for("it to end", || is_zombie(pid) || !children_of(scene.server.pid).contains(&pid));
    format!("its own {}, {}, later {}", hear(&mut killed), scene.in_flight(other), later(scene))
}

/// Behind one whom the server serves, and who says nothing.
pub(super) fn terminated_with_a_backlog(scene: &mut Scene) -> String {
    let mut client = scene.connect();
    let mut waiting: Vec<_> = (0..4).map(|_| Client::try_connect(scene.server.address)).collect();
    waiting.iter_mut().flatten().for_each(|client| drop(client.say("hello")));
    scene.server.terminate();
    wait_for("it to end", || !scene.server.is_alive());
    format!("who is idle {}, who waits: {}", hear(&mut client), tally(&mut waiting))
}

pub(super) fn terminated(scene: &mut Scene) -> String {
    let mut client = scene.connect();
    let _ = client.say("big 30000000"); // more than the buffers between us take
    let _ = client.0.read_exact(&mut [0; 1000]);
    scene.server.terminate();
    let whole = client.0.read_exact(&mut vec![0; 30_000_000 - 1000]).is_ok();
    drop(client);
    wait_for("it to end", || !scene.server.is_alive());
    format!("the one in flight gets {} its reply", if whole { "all of" } else { "**a part of**" })
}
