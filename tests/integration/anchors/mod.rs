//! What the most trusted socket servers test, here. A module for each of them; a test's name says what the original tests. Where a test of
//! another module does so already, it isn't repeated: `docs/reliability-anchors.md` says which does, for each case.

mod gnet;
mod gunicorn;
mod net_http;
mod poco;
mod ranch;
mod thousand_island;
mod tiny_http;
mod twisted;

use crate::{
    clients::connect,
    tables::{self, Tests},
};
use socketserver::prelude::*;

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
    let document = tables::document("docs/reliability-anchors.md");
    let (table, tests) = (tables::table(&document, "| Origin | Case |"), Tests::all());
    assert!(table.len() > 45, "{} cases", table.len());
    for row in table {
        let named: Vec<_> = tables::quoted(row[2]).collect();
        assert!(!named.is_empty(), "there is no test of {row:?}");
        for name in named {
            let is_file = name.ends_with(".rs");
            assert!(
                if is_file { tables::has_tests(name) } else { tests.has(name) },
                "there is no test {name}"
            );
        }
    }
}
