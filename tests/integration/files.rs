//! `rfile` and `wfile`: their buffers, and the options of a handler with files.

use crate::{
    clients::{connect, rest, visit},
    util::{GUARD, Recorder, serve, wait_for},
};
use socketserver::{DEFAULT_BUFFER_SIZE, Deadline, Outcome, Sequential, TimedOut, prelude::*};
use std::{io, net::Shutdown, time::Duration};

/// Does what a function says, with files set up as it says.
struct Does {
    rbufsize: usize,
    wbufsize: usize,
    timeout: Option<Duration>,
    nodelay: bool,
    flush_before_read: bool,
    handle: fn(&mut StreamContext<'_>) -> HandlerResult,
}
impl Does {
    fn this(handle: fn(&mut StreamContext<'_>) -> HandlerResult) -> Self {
        Does {
            rbufsize: DEFAULT_BUFFER_SIZE,
            wbufsize: 0,
            timeout: None,
            nodelay: false,
            flush_before_read: false,
            handle,
        }
    }
}
impl StreamRequestHandler for Does {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        (self.handle)(cx)
    }
    fn rbufsize(&self) -> usize {
        self.rbufsize
    }
    fn wbufsize(&self) -> usize {
        self.wbufsize
    }
    fn timeout(&self) -> Option<Duration> {
        self.timeout
    }
    fn disable_nagle_algorithm(&self) -> bool {
        self.nodelay
    }
    fn flush_before_read(&self) -> bool {
        self.flush_before_read
    }
}

/// Serves a client, who does what `client` says, by a handler that must come to a good end.
#[track_caller]
fn meet<R>(make: fn() -> Does, client: impl FnOnce(TcpStream) -> R) -> R {
    let recorder = Recorder::default();
    let server = TcpServer::<Does, Sequential>::builder().handler_factory(move |_| make());
    let server = serve(server.observer(recorder.clone()).bind("127.0.0.1:0").unwrap());
    let result = client(connect(server.server_address()));
    wait_for("the end", || recorder.outcomes().len() == 1);
    assert_eq!(recorder.outcomes(), [Outcome::Completed]);
    result
}

fn says(text: &'static [u8]) -> impl FnOnce(TcpStream) -> Vec<u8> {
    |client| {
        client.sendall(text).unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        rest(client)
    }
}

#[test]
fn rfile_reads_ahead_as_far_as_rbufsize_says() {
    let by_default = || {
        Does::this(|cx| {
            let mut line = String::new();
            cx.rfile.read_line(&mut line)?;
            Ok(cx.wfile.write_all(cx.rfile.buffer())?) // read ahead
        })
    };
    assert_eq!(meet(by_default, says(b"one\ntwo\n")), b"two\n");

    let by_four = || {
        let handle = |cx: &mut StreamContext<'_>| {
            loop {
                let n = cx.rfile.fill_buf()?.len();
                match n {
                    0 => return Ok(()),
                    n => writeln!(cx.wfile, "{n}")?,
                }
                cx.rfile.consume(n);
            }
        };
        Does { rbufsize: 4, ..Does::this(handle) }
    };
    assert_eq!(meet(by_four, says(b"123456789")), b"4\n4\n1\n");
}

/// So that the request can be read directly afterwards, as with Python's `rbufsize = 0`.
#[test]
fn without_a_buffer_nothing_is_read_ahead() {
    let unbuffered = || {
        let handle = |cx: &mut StreamContext<'_>| {
            let mut line = String::new();
            cx.rfile.read_line(&mut line)?;
            assert_eq!((&*line, cx.rfile.buffer()), ("one\n", &b""[..]));
            let mut buf = [0; 100];
            let n = cx.request.recv(&mut buf)?;
            Ok(cx.wfile.write_all(&buf[..n])?)
        };
        Does { rbufsize: 0, ..Does::this(handle) }
    };
    assert_eq!(meet(unbuffered, says(b"one\ntwo\n")), b"two\n");
}

