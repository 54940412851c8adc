//! System calls fail.

use super::later;
use crate::scene::{Scene, tally};
use reliability::{Client, exhaust_descriptors, restore_descriptors};

pub(super) fn accept(scene: &mut Scene, error: &str) -> String {
    injected(scene, &format!("accept4:error={error}:when=1+2"))
}

/// One that is there, and those that come.
pub(super) fn injected(scene: &mut Scene, fault: &str) -> String {
    let client = scene.connect();
    let tracer = scene.inject(fault);
    let new_ones = scene.new_ones(4);
    let in_flight = scene.in_flight(client);
    drop(tracer);
    format!("{in_flight}, {new_ones}, later {}", later(scene))
}

pub(super) fn descriptors(scene: &mut Scene) -> String {
    let client = scene.connect();
    exhaust_descriptors(scene.server.pid).expect("we may");
    let mut late: Vec<_> = (0..4).map(|_| Client::try_connect(scene.server.address)).collect();
    late.iter_mut().flatten().for_each(|client| drop(client.say("hello")));
    scene.measure();
    let in_flight = scene.in_flight(client);
    restore_descriptors(scene.server.pid).expect("we may");
    format!("{in_flight}, afterwards {}", tally(&mut late))
}

/// Who comes doesn't have to wait for the end of it.
pub(super) fn descriptors_but_one(scene: &mut Scene) -> String {
    let client = scene.connect();
    exhaust_descriptors(scene.server.pid).expect("we may");
    let new_ones = scene.new_ones(4);
    scene.measure();
    let in_flight = scene.in_flight(client);
    restore_descriptors(scene.server.pid).expect("we may");
    format!("{in_flight}, {new_ones}, later {}", later(scene))
}
