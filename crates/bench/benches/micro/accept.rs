//! From a client's `connect` to the handler and back to the client's end-of-file: what a connection costs both ends.

use crate::served::serve;
use divan::Bencher;
use socketserver::{MixIn, ReactorMixIn, Runs, Sequential, ThreadPoolMixIn, ThreadingMixIn, prelude::*};
use std::net::SocketAddr;

#[derive(Default)]
struct Hello;

impl KeepAliveRequestHandler for Hello {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
        let mut message = [0; 64];
        cx.rfile.read_exact(&mut message)?;
        cx.wfile.write_all(&message)?;
        Ok(KeepAlive::No)
    }
}

fn connect(address: SocketAddr) {
    let mut stream = std::net::TcpStream::connect(address).expect("it listens");
    stream.write_all(&[7; 64]).expect("it reads");
    let mut reply = Vec::with_capacity(65);
    stream.read_to_end(&mut reply).expect("an orderly end");
    assert_eq!(reply, [7; 64]);
}

#[divan::bench(types = [Sequential, ThreadingMixIn, ThreadPoolMixIn, ReactorMixIn])]
fn connection<M>(bencher: Bencher<'_, '_>)
where
    M: MixIn + Default + Runs<socketserver_handlers::kind::KeepAlive>,
{
    let served = serve(TcpServer::<Hello, M>::bind("127.0.0.1:0").expect("a free port"));
    let address = served.server.server_address();
    bencher.bench_local(|| connect(address));
}
