//! The server's state: its hooks write a line and do what they do by default.

use crate::{
    arguments::Stage,
    names::{self, SCRIPTED, ScriptedError},
    recorder::Recorder,
};
use socketserver::{
    Address, Datagram, FinishRequest, HandlerError, HandlerResult, Job, MixIn, PeerAddress, ServerHooks,
    TcpStream, Transport,
    net::{self, DatagramAddress},
};
use std::{io, sync::Arc};

/// A request that can be told from all others that are open.
pub(crate) trait Keyed {
    /// The same for as long as the request is open, wherever it goes.
    fn key(&self) -> usize;
}

impl Keyed for TcpStream {
    fn key(&self) -> usize {
        self.fileno().unsigned_abs() as usize
    }
}
impl Keyed for net::UnixStream {
    fn key(&self) -> usize {
        self.fileno().unsigned_abs() as usize
    }
}
impl<A: DatagramAddress> Keyed for Datagram<A> {
    fn key(&self) -> usize {
        self.packet().as_ptr().addr() // its buffer is nobody else's
    }
}

/// The state. What `Recorder` is in `reference_server.py`.
#[derive(Debug)]
pub(crate) struct Watched {
    pub(crate) recorder: Arc<Recorder>,
    pub(crate) fail_in: Stage,
}

impl Watched {
    /// Writes an event of the request that this thread is in.
    pub(crate) fn emit(&self, event: &str) {
        self.recorder.emit(event);
    }

    fn emit_about(&self, request: &impl Keyed, event: &str) {
        self.recorder.enter(request.key());
        self.emit(event);
    }

    /// What all handlers do in `setup`.
    pub(crate) fn setup(&self, peer: &Address) -> HandlerResult {
        self.emit("hook setup");
        self.emit(&format!("peer {}", names::of_peer(peer)));
        self.fail(Stage::Setup)
    }

    /// What all handlers do first in `handle`.
    pub(crate) fn handle(&self) -> HandlerResult {
        self.emit("hook handle");
        self.fail(Stage::Handle)
    }

    /// What all handlers do in `finish`.
    pub(crate) fn finish(&self) -> HandlerResult {
        self.emit("hook finish");
        self.fail(Stage::Finish)
    }

    fn fail(&self, stage: Stage) -> HandlerResult {
        if self.fail_in == stage { Err(ScriptedError.into()) } else { Ok(()) }
    }
}

impl<T: Transport> ServerHooks<T> for Watched
where
    T::Request: Keyed,
{
    fn get_request(&self, transport: &T) -> io::Result<(T::Request, PeerAddress<T>)> {
        let (request, peer) = transport.get_request()?;
        self.recorder.take(request.key());
        self.emit("hook get_request");
        Ok((request, peer))
    }

    fn verify_request(&self, request: &T::Request, _client_address: &PeerAddress<T>) -> bool {
        self.emit_about(request, "hook verify_request");
        // It returns a bool, so what Python raises is a panic here.
        assert!(self.fail_in != Stage::Verify, "{SCRIPTED}");
        self.fail_in != Stage::Refuse
    }

    fn process_request<M: MixIn>(&self, job: Job<T, Self>, mixin: &M) {
        self.emit_about(job.request(), "hook process_request");
        self.recorder.hand_over(mixin.forks());
        mixin.process_request(job);
    }

    fn finish_request(&self, mut request: FinishRequest<'_, T, Self>) -> HandlerResult {
        self.emit_about(request.request(), "hook finish_request");
        request.finish()
    }

    fn shutdown_request(&self, request: &mut T::Request) {
        self.emit_about(request, "hook shutdown_request");
        T::shutdown_request(request);
    }

    fn close_request(&self, request: T::Request) {
        self.emit_about(&request, "hook close_request");
        T::close_request(request);
        self.emit("closed"); // after the fact: from here on a client can see what closing did
    }

    fn handle_error(&self, client_address: &PeerAddress<T>, error: &HandlerError) {
        let peer = client_address.clone().into();
        self.emit(&format!("hook handle_error {}", names::of_error(error, &peer)));
    }

    fn handle_timeout(&self) {
        self.recorder.emit_of_none("hook handle_timeout");
    }

    fn service_actions(&self) {
        self.recorder.tick();
    }
}