#[test]
fn wfile_sends_each_write_unless_it_has_a_buffer() {
    let at_once = || {
        Does::this(|cx| {
            assert_eq!(cx.wfile.fileno(), cx.request.fileno());
            assert_eq!(cx.wfile.write(b"not flushed")?, 11);
            assert_eq!((cx.wfile.buffered(), cx.request.traffic().bytes_out), (0, 11));
            // The client got it while the handler goes on.
            Ok(cx.rfile.read_exact(&mut [0; 2])?)
        })
    };
    meet(at_once, |mut client: TcpStream| {
        let mut answer = [0; 11];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"not flushed");
        client.sendall(b"ok").unwrap();
    });

    let buffered = || {
        let handle = |cx: &mut StreamContext<'_>| {
            let sent = |cx: &StreamContext<'_>| cx.request.traffic().bytes_out;
            cx.wfile.write_all(b"1234")?;
            cx.wfile.write_all(b"5678")?;
            assert_eq!((cx.wfile.buffered(), sent(cx)), (8, 0));
            cx.wfile.write_all(b"abc")?; // doesn't fit: what is there goes first
            assert_eq!((cx.wfile.buffered(), sent(cx)), (3, 8));
            cx.wfile.flush()?;
            assert_eq!((cx.wfile.buffered(), sent(cx)), (0, 11));
            cx.wfile.write_all(b"0123456789 is longer than the buffer")?;
            assert_eq!((cx.wfile.buffered(), sent(cx)), (0, 47));
            Ok(cx.wfile.write_all(b"last")?) // flushed when the handler has finished
        };
        Does { wbufsize: 10, ..Does::this(handle) }
    };
    let answer = meet(buffered, rest);
    assert_eq!(String::from_utf8(answer).unwrap(), "12345678abc0123456789 is longer than the bufferlast");
}

#[test]
fn wfile_is_sent_before_rfile_waits_if_the_handler_says_so() {
    let by_itself = || {
        let handle = |cx: &mut StreamContext<'_>| {
            let mut line = String::new();
            while cx.rfile.read_line(&mut line)? > 0 {
                cx.wfile.write_all(line.to_uppercase().as_bytes())?;
                if line == "one\n" {
                    assert_eq!(cx.request.traffic().bytes_out, 0, "the next line is there already");
                }
                line.clear();
            }
            Ok(())
        };
        Does { wbufsize: DEFAULT_BUFFER_SIZE, flush_before_read: true, ..Does::this(handle) }
    };
    meet(by_itself, |mut client: TcpStream| {
        client.sendall(b"one\ntwo\nhalf a").unwrap();
        let mut answer = [0; 8];
        client.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"ONE\nTWO\n");
        client.sendall(b" line\n").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(rest(client), b"HALF A LINE\n");
    });
}

#[test]
fn timeout_holds_for_each_read_and_rfile_lives_on() {
    let impatient = || {
        let handle = |cx: &mut StreamContext<'_>| {
            assert_eq!(cx.request.gettimeout(), Some(Duration::from_millis(1)));
            let mut line = Vec::new();
            // The client doesn't send the rest before it is told that time is up.
            let error = loop {
                match cx.rfile.read_until(b'\n', &mut line) {
                    Ok(_) => return Err("it waited for ever".into()),
                    Err(error) if line.len() < 4 => drop(error), // not even that has arrived
                    Err(error) => break error,
                }
            };
            assert_eq!(TimedOut::of(&error).map(|it| it.deadline), Some(Deadline::Read));
            assert_eq!(error.kind(), io::ErrorKind::TimedOut);
            cx.wfile.write_all(b"time is up")?;
            cx.request.settimeout(Some(GUARD));
            cx.rfile.read_until(b'\n', &mut line)?; // Python: dead after a timeout
            Ok(cx.wfile.write_all(&line)?)
        };
        Does { timeout: Some(Duration::from_millis(1)), ..Does::this(handle) }
    };
    let answer = meet(impatient, |mut client: TcpStream| {
        client.sendall(b"half").unwrap();
        client.read_exact(&mut [0; 10]).unwrap();
        client.sendall(b" and half\n").unwrap();
        rest(client)
    });
    assert_eq!(answer, b"half and half\n");
}

#[test]
fn nagles_algorithm_is_disabled_if_the_handler_says_so() {
    fn tell(cx: &mut StreamContext<'_>) -> HandlerResult {
        Ok(write!(cx.wfile, "{}", cx.request.getsockopt(|socket| socket.tcp_nodelay())?)?)
    }
    assert_eq!(meet(|| Does::this(tell), rest), b"false");
    assert_eq!(meet(|| Does { nodelay: true, ..Does::this(tell) }, rest), b"true");

    // A keep-alive handler gathers its replies, so it is disabled unless it says otherwise.
    let kept_alive = |cx: &mut StreamContext<'_>| tell(cx).map(|()| KeepAlive::No);
    let server = serve(TcpServer::<_>::bind_fn("127.0.0.1:0", kept_alive).unwrap());
    assert_eq!(visit(server.server_address(), b"?"), b"true");

    // There is no such thing on a Unix socket, and no harm in asking.
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let handler = || Does { nodelay: true, ..Does::this(|cx| Ok(cx.wfile.write_all(b"fine")?)) };
    let server = UnixStreamServer::<Does>::builder().handler_factory(move |_| handler());
    let _server = serve(server.bind(&path).unwrap());
    let mut answer = String::new();
    (&socketserver::net::UnixStream::connect(&path).unwrap()).read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "fine");
}
