//! A server for Python's `multiprocessing.connection`: it proves the `authkey` and has it proved, then sends back every message.
//!
//! It shows a handshake in the handler, frames with the header that `send_bytes` and `recv_bytes` use, and a protocol that wasn't made
//! for Rust. Messages are bytes: what Python's `send` makes of objects is a pickle, and to load one is to run whatever a peer wants.
//!
//! Python 3.11 and older prove the key by HMAC-MD5. `--allow-legacy-md5` lets them in.
//!
//! ```text
//! (umask 077; head -c 32 /dev/urandom | base64 > /tmp/authkey)
//! cargo run --example multiprocessing-listener -- --authkey-file /tmp/authkey      # [--allow-legacy-md5]
//!                           # [--mixin threading|sequential|threadpool|forking] [ADDRESS]
//! printf 'hello\nquit\n' | cargo run --example multiprocessing-client -- --authkey-file /tmp/authkey      # => >>: hello
//! python3 -c "from multiprocessing.connection import Client
//! with Client(('127.0.0.1', 8080), authkey=open('/tmp/authkey', 'rb').read().rstrip(b'\n')) as connection:
//!     connection.send_bytes(b'hello'); print(connection.recv_bytes())"
//! ```

use examples_support::{
    Result,
    multiprocessing::{PeerOptions, bounded},
    run,
};
use socketserver::{ForkingMixIn, Sequential, ThreadPoolMixIn, ThreadingMixIn, prelude::*};
use socketserver_auth::multiprocessing::Listener;
use socketserver_framing::{Framed, Header};

struct Authenticated(Listener);

impl ServerHooks<Tcp> for Authenticated {}

#[derive(Default)]
struct Echo;

impl BaseRequestHandler<TcpStream, Authenticated> for Echo {
    fn handle(&mut self, cx: &mut Context<'_, TcpStream, Authenticated>) -> HandlerResult {
        let Authenticated(listener) = cx.server.state();
        // The peer learns that it failed, the log also why.
        let failed = |error: socketserver_auth::AuthError| format!("{error}: {}", error.cause());
        listener.handshake(&mut bounded(cx.request)).map_err(failed)?;
        let mut messages = Framed::new(&mut *cx.request, Header::Multiprocessing);
        let mut message = Vec::new();
        while messages.read_into(&mut message)?.is_some() {
            messages.write_frame(&message)?;
        }
        Ok(())
    }
}

type EchoServer<M> = TcpServer<Echo, M, Authenticated>;

fn main() -> Result {
    let options = PeerOptions::from_env(&["threading", "sequential", "threadpool", "forking"])?;
    let listener = Listener::new(options.authkey).allow_legacy_md5(options.allow_legacy_md5);
    let (state, address) = (Authenticated(listener), &*options.address);
    match options.mixin {
        "sequential" => run(&EchoServer::<Sequential>::builder().state(state).bind(address)?),
        "threadpool" => run(&EchoServer::<ThreadPoolMixIn>::builder().state(state).bind(address)?),
        "forking" => run(&EchoServer::<ForkingMixIn>::builder().state(state).bind(address)?),
        _ => run(&EchoServer::<ThreadingMixIn>::builder().state(state).bind(address)?),
    }
}
