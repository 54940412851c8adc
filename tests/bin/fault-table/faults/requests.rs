//! What goes wrong in a handler, with a connection, or with a client.

use super::later;
use crate::scene::{Scene, hear};
use reliability::Client;
use socketserver::net::socket2::SockRef;
use std::{
    io::{ErrorKind, Read, Write},
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
    let _ = deaf.say("big 30000000"); // and reads nothing, as a process that is stopped
    scene.measure();
    format!("{}, {}", scene.in_flight(client), scene.new_ones(4))
}

/// Of lines that never end, beside one that asks again and again.
pub(super) fn dribblers(scene: &mut Scene) -> String {
    let mut good = scene.connect();
    // One after another: so many at once are too many for a short backlog.
    let mut dribblers: Vec<_> = (0..DRIBBLERS).map(|_| scene.connect()).collect();
    let mut fates = Vec::new();
    for _ in 0..DRIBBLES {
        for dribbler in &mut dribblers {
            let _ = dribbler.0.get_mut().write_all(b"x"); // it may be cut off
        }
        let _ = good.say("hello"); // what is wrong is heard
        fates.push(hear(&mut good));
        thread::sleep(Duration::from_millis(100)); // their pace
    }
    let cut_off = dribblers.iter_mut().filter(is_cut_off).count();
    let fate = fates.iter().find(|it| **it != "served").unwrap_or(&"served");
    format!("{cut_off} of {DRIBBLERS} are cut off, the good one {fate}, {}", scene.new_ones(4))
}

/// By an end or a reset, which is there already.
fn is_cut_off(client: &&mut Client) -> bool {
    let mut stream = client.0.get_ref();
    let _ = stream.set_nonblocking(true); // it never fails
    !matches!(stream.read(&mut [0]), Err(error) if error.kind() == ErrorKind::WouldBlock)
}
