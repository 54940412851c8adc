//! The remote command server behind a key that both sides know.
//!
//! It shows authentication where it belongs, in the handler: a silent client costs one handler until `--handshake-deadline`, and a
//! client that failed before waits there too, longer each time, until it is refused. Each process counts for itself, so in a
//! forking server, with one for each client, that has no effect. Clients learn no more than that they failed; the server's log says
//! why, and counts.
//!
//! Both sides prove the key, and afterwards everything travels in sealed frames that nobody without the key can change; but it can
//! be read. With `--legacy-md5` it speaks the handshake of the Python tutorials instead: it sends 32 random bytes, the client answers with
//! their HMAC-MD5, and nothing is protected afterwards.
//!
//! ```text
//! (umask 077; head -c 32 /dev/urandom | base64 > /tmp/key)
//! cargo run --example hmac-command-server -- --key-file /tmp/key    # [--legacy-md5] [--header i32-native|u32-be]
//!                 # [--encoding utf-8|gbk] [--mixin sequential|threading|threadpool|forking|prefork|reactor] [ADDRESS]; more: --help
//! printf 'echo hello\nquit\n' | cargo run --example hmac-command-client -- --key-file /tmp/key      # => >>: hello
//! ```

use examples_support::{
    Result,
    command::{Admitted, Gate, MAX_COMMAND, Options, Shell, serve},
};
use socketserver::{framing::Halves, prelude::*};
use std::io;

struct Guarded {
    gate: Gate,
    shell: Shell,
}

impl ServerHooks<Tcp> for Guarded {}

#[derive(Default)]
struct Remote {
    admitted: Option<Admitted>,
}

impl KeepAliveRequestHandler<Guarded> for Remote {
    fn setup(&mut self, cx: &mut StreamContext<'_, Guarded>) -> HandlerResult {
        self.admitted = Some(cx.server.state().gate.admit(cx)?);
        Ok(())
    }

    fn rbufsize(&self) -> usize {
        MAX_COMMAND
    }

    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, Guarded>) -> HandlerResult<KeepAlive> {
        let admitted = self.admitted.as_mut().ok_or("nobody has been let in")?;
        let mut channel = admitted.channel(Halves { reader: &mut cx.rfile, writer: &mut cx.wfile });
        let mut buf = [0; MAX_COMMAND];
        match channel.read(&mut buf)? {
            0 => {
                self.admitted = None; // the client has finished
                Ok(KeepAlive::No)
            }
            n => {
                cx.server.state().shell.answer(&buf[..n], cx.request, &mut channel)?;
                Ok(KeepAlive::Yes)
            }
        }
    }

    fn finish(&mut self, cx: &mut StreamContext<'_, Guarded>) -> HandlerResult {
        match &self.admitted {
            // Not the client's end, but somebody's cut; as when a client just goes, only a log of everything has it.
            Some(admitted) if admitted.is_sealed() && !cx.server.is_draining() => {
                Err(io::Error::from(io::ErrorKind::ConnectionAborted).into())
            }
            _ => Ok(()),
        }
    }
}

fn main() -> Result {
    let options = Options::hmac();
    serve::<Remote, _>(&options, Guarded { gate: Gate::new(&options)?, shell: Shell::new(&options) })
}
