//! Clients that take their time: what bounds a request as a whole, and the silence between two.

use crate::{
    clients::{connect, rest},
    util::{GUARD, Recorder, serve, wait_for},
};
use parking_lot::Mutex;
use socketserver::{
    Deadline, HandlerError, Outcome, ServerBuilder, ThreadingMixIn, TimedOut,
    framing::{Header, LineReader},
    prelude::*,
};
use std::{io, net::SocketAddr, thread, time::Duration};

/// Keeps what was reported as an error.
#[derive(Default)]
struct Reports(Mutex<Vec<String>>);
impl ServerHooks<Tcp> for Reports {
    fn handle_error(&self, _: &SocketAddr, error: &HandlerError) {
        let deadline = TimedOut::of(&**error).map(|it| it.deadline);
        self.0.lock().push(format!("{deadline:?}: {error}"));
    }
}

/// Reads a line, by reads that may each take long, and answers.
#[derive(Default)]
struct Lines;
impl StreamRequestHandler<Reports> for Lines {
    fn timeout(&self) -> Option<Duration> {
        Some(GUARD)
    }
    fn handle(&mut self, cx: &mut StreamContext<'_, Reports>) -> HandlerResult {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        Ok(cx.wfile.write_all(b"done\n")?)
    }
}
#[derive(Default)]
struct KeptAlive;
impl KeepAliveRequestHandler<Reports> for KeptAlive {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, Reports>) -> HandlerResult<KeepAlive> {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        cx.wfile.write_all(b"done\n")?;
        Ok(KeepAlive::Yes)
    }
}

const SHORT: Duration = Duration::from_millis(50);

fn builder<H>(recorder: &Recorder) -> ServerBuilder<Tcp, H, ThreadingMixIn, Reports> {
    ThreadingTcpServer::<H, Reports>::builder().observer(recorder.clone())
}

/// Sends a byte at a time, for as long as they are taken.
fn dribble(client: &TcpStream) {
    while client.sendall(b"x").is_ok() {
        thread::sleep(Duration::from_millis(1)); // its pace
    }
}

#[test]
fn a_client_that_sends_a_byte_at_a_time_cant_outlive_the_request_timeout() {
    let recorder = Recorder::default();
    let server = serve(builder::<Lines>(&recorder).request_timeout(SHORT).bind("127.0.0.1:0").unwrap());
    dribble(&connect(server.server_address()));
    wait_for("the end", || recorder.outcomes() == [Outcome::TimedOut(Deadline::Request)]);
    assert_eq!(*server.state().0.lock(), ["Some(Request): the request took too long"]);
    wait_for("it to be counted", || server.stats().timed_out == 1); // a moment after it is told

    let recorder = Recorder::default();
    let server = serve(builder::<KeptAlive>(&recorder).request_timeout(SHORT).bind("127.0.0.1:0").unwrap());
    dribble(&connect(server.server_address()));
    wait_for("the end", || recorder.outcomes() == [Outcome::TimedOut(Deadline::Request)]);
}

#[test]
fn a_client_that_reads_a_byte_at_a_time_cant_either() {
    #[derive(Default)]
    struct Talks;
    impl StreamRequestHandler<Reports> for Talks {
        fn handle(&mut self, cx: &mut StreamContext<'_, Reports>) -> HandlerResult {
            Ok(cx.wfile.write_all(&vec![b'x'; 64 << 20])?)
        }
    }
    let recorder = Recorder::default();
    let server = serve(builder::<Talks>(&recorder).request_timeout(SHORT).bind("127.0.0.1:0").unwrap());
    let client = connect(server.server_address());
    wait_for("the end", || {
        let _ = client.recv(&mut [0]);
        !recorder.outcomes().is_empty()
    });
    assert_eq!(recorder.outcomes(), [Outcome::TimedOut(Deadline::Request)]);
}

#[test]
fn a_client_that_sends_nothing_meets_the_request_timeout() {
    let recorder = Recorder::default();
    let server = serve(builder::<Lines>(&recorder).request_timeout(SHORT).bind("127.0.0.1:0").unwrap());
    assert_eq!(rest(connect(server.server_address())), b"");
    wait_for("the end", || recorder.outcomes() == [Outcome::TimedOut(Deadline::Request)]);
}

