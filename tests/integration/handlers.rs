//! What each kind of handler may rely on: setup, handle, finish, in that order, whatever fails; and how handlers come to be.

use crate::{
    clients::visit,
    util::{Recorder, serve, wait_for},
};
use parking_lot::Mutex;
use socketserver::{Datagram, HandlerError, Outcome, Sequential, UdpSocket, prelude::*};
use std::net::SocketAddr;

/// What was called, and what was reported; and where to fail, and how.
#[derive(Default)]
struct Story {
    fails: Vec<&'static str>,
    panics: bool,
    calls: Mutex<Vec<String>>,
}
impl Story {
    fn call(&self, name: &str) -> HandlerResult {
        self.calls.lock().push(name.to_owned());
        match self.fails.contains(&name) {
            true if self.panics => panic!("{name} failed"),
            true => Err(format!("{name} failed").into()),
            false => Ok(()),
        }
    }
}
impl<T: socketserver::Transport> ServerHooks<T> for Story {
    fn handle_error(&self, _: &socketserver::PeerAddress<T>, error: &HandlerError) {
        self.calls.lock().push(error.to_string());
    }
}

#[derive(Default)]
struct Base;
impl BaseRequestHandler<TcpStream, Story> for Base {
    fn setup(&mut self, cx: &mut Context<'_, TcpStream, Story>) -> HandlerResult {
        cx.server.state().call("setup")
    }
    fn handle(&mut self, cx: &mut Context<'_, TcpStream, Story>) -> HandlerResult {
        cx.request.sendall(b"reply")?;
        cx.server.state().call("handle")
    }
    fn finish(&mut self, cx: &mut Context<'_, TcpStream, Story>) -> HandlerResult {
        cx.server.state().call("finish")
    }
}

#[derive(Default)]
struct Stream;
impl StreamRequestHandler<Story> for Stream {
    fn wbufsize(&self) -> usize {
        100
    }
    fn setup(&mut self, cx: &mut StreamContext<'_, Story>) -> HandlerResult {
        cx.server.state().call("setup")
    }
    fn handle(&mut self, cx: &mut StreamContext<'_, Story>) -> HandlerResult {
        cx.wfile.write_all(b"reply")?; // and doesn't flush
        cx.server.state().call("handle")
    }
    fn finish(&mut self, cx: &mut StreamContext<'_, Story>) -> HandlerResult {
        assert_eq!(cx.wfile.buffered(), 5, "it can add to it");
        cx.server.state().call("finish")
    }
}

#[derive(Default)]
struct KeptAlive;
impl KeepAliveRequestHandler<Story> for KeptAlive {
    fn setup(&mut self, cx: &mut StreamContext<'_, Story>) -> HandlerResult {
        cx.server.state().call("setup")
    }
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, Story>) -> HandlerResult<KeepAlive> {
        cx.wfile.write_all(b"reply")?;
        cx.server.state().call("handle")?;
        Ok(KeepAlive::No)
    }
    fn finish(&mut self, cx: &mut StreamContext<'_, Story>) -> HandlerResult {
        cx.server.state().call("finish")
    }
}

#[derive(Default)]
struct OfDatagrams;
impl DatagramRequestHandler<Story> for OfDatagrams {
    fn setup(&mut self, cx: &mut DatagramContext<'_, Story>) -> HandlerResult {
        cx.server.state().call("setup")
    }
    fn handle(&mut self, cx: &mut DatagramContext<'_, Story>) -> HandlerResult {
        cx.wfile.write_all(b"reply")?;
        cx.server.state().call("handle")
    }
    fn finish(&mut self, cx: &mut DatagramContext<'_, Story>) -> HandlerResult {
        cx.server.state().call("finish")
    }
}
#[derive(Default)]
struct BareDatagrams;
impl BaseRequestHandler<Datagram, Story> for BareDatagrams {
    fn setup(&mut self, cx: &mut Context<'_, Datagram, Story>) -> HandlerResult {
        cx.server.state().call("setup")
    }
    fn handle(&mut self, cx: &mut Context<'_, Datagram, Story>) -> HandlerResult {
        cx.request.socket().sendto(b"reply", &(*cx.client_address).into())?;
        cx.server.state().call("handle")
    }
    fn finish(&mut self, cx: &mut Context<'_, Datagram, Story>) -> HandlerResult {
        cx.server.state().call("finish")
    }
}

