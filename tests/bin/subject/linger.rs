//! Servers whose clients send more than they are asked for, by a mix-in of choice.

use socketserver::{
    Event, ForkingMixIn, Linger, MixIn, Observer, PreforkMixIn, ReactorMixIn, Runs, Sequential,
    ThreadPoolMixIn, ThreadingMixIn, kind, prelude::*,
};
use std::{error::Error, net::SocketAddr, path::Path, time::Duration};

/// What a reply consists of, and what is said to who is turned away.
static REPLY: [u8; 65536] = [b'x'; 65536];
static REFUSAL: [u8; 65536] = [b'!'; 65536];

/// Obeys one line, and ends the connection: `reply`, `fail` with a reply begun, `later` with a reply to the next line.
#[derive(Default)]
struct Obey;
impl KeepAliveRequestHandler<State> for Obey {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, State>) -> HandlerResult<KeepAlive> {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        if line.starts_with("later") {
            println!("inside");
            cx.rfile.read_line(&mut line)?;
        }
        cx.wfile.write_all(&REPLY)?;
        cx.wfile.flush()?;
        if line.starts_with("fail") { Err("as was asked".into()) } else { Ok(KeepAlive::No) }
    }
}

struct State;
impl ServerHooks<Tcp> for State {
    fn reject_request(&self, request: &mut TcpStream, _: &SocketAddr) {
        let _ = request.sendall(&REFUSAL); // who has gone needs none
    }
}
impl ServerHooks<UnixStream> for State {}

/// Says when a request has ended.
struct Tell;
impl Observer for Tell {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::ConnectionEnded { outcome, .. } => println!("ended {outcome:?}"),
            Event::CutOff { .. } => println!("cut off"),
            _ => {}
        }
    }
}

/// `linger MIXIN PLACE SETTING…`: a path, or an empty one for TCP; `off`, `always`, `bytes`, `time=MS`, `reject`, `no-grace`; how many may be
/// inside, `at-most=N`, else they wait in the backlog, `room=N`; of one peer, `per-peer=N`; `processes=N` of prefork.
pub(crate) fn serve(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [mixin, place, settings @ ..] = arguments else {
        return Err("linger MIXIN PLACE SETTING…".into());
    };
    let pool = || ThreadPoolMixIn::default().min_workers(1).max_workers(4);
    let processes = settings.iter().find_map(|it| it.strip_prefix("processes=")).map_or(Ok(2), str::parse)?;
    match mixin.as_str() {
        "sequential" => run(Sequential, place.as_ref(), settings),
        "threading" => run(ThreadingMixIn::default(), place.as_ref(), settings),
        "pool" => run(pool(), place.as_ref(), settings),
        "forking" => run(ForkingMixIn::default(), place.as_ref(), settings),
        "prefork" => run(PreforkMixIn::new(pool()).processes(processes), place.as_ref(), settings),
        "reactor" => run(ReactorMixIn::default().workers(1).max_workers(2), place.as_ref(), settings),
        _ => Err(format!("no mix-in {mixin}").into()),
    }
}

fn run<M>(mixin: M, place: &Path, settings: &[String]) -> Result<(), Box<dyn Error>>
where
    M: MixIn + Runs<kind::KeepAlive>,
{
    let patient = Linger::up_to(Duration::from_secs(600)).bytes(u64::MAX);
    let mut linger = patient;
    let mut limit = Limit::none();
    let mut per_peer = usize::MAX;
    let mut grace = Duration::from_secs(60);
    for setting in settings {
        let (setting, number) = setting.split_once('=').unwrap_or((setting, "0"));
        let number = number.parse()?;
        match setting {
            "off" => linger = Linger::off(),
            "always" => linger = patient.always(),
            "bytes" => linger = patient.bytes(2 << 20),
            "time" => linger = Linger::up_to(Duration::from_millis(number as u64)).bytes(u64::MAX),
            "no-grace" => grace = Duration::ZERO,
            "reject" | "at-most" => limit = Limit::reject(number),
            "room" => limit = Limit::backlog(number),
            "per-peer" => per_peer = number,
            "processes" => {}
            _ => return Err(format!("no setting {setting}").into()),
        }
    }
    macro_rules! serve {
        ($Server:ident, $address:expr) => {{
            let builder = $Server::<Obey, M, State>::builder().mixin(mixin).state(State).observer(Tell);
            let builder = builder.linger(linger).max_connections(limit).max_connections_per_peer(per_peer);
            let server = builder.bind($address)?;
            let _signals = server.shutdown_on_signals(grace)?;
            println!("serving {}", server.server_address());
            server.serve_forever()?;
            server.server_close();
            let stats = server.stats();
            println!(
                "stats accepted {} completed {} failed {} refused {} cut off {} active {} out {}",
                stats.accepted,
                stats.completed,
                stats.failed,
                stats.refused,
                stats.cut_off,
                stats.active,
                stats.bytes_out
            );
        }};
    }
    match place.as_os_str().is_empty() {
        true => serve!(TcpServer, "127.0.0.1:0"),
        false => serve!(UnixStreamServer, place),
    }
    Ok(())
}
