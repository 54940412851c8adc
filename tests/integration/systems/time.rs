//! Time over UDP: whatever Python's `strftime` makes of a format, in the zone that is set.

use super::peers::{script, server};
use crate::{
    examples::{client_process::output_of, programs::example, server_process::ServerProcess},
    util::tool,
};
use rustix::process::Signal;

/// Zones as POSIX describes them, so that no database is needed.
const ZONES: [&str; 3] = ["UTC0", "IST-5:30", "EST5EDT,M3.2.0,M11.1.0"];

#[test]
fn the_time_is_told_as_python_tells_it() {
    let Some(python) = tool("python3") else { return };
    for (zone, mixin) in ZONES.into_iter().zip(["sequential", "threading", "threadpool"]) {
        let mut command = example("udp-time-server");
        command.args(["--mixin", mixin, "127.0.0.1:0"]).env("TZ", zone);
        let server = ServerProcess::launch(command).expect("it says where it listens");
        let mut client = script(&python, "time_client.py", &[&server.address]);
        client.env("TZ", zone);
        assert_eq!(output_of(client, b""), "all as expected\n", "{zone}");
        server.stop();
    }
}

#[test]
fn servers_of_processes_and_one_on_ipv6_tell_the_time_too() {
    let Some(python) = tool("python3") else { return };
    for arguments in [
        ["--mixin=forking", "127.0.0.1:0"],
        ["--mixin=prefork", "127.0.0.1:0"],
        ["--mixin=threading", "[::1]:0"],
    ] {
        let server = ServerProcess::start("udp-time-server", &arguments);
        let client = script(&python, "time_client.py", &[&server.address]);
        assert_eq!(output_of(client, b""), "all as expected\n", "{arguments:?}");
        server.stop();
    }
}

#[test]
fn the_client_asks_a_server_in_python() {
    let Some(python) = tool("python3") else { return };
    let server = server(&python, "time_server.py", &[]);
    let mut client = example("udp-time-client");
    client.arg(&server.address);
    let output = output_of(client, b"the format %%Y is a year\n\n%Y|%m\r\nquit\n%d\n");
    let said: Vec<_> = output.split(">>: ").collect();
    let ["", "the format %Y is a year\n", "", month, ""] = said[..] else { panic!("{output:?}") };
    let (year, month) = month.trim_end().split_once('|').expect("year|month");
    assert!(year.parse::<u32>().is_ok_and(|it| it > 2000) && month.len() == 2, "{output:?}");
}

#[test]
fn the_client_shows_what_is_wrong_with_a_format() {
    let server = ServerProcess::start("udp-time-server", &["127.0.0.1:0"]);
    let mut client = example("udp-time-client");
    client.arg(&server.address);
    let output = output_of(client, b"%!\nstill there\nquit\n");
    let (problem, rest) = output.split_once('\n').expect("a line");
    assert!(problem.starts_with(">>: error: bad format: ") && problem.contains("`!`"), "{problem}");
    assert_eq!(rest, ">>: still there\n>>: ");
    server.stop();
}

#[test]
fn a_signal_ends_each_of_the_servers_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let key = folder.path().join("key");
    std::fs::write(&key, "secret").expect("a folder of ours");
    let key = format!("--authkey-file={}", key.display());
    for (name, arguments) in
        [("udp-time-server", &[][..]), ("ntp-server", &[]), ("multiprocessing-listener", &[&*key])]
    {
        for signal in [Signal::TERM, Signal::INT] {
            let mut server = ServerProcess::start(name, &[arguments, &["127.0.0.1:0"]].concat());
            assert_eq!(server.end_by(signal).code(), Some(0), "{name}");
        }
    }
}
