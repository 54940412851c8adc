//! Datagrams and their replies.

use crate::scene::{PATIENCE, Scene, count};
use reliability::Sender;

fn sender(scene: &Scene) -> Sender {
    let sender = Sender::to(&scene.server, "").expect("a port");
    let Sender::Udp(socket) = &sender else { unreachable!("it is UDP") };
    socket.set_read_timeout(Some(PATIENCE)).expect("a valid limit");
    sender
}

fn fate(sender: &Sender) -> &'static str {
    if sender.echoes("hello") { "served" } else { "gets no reply" }
}

/// Which calls of the loop's thread; every other time, beginning with the next.
fn injected(scene: &mut Scene, calls: &str, error: &str) -> String {
    // The one that the loop is in when it is traced isn't counted.
    let _ = fate(&sender(scene));
    let tracer = scene.inject(&format!("{calls}:error={error}:when=1+2"));
    let fates: Vec<_> = (0..4).map(|_| fate(&sender(scene))).collect();
    drop(tracer);
    format!("{}, later {}", count(&fates), fate(&sender(scene)))
}

pub(super) fn receiving(scene: &mut Scene, error: &str) -> String {
    injected(scene, "recvfrom,recvmmsg", error)
}

pub(super) fn sending(scene: &mut Scene, error: &str) -> String {
    injected(scene, "sendto,sendmmsg", error)
}

/// The port is closed by when the reply comes, of which the kernel tells the server's host.
pub(super) fn gone(scene: &mut Scene) -> String {
    for _ in 0..4 {
        sender(scene).say("hello").expect("the server has a buffer");
    }
    format!("later {}", fate(&sender(scene)))
}