/// Where it fails; what is called, if panics don't count; whether what was written arrives.
const CASES: [(&[&str], &[&str], bool); 5] = [
    (&[], &["setup", "handle", "finish"], true),
    (&["setup"], &["setup", "setup failed"], false),
    (&["handle"], &["setup", "handle", "finish", "handle failed"], true),
    (&["finish"], &["setup", "handle", "finish", "finish failed"], true),
    (&["handle", "finish"], &["setup", "handle", "finish", "handle failed"], true),
];

/// Each case, by error and by panic: `serve_one` serves one request and gives what the client got and what was called.
fn each_case(replies_to_failed: bool, serve_one: impl Fn(Story, Recorder) -> (Vec<u8>, Vec<String>)) {
    for (fails, calls, replies) in CASES {
        for panics in [false, true] {
            let recorder = Recorder::default();
            let story = Story { fails: fails.to_vec(), panics, calls: Mutex::default() };
            let (answer, called) = serve_one(story, recorder.clone());
            let is_answered = replies && (fails.is_empty() || replies_to_failed);
            assert_eq!(answer, if is_answered { &b"reply"[..] } else { b"" }, "{fails:?}");
            let mut expected: Vec<_> = calls.iter().map(|call| call.to_string()).collect();
            if let (Some(report), false, true) = (expected.last_mut(), fails.is_empty(), panics) {
                report.insert_str(0, "panicked: ");
            }
            assert_eq!(called, expected);
            let failed = if panics { Outcome::Panicked } else { Outcome::Failed };
            assert_eq!(recorder.outcomes(), [if fails.is_empty() { Outcome::Completed } else { failed }]);
        }
    }
}

/// Serves one client, who gets its answer by `$ask`.
macro_rules! serve_one {
    ($Server:ty, $ask:expr) => {
        |story, recorder| {
            let server = <$Server>::builder().state(story).observer(recorder.clone());
            let server = serve(server.bind("127.0.0.1:0").unwrap());
            let answer = $ask(server.server_address(), &recorder);
            wait_for("the end", || recorder.outcomes().len() == 1);
            (answer, std::mem::take(&mut *server.state().calls.lock()))
        }
    };
}

/// What is answered over TCP. The byte is what a keep-alive handler waits for.
fn over_tcp(server: SocketAddr, _: &Recorder) -> Vec<u8> {
    visit(server, b"?")
}

/// What is answered to a datagram, if anything is.
fn over_udp(server: SocketAddr, recorder: &Recorder) -> Vec<u8> {
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.sendto(b"?", server).unwrap();
    wait_for("the end", || recorder.outcomes().len() == 1);
    client.setblocking(false);
    let mut buf = [0; 100];
    client.recvfrom(&mut buf).map_or(vec![], |(n, _)| buf[..n].to_vec())
}

#[test]
fn stream_handlers_are_set_up_run_and_finished() {
    each_case(true, serve_one!(TcpServer<Stream, Sequential, Story>, over_tcp));
    each_case(true, serve_one!(ThreadingTcpServer<Stream, Story>, over_tcp));
}

#[test]
fn keep_alive_handlers_are_set_up_run_and_finished() {
    each_case(true, serve_one!(TcpServer<KeptAlive, Sequential, Story>, over_tcp));
    each_case(true, serve_one!(ThreadingTcpServer<KeptAlive, Story>, over_tcp));
}

#[test]
fn bare_handlers_are_set_up_run_and_finished() {
    each_case(true, serve_one!(TcpServer<Base, Sequential, Story>, over_tcp));
    each_case(true, serve_one!(UdpServer<BareDatagrams, Sequential, Story>, over_udp));
}

#[test]
fn datagram_handlers_are_set_up_run_and_finished_and_reply_unless_they_failed() {
    each_case(false, serve_one!(UdpServer<OfDatagrams, Sequential, Story>, over_udp));
    each_case(false, serve_one!(ThreadingUdpServer<OfDatagrams, Story>, over_udp));
}
