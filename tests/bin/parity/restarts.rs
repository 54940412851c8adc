//! A server is started and stopped again and again on its port. In a process of its own: where another thread starts a program, that has a
//! copy of the listening socket for a moment. And on an address of its own, so that nobody else is given the port meanwhile.

use crate::{client::Client, util::serve};
use socketserver::prelude::*;
use std::net::{SocketAddr, TcpListener};

pub(crate) fn run() {
    let mut address = SocketAddr::from(([127, 83, 79, 67], 0));
    for _ in 0..50 {
        let server = serve(ThreadingTcpServer::<_>::bind_fn(address, echo).unwrap());
        address = server.server_address();
        let mut client = Client::connect(&**server).unwrap();
        assert_eq!(client.ask("line\n").unwrap(), "line\n");
        server.handle().request_shutdown();
        drop(client);
        server.stop().unwrap();
    }
    assert!(TcpListener::bind(address).is_ok(), "nothing is left of it");
}

fn echo(cx: &mut StreamContext<'_>) -> HandlerResult {
    let mut line = String::new();
    while cx.rfile.read_line(&mut line)? > 0 {
        cx.wfile.write_all(line.as_bytes())?;
        line.clear();
    }
    Ok(())
}
