//! The examples that are both ends in one program: they print what the same program in Python prints.

use super::peers::script;
use crate::{
    examples::{client_process::output_of, programs::example},
    util::tool,
};

/// Runs an example and its counterpart; repeatedly, since what they print isn't to depend on time.
fn compare(name: &str, counterpart: &str, arguments: &[&str]) {
    let Some(python) = tool("python3") else { return };
    let expected = output_of(script(&python, counterpart, arguments), b"");
    for _ in 0..10 {
        assert_eq!(output_of(example(name), b""), expected, "{name}");
    }
}

#[test]
fn packets_stick_as_they_do_in_python() {
    compare("sticky-packets", "sticky_packets.py", &[]);
}

#[test]
fn two_clients_are_served_in_turn_as_in_python() {
    compare("two-clients-in-turn", "talk.py", &["TCPServer"]);
}

#[test]
fn many_clients_are_served_at_once_as_in_python() {
    compare("many-clients-at-once", "talk.py", &["ThreadingTCPServer"]);
}
