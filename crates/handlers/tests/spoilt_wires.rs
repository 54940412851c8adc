//! Wires of the user's that panic at a bad moment: what has begun has its end, and no second panic ends the process.

use socketserver_handlers::{
    HandlerError, HandlerResult, KeepAlive, KeepAliveRequestHandler, Panicked, RequestHandlerClass,
    RequestSpan, RequestSpans, ServerControl, ServerRef, StreamContext, StreamRequestHandler, guarded, kind,
};
use socketserver_net::{Address, Connection, Request, StreamRequest, Traffic, Wire};
use std::{
    error::Error,
    fmt,
    io::{self, BufRead, Write},
    net::Shutdown,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Instant,
};

/// Gives one line, and takes nothing. It can say once what has passed.
#[derive(Default)]
struct Brittle {
    reads: AtomicUsize,
    looks: AtomicUsize,
}

impl Wire for Brittle {
    fn recv(&self, buf: &mut [u8]) -> io::Result<usize> {
        let line = if self.reads.fetch_add(1, SeqCst) == 0 { &b"line\n"[..] } else { b"" };
        buf[..line.len()].copy_from_slice(line);
        Ok(line.len())
    }
    fn send(&self, _: &[u8]) -> io::Result<usize> {
        panic!("it takes nothing")
    }
    fn shutdown(&self, _: Shutdown) -> io::Result<()> {
        Ok(())
    }
    fn traffic(&self) -> Traffic {
        assert_eq!(self.looks.fetch_add(1, SeqCst), 0, "it was asked before");
        Traffic::default()
    }
}

struct Visitor(Arc<Brittle>);

impl Request for Visitor {
    type Address = Address;
}
impl StreamRequest for Visitor {
    fn connection(&self) -> Connection {
        Connection::new(self.0.clone())
    }
}

struct Control;

impl ServerControl for Control {
    fn is_draining(&self) -> bool {
        false
    }
    fn request_shutdown(&self) {}
    fn server_address(&self) -> Address {
        Address::Unbound
    }
}

/// An error that panics when it is dropped.
#[derive(Debug)]
struct Bomb;

impl fmt::Display for Bomb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("bomb")
    }
}
impl Error for Bomb {}
impl Drop for Bomb {
    fn drop(&mut self) {
        panic!("boom");
    }
}

/// Writes something that the end is to send, and fails if it is told to.
struct Handler {
    fails: bool,
}

impl StreamRequestHandler for Handler {
    fn wbufsize(&self) -> usize {
        64
    }
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        cx.wfile.write_all(b"reply")?;
        if self.fails { Err(Bomb.into()) } else { Ok(()) }
    }
}

impl KeepAliveRequestHandler for Handler {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
        cx.rfile.read_until(b'\n', &mut Vec::new())?;
        if self.fails {
            cx.wfile.write_all(b"reply")?;
            return Err(Bomb.into());
        }
        Ok(KeepAlive::No)
    }
}

fn serve<Kind>(fails: bool, server: ServerRef<'_, ()>) -> HandlerResult
where
    Handler: RequestHandlerClass<Visitor, (), Kind>,
{
    let mut visitor = Visitor(Arc::default());
    RequestHandlerClass::<_, _, Kind>::serve(&mut Handler { fails }, &mut visitor, &Address::Unbound, server)
}

#[test]
fn a_reply_that_cant_be_sent_is_a_panic_of_its_own_beside_the_handlers_error() {
    let server = ServerRef::new(&(), &Control);
    for result in [serve::<kind::Stream>(true, server), serve::<kind::KeepAlive>(true, server)] {
        let error = result.unwrap_err();
        assert!(error.is::<Bomb>(), "{error}");
        assert!(
            guarded(|| {
                drop(error);
                Ok(())
            })
            .is_err()
        );
    }
    let error = serve::<kind::Stream>(false, server).unwrap_err();
    assert_eq!(error.downcast_ref::<Panicked>().unwrap().message, "it takes nothing");
}

#[derive(Default)]
struct Spans {
    started: AtomicUsize,
    ended: AtomicUsize,
}

impl RequestSpans for Spans {
    fn started(&self) -> RequestSpan {
        RequestSpan { id: self.started.fetch_add(1, SeqCst) as u64, started: Instant::now() }
    }
    fn ended(&self, _: RequestSpan, error: Option<&HandlerError>, traffic: Traffic) {
        assert!(error.is_none());
        assert_eq!(traffic, Traffic::default(), "nobody knows");
        self.ended.fetch_add(1, SeqCst);
    }
}

#[test]
fn a_request_that_was_told_to_begin_is_told_to_end_though_its_wire_cant_say_what_has_passed() {
    let spans = Spans::default();
    let server = ServerRef::new(&(), &Control).with_spans(Some(&spans));
    serve::<kind::KeepAlive>(false, server).unwrap();
    assert_eq!((spans.started.into_inner(), spans.ended.into_inner()), (1, 1));
}
