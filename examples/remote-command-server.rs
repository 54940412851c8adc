//! A server that runs the shell commands it is sent and sends back what they write, as in the usual Python tutorial.
//!
//! It shows framing where lengths come before what they measure: the output of a command is kept, beyond 1 MiB in a temporary
//! file (in `TMPDIR`), until its length is known, and then streamed. There is room for what the header can announce, 2 GiB with
//! `i32-native`, or `--max-output`; a command that writes more is killed. So is one that takes longer than `--deadline`, and one whose
//! client has left, each with its whole process group; the reply to the former ends in a line that says so.
//!
//! A client that has shut down its sending side (`nc -N`) may wait for its reply, but TCP shows one that has left in the same way, until it
//! is sent something. So its command may go on for `--half-close` seconds more. A reset ends it at once.
//!
//! Whoever reaches this server can run commands on the machine, so it refuses to listen on other than loopback addresses;
//! `--insecure-no-auth` lets it. `hmac-command-server` asks for a key first.
//!
//! ```text
//! cargo run --example remote-command-server    # [--insecure-no-auth] [--header i32-native|u32-be] [--encoding utf-8|gbk]
//!                                              # [--mixin sequential|threading|threadpool|forking|prefork] [ADDRESS]; more: --help
//! printf 'echo hello\nquit\n' | cargo run --example remote-command-client     # => >>: hello
//! printf 'echo hello' | nc -N 127.0.0.1 8080 | xxd                            # => 0600 0000 6865 6c6c 6f0a
//! ```

use examples_support::{
    Result,
    command::{MAX_COMMAND, Options, Shell, serve},
};
use socketserver::prelude::*;

#[derive(Default)]
struct Remote;

impl BaseRequestHandler<TcpStream, Shell> for Remote {
    fn handle(&mut self, cx: &mut Context<'_, TcpStream, Shell>) -> HandlerResult {
        let mut buf = [0; MAX_COMMAND];
        loop {
            match cx.request.recv(&mut buf)? {
                0 => return Ok(()), // the client has finished
                n => cx.server.state().answer(&buf[..n], cx.request, &mut cx.request.clone())?,
            }
        }
    }
}

fn main() -> Result {
    let options = Options::remote();
    serve::<Remote, _>(&options, Shell::new(&options))
}
