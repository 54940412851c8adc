//! What the most trusted socket servers test, here. A module for each of them; a test's name says what the original tests. Where a test of
//! another module does so already, it isn't repeated: `docs/reliability-anchors.md` says which does, for each case.

mod gnet;
mod poco;
mod ranch;
mod thousand_island;
mod tiny_http;

use crate::clients::connect;
use socketserver::prelude::*;
use std::{collections::HashSet, env, fs, path::Path, process::Command};

/// Echoes lines.
#[derive(Default)]
struct Echo;
impl<S: Send + Sync + 'static> StreamRequestHandler<S> for Echo {
    fn handle(&mut self, cx: &mut StreamContext<'_, S>) -> HandlerResult {
        let mut line = Vec::new();
        while cx.rfile.read_until(b'\n', &mut line)? > 0 {
            cx.wfile.write_all(&line)?;
            line.clear();
        }
        Ok(())
    }
}

#[track_caller]
fn echoes(client: &mut TcpStream) {
    client.sendall(b"line\n").unwrap();
    let mut answer = [0; 5];
    client.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"line\n");
}

/// A client that is being served.
#[track_caller]
fn in_flight(server: std::net::SocketAddr) -> TcpStream {
    let mut client = connect(server);
    echoes(&mut client);
    client
}

/// The last column of the table names tests of this program, and models, which other programs have.
#[test]
fn the_tests_that_the_table_names_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let table = fs::read_to_string(root.join("docs/reliability-anchors.md")).unwrap();
    let listed = Command::new(env::current_exe().unwrap()).arg("--list").output().unwrap().stdout;
    let listed = String::from_utf8(listed).unwrap();
    let tests: HashSet<_> = listed.lines().filter_map(|line| line.strip_suffix(": test")).collect();
    let rows = table.lines().filter(|line| line.starts_with("| ") && line.contains('`'));
    let cells = rows.map(|row| row.trim_end_matches('|').rsplit('|').next().unwrap());
    let named: Vec<_> = cells.flat_map(|cell| cell.split('`').skip(1).step_by(2)).collect();
    assert!(named.len() > 40, "{} tests are named", named.len());
    for name in named {
        let is_there = match name.strip_suffix(".rs") {
            Some(_) => root.join("crates").join(name).is_file(),
            None => tests.contains(name),
        };
        assert!(is_there, "there is no test {name}");
    }
}
