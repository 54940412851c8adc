//! What goes wrong in a handler, with a connection, or with a client.

use super::later;
use crate::scene::{PATIENCE, Scene, hear};
use reliability::Client;
use socketserver::net::socket2::{Domain, SockRef, Socket, Type};
use std::{
    io::{BufReader, ErrorKind, Read, Write},
    net::{SocketAddr, TcpStream},
    process::Command,
    thread,
    time::Duration,
};

const DRIBBLERS: usize = 100;
/// Ten each second: much longer than the limit.
const DRIBBLES: usize = 60;

/// By a word that the handler doesn't survive, or not for long.
pub(super) fn fails(scene: &mut Scene, word: &str) -> String {
    let (client, mut failing) = (scene.connect(), scene.connect());
    let _ = failing.say(word); // what is wrong is heard
    let own = match hear(&mut failing) {
        "served" => format!("served and {}", hear(&mut failing)),
        end => end.into(),
    };
    format!("its own {own}, {}, later {}", scene.in_flight(client), later(scene))
}

/// By where it comes from.
pub(super) fn fails_a_hook(scene: &mut Scene) -> String {
    let client = scene.connect();
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_read_timeout(Some(PATIENCE)).expect("a valid limit");
    socket.bind(&SocketAddr::from(([127, 0, 0, 66], 0)).into()).expect("it is ours");
    socket.connect(&scene.server.address.into()).expect("the server listens");
    let mut failing = Client(BufReader::new(TcpStream::from(socket)));
    format!("its own {}, {}, later {}", hear(&mut failing), scene.in_flight(client), later(scene))
}

pub(super) fn killed_connection(scene: &mut Scene) -> String {
    let (client, mut killed) = (scene.connect(), scene.connect());
    let port = killed.0.get_ref().local_addr().expect("it is connected").port().to_string();
    // The server's end.
    let filter = ["-K", "-t", "-n", "-H", "dst", "127.0.0.1", "dport", "=", &port];
    let killing = Command::new("ss").args(filter).output().expect("ss is installed");
    assert!(!killing.stdout.is_empty(), "the kernel ends connections");
    let _ = killed.say("hello"); // what is wrong is heard
    format!("its own {}, {}, later {}", hear(&mut killed), scene.in_flight(client), later(scene))
}

pub(super) fn reset(scene: &mut Scene) -> String {
    let (client, mut leaving) = (scene.connect(), scene.connect());
    let _ = leaving.say("big 30000000"); // and doesn't wait for it
    let _ = leaving.0.read_exact(&mut [0; 1000]);
    let _ = SockRef::from(leaving.0.get_ref()).set_linger(Some(Duration::ZERO));
    drop(leaving);
    format!("{}, later {}", scene.in_flight(client), later(scene))
}

pub(super) fn deaf(scene: &mut Scene) -> String {
    let client = scene.connect();
    let mut deaf = scene.connect();
    let _ = deaf.say("big 30000000"); // and reads nothing of it
    scene.measure();
    format!("{}, {}", scene.in_flight(client), scene.new_ones(4))
}

/// What is sent to them is more than the buffers between us take; then they look what came of it.
pub(super) fn never_readers(scene: &mut Scene) -> String {
    let mut good = scene.connect();
    let mut deaf: Vec<_> = (0..DRIBBLERS).map(|_| scene.connect()).collect();
    deaf.iter_mut().for_each(|it| drop(it.say("big 30000000")));
    let fate = meanwhile(&mut good, || {});
    let is_whole = |it: &mut Client| it.0.read_exact(&mut vec![0; 30_000_000]).is_ok();
    let cut_off = deaf.iter_mut().filter_map(|it| (!is_whole(it)).then_some(())).count();
    format!("{cut_off} of {DRIBBLERS} are cut off, the good one {fate}, {}", scene.new_ones(4))
}

/// Of lines that never end, beside one that asks again and again.
pub(super) fn dribblers(scene: &mut Scene) -> String {
    let mut good = scene.connect();
    // One after another: so many at once are too many for a short backlog.
    let mut dribblers: Vec<_> = (0..DRIBBLERS).map(|_| scene.connect()).collect();
    let fate = meanwhile(&mut good, || {
        for dribbler in &mut dribblers {
            let _ = dribbler.0.get_mut().write_all(b"x"); // it may be cut off
        }
    });
    let cut_off = dribblers.iter_mut().filter(is_cut_off).count();
    format!("{cut_off} of {DRIBBLERS} are cut off, the good one {fate}, {}", scene.new_ones(4))
}

/// What comes of one that asks again and again, at the pace at which others do `each`.
fn meanwhile(good: &mut Client, mut each: impl FnMut()) -> &'static str {
    let mut fates = Vec::new();
    for _ in 0..DRIBBLES {
        each();
        let _ = good.say("hello"); // what is wrong is heard
        fates.push(hear(good));
        thread::sleep(Duration::from_millis(100)); // their pace
    }
    fates.into_iter().find(|it| *it != "served").unwrap_or("served")
}

/// By an end or a reset, which is there already.
fn is_cut_off(client: &&mut Client) -> bool {
    let mut stream = client.0.get_ref();
    let _ = stream.set_nonblocking(true); // it never fails
    !matches!(stream.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}
