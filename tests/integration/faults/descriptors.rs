//! No descriptor is left, and then there are some again: prlimit(2) on the running server.

use super::{is_concurrent, server, started};
use crate::util::{processes_sleep, wait_for};
use reliability::{Client, MIXINS, Usage, exhaust_descriptors, restore_descriptors};
use std::time::{Duration, Instant};

/// Of 5, 10, 20 … ms.
const PAUSES: usize = 9;

#[test]
fn without_descriptors_nothing_spins_and_nobody_is_forgotten() {
    for mixin in MIXINS {
        let server = started(mixin, server(mixin).with("idle=600000")); // the end of a thread would free a descriptor
        let mut in_flight = is_concurrent(mixin).then(|| Client::connect(server.address));
        if let Some(client) = &mut in_flight {
            assert!(client.echoes("hello"), "{mixin}");
        }
        // Nor is one open for a moment now.
        let processes: Vec<u32> = server.children().into_iter().chain([server.pid]).collect();
        wait_for("it to be at rest", || processes_sleep(&processes));
        exhaust_descriptors(server.pid).unwrap();
        let usage = Usage::of(server.pid);
        let mut late: Vec<_> = (0..5).map(|_| Client::connect(server.address)).collect();
        late.iter_mut().for_each(|client| client.say("late").unwrap());
        let begun = Instant::now();
        wait_for("it to have paused often, for longer than the clock of CPU time has ticks", || {
            if let Some(client) = &mut in_flight {
                assert!(client.echoes("still there"), "{mixin}");
            }
            server.logged("can't accept") >= PAUSES && begun.elapsed() >= Duration::from_secs(1)
        });
        let (share, failures) = (usage.share(), server.logged("can't accept"));
        println!("{mixin}: {share:.3} of a CPU, {failures} failures");
        assert!(share < 0.25, "{mixin} took {share} of a CPU for {failures} failures");

        restore_descriptors(server.pid).unwrap();
        for client in late {
            let mut client = client; // each goes before the next is served: there may be only one place
            assert_eq!(client.hear().unwrap().as_deref(), Some("late"), "{mixin}");
        }
        if let Some(client) = &mut in_flight {
            assert!(client.echoes("still there"), "{mixin}");
        }
        assert!(Client::connect(server.address).echoes("new"), "{mixin}");
        drop(in_flight);
        let counts = server.stop();
        assert_eq!(counts.completed, 6 + u64::from(is_concurrent(mixin)), "{mixin}: {counts:?}");
        assert!(counts.accept_errors >= failures as u64, "{mixin}: {counts:?}");
    }
}