/// That is nobody's error: such clients have nothing more to ask.
#[test]
fn a_silent_keep_alive_connection_is_ended_after_the_idle_timeout() {
    let recorder = Recorder::default();
    let server = serve(builder::<KeptAlive>(&recorder).idle_timeout(SHORT).bind("127.0.0.1:0").unwrap());
    assert_eq!(rest(connect(server.server_address())), b"");
    wait_for("the end", || recorder.outcomes() == [Outcome::TimedOut(Deadline::Idle)]);
    assert!(server.state().0.lock().is_empty());

    // Also between two requests. A machine that is slow to bring the first one is given another chance.
    wait_for("an answer", || {
        let client = connect(server.server_address());
        let _ = client.sendall(b"line\n");
        rest(client) == b"done\n"
    });
    let is_idle = |outcome: &Outcome| *outcome == Outcome::TimedOut(Deadline::Idle);
    wait_for("the end", || recorder.outcomes().len() as u64 == server.stats().accepted);
    assert!(recorder.outcomes().iter().all(is_idle));
}

#[test]
fn a_request_that_has_begun_isnt_idle() {
    let recorder = Recorder::default();
    let server = serve(builder::<KeptAlive>(&recorder).idle_timeout(SHORT).bind("127.0.0.1:0").unwrap());
    wait_for("an answer", || {
        let client = connect(server.server_address());
        let _ = client.sendall(b"first half");
        thread::sleep(2 * SHORT); // longer than it may be silent
        let _ = client.sendall(b", second half\n");
        rest(client) == b"done\n"
    });
}

#[test]
fn silence_between_requests_doesnt_count_as_a_long_request() {
    let recorder = Recorder::default();
    let server = serve(builder::<KeptAlive>(&recorder).request_timeout(SHORT).bind("127.0.0.1:0").unwrap());
    wait_for("two answers", || {
        let client = connect(server.server_address());
        let mut answer = Vec::<u8>::new();
        for _ in 0..2 {
            thread::sleep(2 * SHORT); // longer than a request may take
            let _ = client.sendall(b"line\n");
            let mut buf = [0; 100];
            let n = client.recv(&mut buf).unwrap_or(0);
            answer.extend(&buf[..n]);
        }
        answer == b"done\ndone\n"
    });
}

/// The deadline of a request bounds what the server does at its end, too.
#[test]
fn flushing_to_a_client_that_doesnt_read_is_bounded() {
    #[derive(Default)]
    struct Gathers;
    impl StreamRequestHandler<Reports> for Gathers {
        fn wbufsize(&self) -> usize {
            64 << 20
        }
        fn handle(&mut self, cx: &mut StreamContext<'_, Reports>) -> HandlerResult {
            Ok(cx.wfile.write_all(&vec![b'x'; 60 << 20])?)
        }
    }
    let recorder = Recorder::default();
    let server = serve(builder::<Gathers>(&recorder).request_timeout(SHORT).bind("127.0.0.1:0").unwrap());
    let _client = connect(server.server_address());
    wait_for("the end", || recorder.outcomes() == [Outcome::TimedOut(Deadline::Request)]);
}

#[test]
fn a_read_that_times_out_says_so() {
    #[derive(Default)]
    struct Impatient;
    impl BaseRequestHandler<TcpStream, Reports> for Impatient {
        fn handle(&mut self, cx: &mut Context<'_, TcpStream, Reports>) -> HandlerResult {
            cx.request.settimeout(Some(Duration::from_millis(1)));
            let error = cx.request.recv(&mut [0]).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            Err(error.into())
        }
    }
    let recorder = Recorder::default();
    let server = serve(builder::<Impatient>(&recorder).bind("127.0.0.1:0").unwrap());
    assert_eq!(rest(connect(server.server_address())), b"");
    wait_for("the end", || recorder.outcomes() == [Outcome::TimedOut(Deadline::Read)]);
    assert_eq!(*server.state().0.lock(), ["Some(Read): read timed out"]);
}

