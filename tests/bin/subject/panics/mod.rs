//! A server with a trap in each place of user code, by the mix-in and the kind of handler of choice. It says what it tells, what it has counted
//! when it is asked, and what is left of it at the end.

mod guest;
mod handlers;
mod trap;

use crate::left;
use guest::{TRAP, Trapdoor};
use handlers::{Base, Steps};
use socketserver::{
    Bind, Event, FinishRequest, ForkingMixIn, HandlerError, Job, MixIn, Observer, PeerAddress, PreforkMixIn,
    ReactorMixIn, Refusal, Runs, Sequential, Server, ThreadPoolMixIn, ThreadingMixIn, Transport, kind,
    prelude::*,
};
use std::{
    error::Error,
    io,
    net::SocketAddr,
    thread,
    time::{Duration, Instant},
};
use trap::{Trap, say};

/// Says the start and the end of each connection and each datagram, and which hooks have panicked.
struct Teller;
impl Observer for Teller {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::ConnectionStarted { id, .. } | Event::RequestStarted { id, connection: None, .. } => {
                say(&format!("+ {id}"));
            }
            Event::ConnectionEnded { id, outcome, .. }
            | Event::RequestEnded { id, connection: None, outcome, .. } => {
                say(&format!("- {id} {outcome:?}"))
            }
            Event::HookPanicked { hook, .. } => say(&format!("! {hook}")),
            _ => {}
        }
    }
}

/// Steps on the trap at whatever it hears of a connection or a request.
struct Nervous(Trap);
impl Observer for Nervous {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::ConnectionStarted { .. } | Event::RequestStarted { connection: None, .. } => {
                self.0.step_on("event_start");
            }
            Event::ConnectionEnded { .. } | Event::RequestEnded { connection: None, .. } => {
                self.0.step_on("event_end");
            }
            Event::RequestStarted { .. } | Event::RequestEnded { .. } => self.0.step_on("event_within"),
            _ => {}
        }
    }
    fn wants_requests(&self) -> bool {
        self.0.step_on("wants_requests");
        true
    }
    fn enter(&self, _: u64) {
        self.0.step_on("enter");
    }
    fn leave(&self, _: u64) {
        self.0.step_on("leave");
    }
}

impl<T: Transport> ServerHooks<T> for Trap {
    fn get_request(&self, transport: &T) -> io::Result<(T::Request, PeerAddress<T>)> {
        let taken = transport.get_request()?;
        self.step_on("get_request");
        Ok(taken)
    }
    fn verify_request(&self, _: &T::Request, _: &PeerAddress<T>) -> bool {
        self.step_on("verify_request");
        true
    }
    fn process_request<M: MixIn>(&self, job: Job<T, Self>, mixin: &M) {
        self.step_on("process_request");
        mixin.process_request(job);
        self.step_on("process_request_after");
    }
    fn finish_request(&self, request: FinishRequest<'_, T, Self>) -> HandlerResult {
        self.step_on("finish_request");
        request.finish()
    }
    fn shutdown_request(&self, request: &mut T::Request) {
        self.step_on("shutdown_request");
        T::shutdown_request(request);
    }
    fn close_request(&self, request: T::Request) {
        self.step_on("close_request");
        T::close_request(request);
    }
    fn reject_because(&self, _: &mut T::Request, _: &PeerAddress<T>, _: Refusal) {
        self.step_on("reject_because");
    }
    fn handle_error(&self, _: &PeerAddress<T>, error: &HandlerError) {
        self.step_on("handle_error");
        let _ = error.to_string();
    }
    fn handle_shutdown(&self) {
        self.step_on("state_shutdown");
    }
    fn service_actions(&self) {
        self.step_on("service_actions");
    }
}

type Result<T = (), E = Box<dyn Error>> = std::result::Result<T, E>;

/// `MIXIN KIND FOLDER`: the kind of the handler is `keep-alive`, `stream`, `datagram` or `base`, which is of datagrams; in the folder there are the
/// names of the places that are armed.
pub(crate) fn serve(arguments: &[String]) -> Result {
    let [mixin, kind, folder] = arguments else { return Err("panics MIXIN KIND FOLDER".into()) };
    std::panic::set_hook(Box::new(|_| ())); // they are asked for
    let trap = TRAP.get_or_init(|| Trap::new(folder)).clone();
    // Without waiting for idle threads there would be none to count.
    let pool = || ThreadPoolMixIn::default().workers(2);
    match mixin.as_str() {
        "sequential" => by(Sequential, kind, trap),
        "threading" => by(ThreadingMixIn::default(), kind, trap),
        "pool" => by(pool(), kind, trap),
        "forking" => by(ForkingMixIn::default(), kind, trap),
        "prefork" => by(PreforkMixIn::new(pool()).processes(1), kind, trap),
        "reactor" => keep_alive(ReactorMixIn::default().workers(2).max_workers(4), trap),
        other => Err(format!("no mix-in {other}").into()),
    }
}

fn by<M>(mixin: M, kind: &str, trap: Trap) -> Result
where
    M: MixIn + Runs<kind::Base> + Runs<kind::Stream> + Runs<kind::Datagram> + Runs<kind::KeepAlive>,
{
    match kind {
        "stream" => on::<Trapdoor, Steps, M, kind::Stream>(mixin, trap, Steps),
        "datagram" => on::<Udp, Steps, M, kind::Datagram>(mixin, trap, Steps),
        "base" => on::<Udp, Base, M, kind::Base>(mixin, trap, |trap| Base(Steps(trap))),
        _ => keep_alive(mixin, trap),
    }
}

fn keep_alive<M: MixIn + Runs<kind::KeepAlive>>(mixin: M, trap: Trap) -> Result {
    on::<Trapdoor, Steps, M, kind::KeepAlive>(mixin, trap, Steps)
}

fn on<T, H, M, Kind>(mixin: M, trap: Trap, make: fn(Trap) -> H) -> Result
where
    T: Transport<Address = SocketAddr> + for<'a> Bind<&'a str>,
    H: socketserver::RequestHandlerClass<T::Request, Trap, Kind>,
    M: MixIn + Runs<Kind>,
    Kind: 'static,
{
    let before = left();
    let nervous = Nervous(trap.clone());
    let server = Server::<T, H, M, Trap>::builder()
        .mixin(mixin)
        .state(trap)
        .handler_factory(move |cx: &socketserver::Context<'_, T::Request, Trap>| {
            let trap = cx.server.state();
            trap.step_on("factory");
            make(trap.clone())
        })
        .observer((nervous, Teller))
        .poll_interval(Duration::from_millis(20))
        .bind("127.0.0.1:0")?;
    say(&format!("serving {}", server.server_address()));
    thread::scope(|scope| {
        let handle = server.handle();
        scope.spawn(move || {
            for _ in io::stdin().lines().map_while(io::Result::ok) {
                let it = handle.stats();
                let ended =
                    it.completed + it.failed + it.disconnected + it.timed_out + it.refused + it.dropped;
                say(&format!("stats {} {ended} {}", it.accepted, it.active));
            }
            handle.shutdown(Duration::from_secs(60));
        });
        server.serve_forever()
    })?;
    drop(server);
    // A thread that has been waited for by its scope, or is at its very end, may be seen for a moment.
    let end = Instant::now() + Duration::from_secs(30);
    while left() != before && Instant::now() < end {
        thread::sleep(Duration::from_millis(1));
    }
    let after = left();
    say(&format!(
        "left {}",
        if after == before { "nothing".into() } else { format!("{after:?}, not {before:?}") }
    ));
    Ok(())
}
