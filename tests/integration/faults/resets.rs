//! Connections that the system ends: `ss -K`, with which an operator does.

use super::{is_concurrent, server};
use crate::util::{tool, wait_for};
use reliability::{Client, MIXINS};
use std::{
    net::{SocketAddr, TcpListener},
    process::Command,
};

/// Whether `ss -K` is there and does it. Where it must be, as SOCKETSERVER_REQUIRE_TOOLS says, it is.
pub(super) fn can_kill() -> bool {
    if tool("ss").is_none() {
        return false;
    }
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let can = kill(address, &Client::connect(address));
    let required = std::env::var_os("SOCKETSERVER_REQUIRE_TOOLS").is_some_and(|value| !value.is_empty());
    assert!(can || !required, "no connection can be ended here, and SOCKETSERVER_REQUIRE_TOOLS is set");
    if !can {
        eprintln!("skipped: no connection can be ended here");
    }
    can
}

/// Ends the connection of a client at both ends. False where the kernel can't (INET_DIAG_DESTROY), or we mayn't; or it has ended.
pub(super) fn kill(server: SocketAddr, client: &Client) -> bool {
    let own = client.0.get_ref().local_addr().unwrap();
    let filter = ["-K", "-t", "-n", "-H", "dst", "127.0.0.1", "sport", "=", &own.port().to_string()];
    let mut ss = Command::new("ss");
    let output = ss.args(filter).args(["and", "dport", "=", &server.port().to_string()]).output().unwrap();
    !output.stdout.is_empty()
}

#[test]
fn a_connection_that_the_system_ends_is_one_clients_alone() {
    if !can_kill() {
        return;
    }
    for mixin in MIXINS.into_iter().filter(|it| is_concurrent(it)) {
        let server = server(mixin).start();
        let mut clients: Vec<_> = (0..6).map(|_| Client::connect(server.address)).collect();
        assert!(clients.iter_mut().all(|client| client.echoes("hello")), "{mixin}");
        // The server's end is what is to be killed: the client's own goes by a reset that the server gets, then.
        assert!(clients[..3].iter().all(|client| kill(server.address, client)), "{mixin}");
        for (number, client) in clients.iter_mut().enumerate() {
            assert_eq!(client.echoes("still there"), number >= 3, "{mixin} {number}");
        }
        wait_for("the three to end", || server.counts().active == 3);
        assert!(Client::connect(server.address).echoes("new"), "{mixin}");
        drop(clients);
        let log = server.log();
        let counts = server.stop();
        assert_eq!((counts.completed, counts.disconnected), (4, 3), "{mixin}: {counts:?}");
        assert!(log.is_empty(), "no operator is bothered: {log:?}");
    }
}
