//! A server that runs the shell commands it is sent and sends back what they write, as in the usual Python tutorial.
//!
//! It shows framing where lengths come before what they measure: the output of a command is kept, beyond 1 MiB in a temporary
//! file (in `TMPDIR`), until its length is known, and then streamed. There is room for what the header can announce, 2 GiB with
//! `i32-native`, or `--max-output`; a command that writes more is killed. So is one that takes longer than `--deadline`, and one whose
//! client has left, each with its whole process group; the reply to the former ends in a line that says so. A command that puts
//! processes of its own into another group or session (`setsid`, or `set -m`) takes them out of reach, as a daemon does: where that matters,
//! run the server in a container or a cgroup, which ends all of it.
//!
//! A client that has shut down its sending side (`nc -N`) may wait for its reply, but TCP shows one that has left in the same way, until it
//! is sent something. So its command may go on for `--half-close` seconds more. A reset ends it at once.
//!
//! Whoever reaches this server can run commands on the machine, so it refuses to listen on other than loopback addresses;
//! `--insecure-no-auth` lets it. `hmac-command-server` asks for a key first.
//!
//! ```text
//! cargo run --example remote-command-server    # [--insecure-no-auth] [--header i32-native|u32-be] [--encoding utf-8|gbk]
//!                                              # [--mixin sequential|threading|threadpool|forking|prefork|reactor] [ADDRESS]; more: --help
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

impl KeepAliveRequestHandler<Shell> for Remote {
    fn rbufsize(&self) -> usize {
        MAX_COMMAND
    }

    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, Shell>) -> HandlerResult<KeepAlive> {
        // What one receive has brought.
        let command = cx.rfile.fill_buf()?;
        let length = command.len();
        cx.server.state().answer(command, cx.request, &mut cx.wfile)?;
        cx.rfile.consume(length);
        Ok(KeepAlive::Yes) // until the client has finished
    }
}

fn main() -> Result {
    let options = Options::remote();
    serve::<Remote, _>(&options, Shell::new(&options))
}
