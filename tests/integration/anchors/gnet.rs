//! gnet (Go): `gnet_test.go`.

use crate::{
    clients::connect,
    util::{serve, wait_for},
};
use parking_lot::Mutex;
use socketserver::prelude::*;
use std::{sync::mpsc, time::Duration};

/// `TestClosedWakeUp`, "write to a closed connection": the peer has gone when it is written to, again and again.
#[test]
fn writes_to_a_peer_that_has_vanished_end_its_own_request_only() {
    let (gone, is_gone) = mpsc::channel::<()>();
    let is_gone = Mutex::new(is_gone);
    let handler = move |cx: &mut StreamContext<'_>| {
        if cx.rfile.fill_buf()?.is_empty() {
            return Ok(());
        }
        is_gone.lock().recv_timeout(Duration::from_secs(30))?;
        loop {
            cx.wfile.write_all(&[b'x'; 4096])?; // fails sooner or later
        }
    };
    let server = serve(ThreadingTcpServer::<_>::bind_fn("127.0.0.1:0", handler).unwrap());
    let client = connect(server.server_address());
    client.sendall(b"?").unwrap();
    drop(client);
    gone.send(()).unwrap();
    wait_for("its end", || server.stats().disconnected == 1);
    drop(connect(server.server_address()));
    wait_for("the next", || server.stats().completed == 1);
    server.stop().unwrap();
}
