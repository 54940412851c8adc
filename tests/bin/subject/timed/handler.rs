//! What the server with time limits does for its clients, and what it says.

use super::magic::{Magic, Player};
use rustix::{io::write, stdio::stdout};
use socketserver::{HandlerError, Refusal, TimedOut, prelude::*};
use std::{
    io,
    net::SocketAddr,
    process,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    thread,
    time::Duration,
};

/// One line, by one call: no lock that a forked child may find taken.
pub(crate) fn say(line: &str) {
    let _ = write(stdout(), format!("{line}\n").as_bytes()); // who listened may have gone
}

/// The time limits that the handler has of its own.
#[derive(Default, Clone, Copy)]
pub(crate) struct State {
    pub(crate) read: Option<Duration>,
    pub(crate) write: Option<Duration>,
}

macro_rules! hooks {
    ($($T:ty: $Request:ty = $stream:expr),*) => { $(
        impl ServerHooks<$T> for State {
            fn handle_error(&self, _: &SocketAddr, error: &HandlerError) {
                let deadline = TimedOut::of(&**error).map(|it| it.deadline);
                say(&format!("error {deadline:?} {error}"));
            }
            fn handle_shutdown(&self) {
                say(&format!("draining {}", process::id()));
            }
            fn reject_because(&self, request: &mut $Request, _: &SocketAddr, reason: Refusal) {
                say(&format!("rejected {reason:?}"));
                let stream: fn(&mut $Request) -> &mut TcpStream = $stream;
                let _ = stream(request).sendall(b"busy\n");
            }
        }
    )* };
}
hooks! {
    Tcp: TcpStream = |it| it,
    Magic<false>: Player<false> = |it| it.stream(),
    Magic<true>: Player<true> = |it| it.stream()
}

/// Obeys each line that a client sends.
#[derive(Default)]
pub(crate) struct Obey(pub(crate) State);

impl KeepAliveRequestHandler<State> for Obey {
    fn wbufsize(&self) -> usize {
        0
    }
    fn read_timeout(&self) -> Option<Duration> {
        self.0.read
    }
    fn write_timeout(&self) -> Option<Duration> {
        self.0.write
    }

    fn handle_shutdown(&mut self, cx: &mut StreamContext<'_, State>) -> HandlerResult {
        Ok(cx.wfile.write_all(b"goodbye\n")?)
    }

    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, State>) -> HandlerResult<KeepAlive> {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        let (word, rest) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
        match word {
            "echo" => writeln!(cx.wfile, "{rest}")?,
            "who" => writeln!(cx.wfile, "{}", cx.client_address)?,
            "pid" => writeln!(cx.wfile, "{}", process::id())?,
            // More than any buffers hold: by one write, or by many.
            "flood" => cx.wfile.write_all(&vec![b'x'; 32 << 20])?,
            "trickle" => (0..32 << 10).try_for_each(|_| cx.wfile.write_all(&[b'x'; 1 << 10]))?,
            "chatter" => chatter(cx)?,
            "shake" => {
                let word = cx.handshake(|cx| {
                    let mut line = String::new();
                    cx.rfile.read_line(&mut line)?;
                    Ok(line)
                })?;
                write!(cx.wfile, "{word}")?;
            }
            // A request that goes on for as long as the client likes.
            "hold" => {
                writeln!(cx.wfile, "held")?;
                let mut line = String::new();
                while line != "go\n" {
                    line.clear();
                    cx.rfile.read_line(&mut line)?;
                    writeln!(cx.wfile, "{}", cx.server.is_draining())?;
                }
            }
            // What a handshake that hides its causes makes of them.
            "shake-darkly" => cx.handshake(|cx| {
                cx.rfile.read_line(&mut String::new()).map_err(|_| "something went wrong")?;
                Ok(())
            })?,
            other => return Err(format!("what is {other}?").into()),
        }
        Ok(KeepAlive::Yes)
    }
}

/// Waits for a line, while another thread talks to the client all the time.
fn chatter(cx: &mut StreamContext<'_, State>) -> HandlerResult {
    let is_over = AtomicBool::new(false);
    let connection = cx.request.clone();
    let read = thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Relaxed) && connection.sendall(b"chatter\n").is_ok() {
                thread::sleep(Duration::from_millis(1)); // its pace
            }
        });
        let read: io::Result<usize> = cx.rfile.read_line(&mut String::new());
        is_over.store(true, Relaxed);
        read
    });
    Ok(read.map(drop)?)
}
