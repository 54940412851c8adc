//! A transport of the user's own, which the handlers that are written for streams run on as on any other.

mod moody;
mod pipe;
mod spoilt;

use crate::util::{GUARD, Recorder, Seen, serve, wait_for};
use pipe::Pipes;
use socketserver::{Bind, BindOptions, Outcome, Sequential, Server, ThreadingMixIn, prelude::*};
use std::{io, net::Shutdown, time::Duration};

/// Written for streams of any kind, as all stream handlers are.
#[derive(Default)]
struct Upper;
impl StreamRequestHandler for Upper {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        assert_eq!((cx.request.fileno(), cx.wfile.fileno()), (-1, -1));
        assert_eq!(cx.request.setsockopt(|_| Ok(())).unwrap_err().kind(), io::ErrorKind::Unsupported);
        assert_eq!(cx.request.getpeername().unwrap_err().kind(), io::ErrorKind::Unsupported);
        cx.request.settimeout(Some(Duration::ZERO)); // no socket, no time limits
        assert_eq!(cx.request.gettimeout(), None);
        let mut line = String::new();
        while cx.rfile.read_line(&mut line)? > 0 {
            cx.wfile.write_all(line.to_uppercase().as_bytes())?;
            line.clear();
        }
        Ok(())
    }
}

#[test]
fn handlers_run_on_pipes_in_memory() {
    let recorder = Recorder::default();
    let server = Server::<Pipes, Upper>::builder().observer(recorder.clone()).request_timeout(GUARD);
    let server = serve(server.bind("memory").unwrap());
    assert_eq!(server.server_address().to_string(), "memory");
    let client = server.socket().unwrap().connect();
    client.sendall(b"one\ntwo\n").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    (&client).read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "ONE\nTWO\n");
    server.stop().unwrap();
    let story = [Seen::Started(1, "client".into()), Seen::Ended(1, Outcome::Completed, (8, 8))];
    assert_eq!(recorder.seen()[1..3], story);
}

#[test]
fn a_pipe_is_ended_by_force_too() {
    let server = Server::<Pipes, Upper, ThreadingMixIn>::builder();
    let server =
        serve(server.serve_on(Pipes::server_bind("memory", &BindOptions::default()).unwrap()).unwrap());
    let client = server.socket().unwrap().connect();
    wait_for("the handler", || server.stats().active == 1);
    let report = server.handle().shutdown(Duration::ZERO);
    assert_eq!((report.drained, report.forced), (0, 1));
    assert_eq!((&client).read(&mut [0]).unwrap(), 0);
}

#[test]
fn a_transport_to_which_nobody_can_connect_any_more_ends_the_loop() {
    let server = serve(Server::<Pipes, Upper>::builder().bind("memory").unwrap());
    server.wait_until_asleep();
    server.socket().unwrap().hang_up();
    let error = server.join().unwrap_err();
    let ServerError::Accept { address, source } = &error else { panic!("{error}") };
    assert_eq!((&**address, source.kind()), ("memory", io::ErrorKind::NotConnected));
}

#[test]
fn keep_alive_handlers_run_on_pipes_too() {
    #[derive(Default)]
    struct Echo;
    impl KeepAliveRequestHandler for Echo {
        fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
            let mut line = String::new();
            cx.rfile.read_line(&mut line)?;
            cx.wfile.write_all(line.as_bytes())?;
            Ok(KeepAlive::Yes)
        }
    }
    let server = serve(Server::<Pipes, Echo, Sequential>::bind("memory").unwrap());
    let client = server.socket().unwrap().connect();
    for line in ["one\n", "two\n"] {
        client.sendall(line.as_bytes()).unwrap();
        let mut answer = [0; 4];
        (&client).read_exact(&mut answer).unwrap();
        assert_eq!(answer, line.as_bytes());
    }
    client.shutdown(Shutdown::Write).unwrap();
    assert_eq!((&client).read(&mut [0]).unwrap(), 0);
}
