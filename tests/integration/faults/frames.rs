//! Memory runs out in the middle of a frame: setrlimit(2) on the running server, for as much as the process may take.

use super::{is_concurrent, server, started};
use crate::util::wait_for;
use reliability::{Client, MIXINS, limit_memory};
use std::io::Write;

/// So much more memory may the process take.
const LEFT: u64 = 48 << 20;
/// What a frame announces, and what is sent of it: more than that.
const ANNOUNCED: u32 = 1 << 30;
const PIECE: usize = 1 << 20;

/// That request fails, and says why; the process lives, and serves who is there and who comes.
#[test]
fn a_frame_for_which_there_is_no_memory_is_an_error_of_its_own_connection() {
    for mixin in MIXINS {
        let server = started(mixin, server(mixin).with("linger=off"));
        let mut in_flight = is_concurrent(mixin).then(|| Client::connect(server.address));
        assert!(in_flight.as_mut().is_none_or(|client| client.echoes("hello")), "{mixin}");
        limit_memory(server.pid, LEFT).unwrap();
        for round in 1..=2 {
            let mut greedy = Client::connect(server.address);
            greedy.say("frame").unwrap();
            let stream = greedy.0.get_mut();
            stream.write_all(&ANNOUNCED.to_be_bytes()).unwrap();
            let piece = vec![b'x'; PIECE];
            let taken =
                (0..ANNOUNCED as usize / PIECE).take_while(|_| stream.write_all(&piece).is_ok()).count();
            assert!(taken * PIECE < 4 * LEFT as usize, "{mixin} has taken {taken} pieces");
            wait_for("that to be told", || server.logged("out of memory") == round);
            assert!(in_flight.as_mut().is_none_or(|client| client.echoes("still there")), "{mixin}");
            // What it had taken is free again.
            let mut modest = Client::connect(server.address);
            modest.say("frame").unwrap();
            modest.0.get_mut().write_all(&[&(PIECE as u32).to_be_bytes()[..], &piece].concat()).unwrap();
            assert_eq!(modest.hear().unwrap(), Some(PIECE.to_string()), "{mixin}");
        }
        drop(in_flight);
        let counts = server.stop();
        assert_eq!(counts.failed, 2, "{mixin}: {counts:?}");
        assert_eq!(counts.completed, 2 + u64::from(is_concurrent(mixin)), "{mixin}: {counts:?}");
    }
}
