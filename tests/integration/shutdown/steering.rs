//! A server that steers itself: at a chosen place in its own life it does something to itself. Used here, and by the helper program.
#![allow(dead_code, reason = "the helper program uses a part of it")]

use crate::util::{Recorder, fresh_name};
use socketserver::{
    BaseServer, Event, HandlerError, HandlerResult, KeepAlive, KeepAliveRequestHandler, MixIn, Observer,
    RequestHandlerClass, Runs, ServerHooks, StreamContext, StreamRequestHandler, Tcp, TcpServer, TcpStream,
    Transport,
};
use std::{
    io::{BufRead, Write},
    net::SocketAddr,
    sync::{
        Arc, OnceLock, Weak,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::Duration,
};

/// Where a server does something to itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Handler,
    VerifyRequest,
    ServiceActions,
    ShutdownRequest,
    HandleError,
    /// In the observer, as the loop begins.
    Serving,
    /// In the observer, as the loop ends.
    Stopped,
}

impl Place {
    pub(crate) const ALL: [Place; 7] = [
        Place::Handler,
        Place::VerifyRequest,
        Place::ServiceActions,
        Place::ShutdownRequest,
        Place::HandleError,
        Place::Serving,
        Place::Stopped,
    ];
}

/// What it does.
pub(crate) type Act = fn(&dyn BaseServer);

/// The ways to end a server so that it can serve again.
pub(crate) const SHUTDOWNS: [Act; 4] = [
    |server| server.shutdown(),
    |server| server.handle().request_shutdown(),
    |server| _ = server.handle().shutdown(Duration::ZERO),
    |server| _ = server.handle().shutdown(Duration::MAX),
];

/// The state of such a server, and its observer. Clones share all.
#[derive(Clone, Default)]
pub(crate) struct Steering {
    plan: Option<(Place, Act)>,
    done: Arc<AtomicBool>,
    server: Arc<OnceLock<Weak<dyn BaseServer>>>,
    pub(crate) recorder: Recorder,
    /// Of the threads of a mix-in that accepts on several.
    pub(crate) threads: Name,
}

/// One that no other has.
#[derive(Clone)]
pub(crate) struct Name(pub(crate) String);
impl Default for Name {
    fn default() -> Self {
        Name(fresh_name())
    }
}

impl Steering {
    /// Does `act` the first time that it comes to `place`.
    pub(crate) fn at(place: Place, act: Act) -> Self {
        Steering { plan: Some((place, act)), ..Self::default() }
    }

    /// It was done, be it by a worker process, of which only that one's copy of this knew.
    pub(crate) fn note_done(&self) {
        self.done.store(true, SeqCst);
    }

    /// A server with a mix-in of this type. It never wakes by itself: `poll_interval` is `None`.
    pub(crate) fn serve_by<M, Kind: 'static>(self, mixin: M) -> Arc<dyn BaseServer>
    where
        M: MixIn + Runs<Kind>,
        Handler: RequestHandlerClass<TcpStream, Steering, Kind>,
    {
        self.serve::<Handler, M, Kind>(mixin)
    }

    /// The same for a mix-in that wants to know where a request ends.
    pub(crate) fn serve_kept_alive_by<M, Kind: 'static>(self, mixin: M) -> Arc<dyn BaseServer>
    where
        M: MixIn + Runs<Kind>,
        KeepAliveHandler: RequestHandlerClass<TcpStream, Steering, Kind>,
    {
        self.serve::<KeepAliveHandler, M, Kind>(mixin)
    }

    /// The same where all that a client says is one request, so that it is in the middle of one for as long as it likes.
    pub(crate) fn serve_at_length_by<M, Kind: 'static>(self, mixin: M) -> Arc<dyn BaseServer>
    where
        M: MixIn + Runs<Kind>,
        LongHandler: RequestHandlerClass<TcpStream, Steering, Kind>,
    {
        self.serve::<LongHandler, M, Kind>(mixin)
    }

    fn serve<H, M, Kind: 'static>(self, mixin: M) -> Arc<dyn BaseServer>
    where
        M: MixIn + Runs<Kind>,
        H: RequestHandlerClass<TcpStream, Steering, Kind> + Default,
    {
        let server = TcpServer::<H, M, Steering>::builder()
            .state(self.clone())
            .mixin(mixin)
            .observer(self.clone())
            .poll_interval(None)
            .bind("127.0.0.1:0")
            .expect("a port is free");
        let server: Arc<dyn BaseServer> = Arc::new(server);
        self.server.set(Arc::downgrade(&server)).expect("a steering has one server");
        server
    }

    fn come_to(&self, place: Place) {
        if let Some((planned, act)) = self.plan
            && planned == place
            && let Some(server) = self.server.get().and_then(Weak::upgrade)
            && !self.done.swap(true, SeqCst)
        {
            act(&*server);
        }
    }
}

impl ServerHooks<Tcp> for Steering {
    fn verify_request(&self, _request: &TcpStream, _client_address: &SocketAddr) -> bool {
        self.come_to(Place::VerifyRequest);
        true
    }
    fn shutdown_request(&self, request: &mut TcpStream) {
        self.come_to(Place::ShutdownRequest);
        Tcp::shutdown_request(request);
    }
    fn handle_error(&self, _client_address: &SocketAddr, _error: &HandlerError) {
        self.come_to(Place::HandleError);
    }
    fn service_actions(&self) {
        self.come_to(Place::ServiceActions);
    }
}

impl Observer for Steering {
    fn event(&self, event: &Event<'_>) {
        self.recorder.event(event);
        match event {
            Event::Serving { .. } => self.come_to(Place::Serving),
            Event::Stopped { .. } => self.come_to(Place::Stopped),
            _ => {}
        }
    }
}

/// Answers each line with itself. `fail` makes it fail, and `stop` stop the server by what a handler has for it.
#[derive(Default)]
pub(crate) struct Handler;
impl StreamRequestHandler<Steering> for Handler {
    fn handle(&mut self, cx: &mut StreamContext<'_, Steering>) -> HandlerResult {
        while answer(cx)? == KeepAlive::Yes {}
        Ok(())
    }
}

/// The same, a line a request.
#[derive(Default)]
pub(crate) struct KeepAliveHandler;
impl KeepAliveRequestHandler<Steering> for KeepAliveHandler {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, Steering>) -> HandlerResult<KeepAlive> {
        answer(cx)
    }
}

/// The same, all lines of a client one request.
#[derive(Default)]
pub(crate) struct LongHandler;
impl KeepAliveRequestHandler<Steering> for LongHandler {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, Steering>) -> HandlerResult<KeepAlive> {
        while answer(cx)? == KeepAlive::Yes {}
        Ok(KeepAlive::No)
    }
}

fn answer(cx: &mut StreamContext<'_, Steering>) -> HandlerResult<KeepAlive> {
    let mut line = String::new();
    if cx.rfile.read_line(&mut line)? == 0 {
        return Ok(KeepAlive::No);
    }
    cx.server.state().come_to(Place::Handler);
    match line.as_str() {
        "fail\n" => return Err("as the client wished".into()),
        "stop\n" => cx.server.shutdown(),
        _ => {}
    }
    cx.wfile.write_all(line.as_bytes())?;
    Ok(KeepAlive::Yes)
}