const LARGE: usize = 64 << 20;

/// Over `wfile`.
#[derive(Default)]
struct Frames;
impl StreamRequestHandler<Reports> for Frames {
    fn handle(&mut self, cx: &mut StreamContext<'_, Reports>) -> HandlerResult {
        Ok(cx.framed(Header::Multiprocessing).write_frame(&vec![0; LARGE])?)
    }
}

/// Over the connection itself.
#[derive(Default)]
struct BareFrames;
impl BaseRequestHandler<TcpStream, Reports> for BareFrames {
    fn handle(&mut self, cx: &mut Context<'_, TcpStream, Reports>) -> HandlerResult {
        let half = vec![0; LARGE / 2];
        Ok(cx.framed(Header::Multiprocessing).write_parts(&[&half, &half])?)
    }
}

fn sips_from(server: impl BaseServer + 'static, recorder: &Recorder) {
    let server = serve(server);
    let client = connect(server.server_address());
    client.setsockopt(|it| it.set_recv_buffer_size(64 << 10)).unwrap();
    let mut sip = vec![0; 64 << 10];
    let mut taken = 0;
    while let Ok(length @ 1..) = client.recv(&mut sip) {
        taken += length;
        thread::sleep(Duration::from_millis(5)); // its pace
    }
    assert!(taken < LARGE / 2, "it took {taken}");
    wait_for("its end", || recorder.outcomes().len() == 1);
    assert_eq!(recorder.outcomes(), [Outcome::TimedOut(Deadline::Write)]);
}

/// A frame has its time for what it begins with, and for each part of the rest; not for each sip.
#[test]
fn a_client_that_sips_at_a_frame_cant_outlive_the_write_timeout() {
    fn small<H>(recorder: &Recorder) -> ServerBuilder<Tcp, H, ThreadingMixIn, Reports> {
        let small = builder::<H>(recorder).write_timeout(SHORT * 2);
        small.socket_options(|socket| socket.set_send_buffer_size(64 << 10))
    }
    let recorder = Recorder::default();
    sips_from(small::<Frames>(&recorder).bind("127.0.0.1:0").unwrap(), &recorder);
    let recorder = Recorder::default();
    sips_from(small::<BareFrames>(&recorder).bind("127.0.0.1:0").unwrap(), &recorder);
}

/// Through what a frame or a line fails with, too.
#[test]
fn what_a_frame_or_a_line_fails_with_is_told_as_what_it_was() {
    #[derive(Default)]
    struct Reads;
    impl StreamRequestHandler<Reports> for Reads {
        fn handle(&mut self, cx: &mut StreamContext<'_, Reports>) -> HandlerResult {
            let is_line = cx.rfile.fill_buf()?.first() == Some(&b'l');
            if is_line {
                LineReader::new(&mut cx.rfile).read_line()?;
            } else {
                cx.framed(Header::U32Be).read_frame()?;
            }
            Ok(())
        }
    }
    let recorder = Recorder::default();
    let server = serve(builder::<Reads>(&recorder).read_timeout(SHORT).bind("127.0.0.1:0").unwrap());
    for (count, text) in [(1, b"l"), (2, b"\0")] {
        let client = connect(server.server_address());
        client.sendall(text).unwrap();
        wait_for("its end", || recorder.outcomes().len() == count);
        assert_eq!(recorder.outcomes()[count - 1], Outcome::TimedOut(Deadline::Read));
    }
    for (count, text) in [(3, b"l"), (4, b"\0")] {
        let client = connect(server.server_address());
        client.sendall(text).unwrap();
        client.setsockopt(|it| it.set_linger(Some(Duration::ZERO))).unwrap();
        drop(client); // a reset
        wait_for("its end", || recorder.outcomes().len() == count);
        let outcome = recorder.outcomes()[count - 1];
        assert!(
            matches!(outcome, Outcome::Disconnected | Outcome::TimedOut(Deadline::Read)),
            "{outcome:?}: a busy machine may be late"
        );
    }
}
