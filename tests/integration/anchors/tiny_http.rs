//! tiny-http (Rust): `network.rs`, and the issues about clients that take their time.

use super::{Echo, echoes};
use crate::{
    clients::connect,
    util::{Recorder, serve, wait_for},
};
use socketserver::{
    DEFAULT_BUFFER_SIZE, Deadline, MixIn, Outcome, ReactorMixIn, Runs, ThreadPoolMixIn, ThreadingMixIn, kind,
    prelude::*,
};
use std::{
    sync::atomic::{AtomicUsize, Ordering::SeqCst},
    time::Duration,
};

/// `slow_connection`: a request that comes byte by byte.
#[test]
fn a_client_that_dribbles_its_bytes_is_understood_and_holds_up_nobody() {
    let server = serve(ThreadingTcpServer::<Echo>::bind("127.0.0.1:0").unwrap());
    let mut slow = connect(server.server_address());
    slow.setsockopt(|it| it.set_tcp_nodelay(true)).unwrap();
    for byte in b"a line in many pieces\n" {
        slow.sendall(&[*byte]).unwrap();
        echoes(&mut connect(server.server_address()));
    }
    let mut answer = [0; 22];
    slow.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"a line in many pieces\n");
}

/// Who doesn't read fills the system's buffers, and nothing of ours: the handler is held up.
#[test]
fn for_a_client_that_never_reads_nothing_is_buffered() {
    nothing_is_buffered::<ThreadingMixIn>();
    nothing_is_buffered::<ThreadPoolMixIn>();
    nothing_is_buffered::<ReactorMixIn>();
}

fn nothing_is_buffered<M: MixIn + Default + Runs<kind::KeepAlive>>() {
    const PIECE: usize = 64 << 10;
    #[derive(Default)]
    struct Written(AtomicUsize);
    impl ServerHooks<Tcp> for Written {}
    #[derive(Default)]
    struct Pours;
    impl KeepAliveRequestHandler<Written> for Pours {
        fn write_timeout(&self) -> Option<Duration> {
            Some(Duration::from_millis(200))
        }
        fn handle_one_request(&mut self, cx: &mut StreamContext<'_, Written>) -> HandlerResult<KeepAlive> {
            cx.rfile.read_line(&mut String::new())?;
            for _ in 0..(1 << 30) / PIECE {
                cx.wfile.write_all(&[b'x'; PIECE])?;
                cx.server.state().0.fetch_add(PIECE, SeqCst);
            }
            Ok(KeepAlive::No)
        }
    }
    let recorder = Recorder::default();
    let server = TcpServer::<Pours, M, Written>::builder().observer(recorder.clone());
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    let never_reads = connect(server.server_address());
    never_reads.sendall(b"pour\n").unwrap();
    wait_for("the end", || recorder.outcomes() == [Outcome::TimedOut(Deadline::Write)]);
    let written = server.state().0.load(SeqCst);
    assert!(written < 64 << 20, "{written} bytes of a gibibyte were taken");
    let sent = server.stats().bytes_out as usize;
    assert!(
        written.saturating_sub(sent) <= DEFAULT_BUFFER_SIZE,
        "{written} bytes were taken, and {sent} sent"
    );
    assert!(sent <= written + PIECE);
}
