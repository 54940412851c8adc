//! Network time, asked for by the clients that machines have, and by one that looks at each byte.

use super::peers::script;
use crate::{
    examples::{client_process::run, programs::example, server_process::ServerProcess},
    util::tool,
};
use std::{path::Path, process, process::Command};

#[test]
fn every_byte_of_an_answer_is_as_it_should_be() {
    let Some(python) = tool("python3") else { return };
    for arguments in [
        ["--mixin=sequential", "127.0.0.1:0"],
        ["--mixin=threadpool", "127.0.0.1:0"],
        ["--mixin=prefork", "127.0.0.1:0"],
        ["--mixin=sequential", "[::1]:0"],
    ] {
        let server = ServerProcess::start("ntp-server", &arguments);
        let (status, output, errors) = run(script(&python, "ntp_client.py", &[&server.address]), b"");
        assert!(status.success(), "{arguments:?}: {errors}");
        assert_eq!(output, "all as expected\n");
        server.stop();
    }
}

#[test]
fn chrony_takes_the_time() {
    let Some(chronyd) = tool("chronyd") else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let server = ServerProcess::start("ntp-server", &["127.0.0.1:0"]);
    let offset = offset_by_chrony(&chronyd, &server.port(), folder.path());
    // On one machine, so what it measures is how long the packets take; it passes over those that take 3 seconds.
    assert!(offset.abs() < 3.0, "{offset}");
    server.stop();
}

/// What chrony would change the system's clock by if it were allowed to; it fails if it finds no server that it would follow.
fn offset_by_chrony(chronyd: &Path, port: &str, folder: &Path) -> f64 {
    let mut client = Command::new(chronyd);
    client.args(["-Q", "-U", "-t", "120", &format!("server 127.0.0.1 port {port} iburst")]);
    client.arg(format!("pidfile {}", folder.join("pid").display()));
    let (status, output, errors) = run(client, b"");
    assert!(status.success(), "{output}{errors}");
    let (_, rest) = errors.split_once("System clock wrong by ").unwrap_or_else(|| panic!("{output}{errors}"));
    rest.split(' ').next().and_then(|it| it.parse().ok()).expect("a number of seconds")
}

/// They ask at port 123 only, which not everybody may use; the address is one that no other process of these tests has.
#[test]
fn ntpdig_and_ntpdate_take_the_time() {
    let (Some(ntpdig), Some(ntpdate)) = (tool("ntpdig"), tool("ntpdate")) else { return };
    let [.., high, low] = process::id().to_be_bytes();
    let host = format!("127.123.{high}.{low}");
    let mut command = example("ntp-server");
    command.arg(format!("{host}:123"));
    let Some(server) = ServerProcess::launch(command) else {
        eprintln!("skipped: port 123 can't be used");
        return;
    };
    let mut client = Command::new(ntpdig);
    client.args(["-j", "-t", "30", &host]);
    let (status, output, errors) = run(client, b"");
    assert!(status.success() && output.contains(r#""stratum":10,"leap":"no-leap""#), "{output}{errors}");
    let mut client = Command::new(ntpdate);
    client.args(["-q", "-t", "30", &host]);
    let (status, output, errors) = run(client, b"");
    assert!(status.success() && output.contains(&format!("{host} s10 no-leap")), "{output}{errors}");
    server.stop();
}
