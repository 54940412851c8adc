//! tiny-http (Rust): `network.rs`, and the issues about clients that take their time.

use super::{Echo, echoes};
use crate::{
    clients::connect,
    util::{Recorder, serve, wait_for},
};
use socketserver::{Deadline, Outcome, prelude::*};
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
    const PIECE: usize = 64 << 10;
    #[derive(Default)]
    struct Written(AtomicUsize);
    impl ServerHooks<Tcp> for Written {}
    #[derive(Default)]
    struct Pours;
    impl StreamRequestHandler<Written> for Pours {
        fn timeout(&self) -> Option<Duration> {
            Some(Duration::from_millis(200))
        }
        fn handle(&mut self, cx: &mut StreamContext<'_, Written>) -> HandlerResult {
            for _ in 0..(1 << 30) / PIECE {
                cx.wfile.write_all(&[b'x'; PIECE])?;
                cx.server.state().0.fetch_add(PIECE, SeqCst);
            }
            Ok(())
        }
    }
    let recorder = Recorder::default();
    let server = ThreadingTcpServer::<Pours, Written>::builder().observer(recorder.clone());
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    let _never_reads = connect(server.server_address());
    wait_for("the end", || recorder.outcomes() == [Outcome::TimedOut(Deadline::Write)]);
    let written = server.state().0.load(SeqCst);
    assert!(written < 64 << 20, "{written} bytes of a gibibyte were taken");
    assert!(server.stats().bytes_out <= (written + PIECE) as u64);
}
