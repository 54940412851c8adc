//! A server for Python's `multiprocessing.connection`: it proves the `authkey` and has it proved, then sends back every message.
//!
//! It shows a handshake in the handler, where a client that failed before waits, longer each time, until it is refused; frames with the
//! header that `send_bytes` and `recv_bytes` use; and a protocol that wasn't made for Rust. Messages are bytes: what Python's `send` makes of objects is a pickle, and to load one is to run whatever a peer wants.
//!
//! Python 3.11 and older prove the key by HMAC-MD5. `--allow-legacy-md5` lets them in.
//!
//! ```text
//! (umask 077; head -c 32 /dev/urandom | base64 > /tmp/authkey)
//! cargo run --example multiprocessing-listener -- --authkey-file /tmp/authkey      # [--allow-legacy-md5]
//!                           # [--mixin threading|sequential|threadpool|forking|prefork|reactor] [ADDRESS]
//! printf 'hello\nquit\n' | cargo run --example multiprocessing-client -- --authkey-file /tmp/authkey      # => >>: hello
//! python3 -c "from multiprocessing.connection import Client
//! with Client(('127.0.0.1', 8080), authkey=open('/tmp/authkey', 'rb').read().rstrip(b'\n')) as connection:
//!     connection.send_bytes(b'hello'); print(connection.recv_bytes())"
//! ```

use examples_support::{Result, admission::Admission, multiprocessing::PeerOptions, run};
use socketserver::{
    ForkingMixIn, PreforkMixIn, ReactorMixIn, Sequential, ThreadPoolMixIn, ThreadingMixIn,
    auth::multiprocessing::Listener, framing::Header, prelude::*,
};

struct Authenticated {
    listener: Listener,
    admission: Admission,
}

impl ServerHooks<Tcp> for Authenticated {}

#[derive(Default)]
struct Echo {
    message: Vec<u8>,
}

impl KeepAliveRequestHandler<Authenticated> for Echo {
    fn setup(&mut self, cx: &mut StreamContext<'_, Authenticated>) -> HandlerResult {
        let Authenticated { listener, admission } = cx.server.state();
        admission.admit(cx, |client| listener.handshake(client))
    }

    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, Authenticated>) -> HandlerResult<KeepAlive> {
        let mut messages = cx.framed(Header::Multiprocessing);
        if messages.read_into(&mut self.message)?.is_some() {
            messages.write_frame(&self.message)?;
        }
        Ok(KeepAlive::Yes) // until the client has finished
    }
}

type EchoServer<M> = TcpServer<Echo, M, Authenticated>;

fn main() -> Result {
    let mixins = ["threading", "sequential", "threadpool", "forking", "prefork", "reactor"];
    let options = PeerOptions::from_env(&mixins)?;
    // The server has a deadline for handshakes.
    let listener = Listener::new(options.authkey).allow_legacy_md5(options.allow_legacy_md5).timeout(None);
    let state = Authenticated { listener, admission: Admission::default() };
    let address = &*options.address;
    match options.mixin {
        "sequential" => run(&EchoServer::<Sequential>::builder().state(state).bind(address)?),
        "threadpool" => run(&EchoServer::<ThreadPoolMixIn>::builder().state(state).bind(address)?),
        "forking" => run(&EchoServer::<ForkingMixIn>::builder().state(state).bind(address)?),
        "prefork" => run(&EchoServer::<PreforkMixIn>::builder().state(state).bind(address)?),
        "reactor" => run(&EchoServer::<ReactorMixIn>::builder().state(state).bind(address)?),
        _ => run(&EchoServer::<ThreadingMixIn>::builder().state(state).bind(address)?),
    }
}
