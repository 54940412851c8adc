//! The hooks of a server are called in Python's order.

use crate::util::{ask, serve, wait_for};
use parking_lot::Mutex;
use socketserver::{
    FinishRequest, HandlerError, Job, MixIn, PeerAddress, Sequential, Server, ThreadingMixIn, Transport,
    prelude::*,
};
use std::{io, sync::Arc};

/// Writes down each call, and then does what is done as provided.
#[derive(Default, Clone)]
struct Calls(Arc<Mutex<Vec<&'static str>>>);

impl Calls {
    fn add(&self, call: &'static str) {
        self.0.lock().push(call);
    }
    fn take(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.0.lock())
    }
}

impl<T: Transport> ServerHooks<T> for Calls {
    fn get_request(&self, transport: &T) -> io::Result<(T::Request, PeerAddress<T>)> {
        // The loop also looks when there is nobody.
        transport.get_request().inspect(|_| self.add("get_request"))
    }
    fn verify_request(&self, _: &T::Request, _: &PeerAddress<T>) -> bool {
        self.add("verify_request");
        true
    }
    fn process_request<M: MixIn>(&self, job: Job<T, Self>, mixin: &M) {
        self.add("process_request");
        mixin.process_request(job);
    }
    fn finish_request(&self, request: FinishRequest<'_, T, Self>) -> HandlerResult {
        self.add("finish_request");
        request.finish()
    }
    fn shutdown_request(&self, request: &mut T::Request) {
        self.add("shutdown_request");
        T::shutdown_request(request);
    }
    fn close_request(&self, request: T::Request) {
        self.add("close_request");
        T::close_request(request);
    }
    fn handle_error(&self, _: &PeerAddress<T>, _: &HandlerError) {
        self.add("handle_error");
    }
    fn service_actions(&self) {
        self.add("service_actions");
    }
}

/// Fails if it is told to.
#[derive(Default)]
struct Handler;
impl StreamRequestHandler<Calls> for Handler {
    fn setup(&mut self, cx: &mut StreamContext<'_, Calls>) -> HandlerResult {
        cx.server.state().add("setup");
        Ok(())
    }
    fn handle(&mut self, cx: &mut StreamContext<'_, Calls>) -> HandlerResult {
        cx.server.state().add("handle");
        let mut asked = String::new();
        cx.rfile.read_to_string(&mut asked)?;
        if asked == "fail" { Err("as was asked".into()) } else { Ok(()) }
    }
    fn finish(&mut self, cx: &mut StreamContext<'_, Calls>) -> HandlerResult {
        cx.server.state().add("finish");
        Ok(())
    }
}
impl DatagramRequestHandler<Calls> for Handler {
    fn handle(&mut self, cx: &mut DatagramContext<'_, Calls>) -> HandlerResult {
        cx.server.state().add("handle");
        cx.no_reply();
        Ok(())
    }
}

/// The calls for one request, up to the `service_actions` that comes after it.
const IN_ORDER: [&str; 10] = [
    "get_request",
    "verify_request",
    "process_request",
    "finish_request",
    "setup",
    "handle",
    "finish",
    "shutdown_request",
    "close_request",
    "service_actions",
];

#[test]
fn hooks_are_called_in_pythons_order() {
    let server = TcpServer::<Handler, Sequential, Calls>::builder().poll_interval(None);
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    for _ in 0..3 {
        ask(server.server_address(), b"");
        wait_for("the last call", || server.state().0.lock().len() >= IN_ORDER.len());
        assert_eq!(server.state().take(), IN_ORDER);
    }
}

#[test]
fn handle_error_is_called_before_the_request_is_ended() {
    let server = TcpServer::<Handler, Sequential, Calls>::builder().poll_interval(None);
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    ask(server.server_address(), b"fail");
    let mut expected = IN_ORDER.to_vec();
    expected.insert(7, "handle_error");
    wait_for("the last call", || server.state().0.lock().len() >= expected.len());
    assert_eq!(server.state().take(), expected);
}

#[test]
fn on_a_thread_the_order_of_the_request_is_the_same() {
    let server = Server::<Tcp, Handler, ThreadingMixIn, Calls>::builder().poll_interval(None);
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    ask(server.server_address(), b"");
    wait_for("all calls", || server.state().0.lock().len() >= IN_ORDER.len());
    let mut calls = server.state().take();
    let at = calls.iter().position(|it| *it == "service_actions").unwrap();
    assert!(at > 2, "the loop calls it after process_request, which doesn't wait for the rest");
    calls.remove(at);
    assert_eq!(calls, IN_ORDER[..9]);
}

#[test]
fn datagrams_have_the_same_hooks() {
    let server = UdpServer::<Handler, Sequential, Calls>::builder().poll_interval(None);
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    std::net::UdpSocket::bind("127.0.0.1:0").unwrap().send_to(b"", server.server_address()).unwrap();
    let expected = [&IN_ORDER[..4], &["handle"], &IN_ORDER[7..]].concat();
    wait_for("the last call", || server.state().0.lock().len() >= expected.len());
    assert_eq!(server.state().take(), expected);
}

#[test]
fn handle_request_calls_the_same_but_service_actions() {
    let server = TcpServer::<Handler, Sequential, Calls>::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(server.server_address()).unwrap();
    client.shutdown(std::net::Shutdown::Write).unwrap();
    server.handle_request().unwrap();
    assert_eq!(server.state().take(), IN_ORDER[..9]);
}
