//! User code that panics in one place of many.

use socketserver::{FinishRequest, HandlerError, Job, MixIn, Transport, prelude::*};
use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Duration,
};

/// Panics where it is told to, once.
#[derive(Clone)]
pub(super) struct Trap {
    place: &'static str,
    sprung: Arc<AtomicUsize>,
    /// How many errors were reported.
    pub(super) errors: Arc<AtomicUsize>,
}

impl Trap {
    pub(super) fn in_(place: &'static str) -> Self {
        Trap { place, sprung: Arc::default(), errors: Arc::default() }
    }
    pub(super) fn step_on(&self, place: &'static str) {
        if place == self.place && self.sprung.fetch_add(1, SeqCst) == 0 {
            panic!("in {place}");
        }
    }
    pub(super) fn is_sprung(&self) -> bool {
        self.sprung.load(SeqCst) > 0
    }
}

impl ServerHooks<Tcp> for Trap {
    fn get_request(&self, transport: &Tcp) -> io::Result<(TcpStream, SocketAddr)> {
        let taken = transport.get_request()?;
        self.step_on("get_request");
        Ok(taken)
    }
    fn verify_request(&self, _: &TcpStream, _: &SocketAddr) -> bool {
        self.step_on("verify_request");
        true
    }
    fn process_request<M: MixIn>(&self, job: Job<Tcp, Self>, mixin: &M) {
        self.step_on("process_request");
        mixin.process_request(job);
        self.step_on("process_request, when it is on its way");
    }
    fn finish_request(&self, request: FinishRequest<'_, Tcp, Self>) -> HandlerResult {
        self.step_on("finish_request");
        request.finish()
    }
    fn shutdown_request(&self, request: &mut TcpStream) {
        self.step_on("shutdown_request");
        Tcp::shutdown_request(request);
    }
    fn close_request(&self, request: TcpStream) {
        self.step_on("close_request");
        drop(request);
    }
    fn handle_error(&self, _: &SocketAddr, _: &HandlerError) {
        self.errors.fetch_add(1, SeqCst);
        self.step_on("handle_error");
    }
    fn handle_timeout(&self) {
        self.step_on("handle_timeout");
    }
    fn service_actions(&self) {
        self.step_on("service_actions");
    }
    fn reject_request(&self, _: &mut TcpStream, _: &SocketAddr) {
        self.step_on("reject_request");
    }
}

/// Steps into the trap wherever it is.
pub(super) struct Handler(pub(super) Trap);
impl Drop for Handler {
    fn drop(&mut self) {
        self.0.step_on("drop");
    }
}
impl StreamRequestHandler<Trap> for Handler {
    fn setup(&mut self, _: &mut StreamContext<'_, Trap>) -> HandlerResult {
        self.0.step_on("setup");
        Ok(())
    }
    fn handle(&mut self, cx: &mut StreamContext<'_, Trap>) -> HandlerResult {
        self.0.step_on("handle");
        cx.wfile.write_all(b"hello")?;
        if self.0.place == "handle_error" && !self.0.is_sprung() {
            Err("as was asked".into())
        } else {
            Ok(())
        }
    }
    fn finish(&mut self, _: &mut StreamContext<'_, Trap>) -> HandlerResult {
        self.0.step_on("finish");
        Ok(())
    }
    fn timeout(&self) -> Option<Duration> {
        self.0.step_on("timeout");
        None
    }
    fn wbufsize(&self) -> usize {
        self.0.step_on("wbufsize");
        0
    }
}
