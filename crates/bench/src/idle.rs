//! What a connection takes that does nothing.

use crate::{
    Error,
    goal::spread,
    load::ping_pong,
    peers::{is_ours, is_there, label},
    rates::thousands,
    report::{Report, bars, table},
    server::Server,
    work::{Place, Work},
};
use std::{
    thread,
    time::{Duration, Instant},
};

/// Who takes part, with how many connections.
const SERVERS: &[(&str, usize)] = &[
    ("reactor", 10_000),
    ("tokio", 10_000),
    ("epoll", 10_000),
    ("actix", 10_000),
    ("threading", 1_000),
    ("std-threads", 1_000),
    ("c-threads", 1_000),
    ("python", 1_000),
];

/// How many connections there are before the first measurement, so that what doesn't grow isn't counted.
const BEFORE: usize = 100;

struct Idle {
    resident: f64,
    proportional: f64,
    threads: f64,
    cpu: f64,
}

/// Runs it in so many rounds.
///
/// # Errors
/// If a server fails.
pub fn run(rounds: usize) -> Result<Report, Error> {
    let servers: Vec<_> = SERVERS.iter().filter(|(name, _)| is_there(name).is_ok()).collect();
    let mut all: Vec<Vec<Idle>> = servers.iter().map(|_| Vec::new()).collect();
    for round in 0..rounds {
        for ((name, connections), results) in servers.iter().zip(&mut all) {
            eprintln!("idle: round {} of {rounds}, {name}", round + 1);
            results.push(once(name, *connections)?);
        }
    }
    let medians: Vec<_> = servers.into_iter().zip(&all).map(|(server, all)| (server, median(all))).collect();
    let rows = medians.iter().map(|((name, connections), it)| {
        vec![
            if is_ours(name) { format!("**{}**", label(name)) } else { label(name).into() },
            thousands(*connections as f64),
            thousands(it.resident),
            thousands(it.proportional),
            thousands(it.threads),
            format!("{:.1}", it.cpu),
        ]
    });
    let heads =
        ["server", "connections", "RSS, bytes each", "PSS, bytes each", "threads", "CPU ms per idle second"];
    let mut body = table(&heads, rows);
    if let Some((_, it)) = medians.iter().find(|((name, _), _)| *name == "reactor") {
        let verdict = match it.resident.max(it.proportional) {
            v if v <= 400.0 => "stretch reached",
            v if v <= 1024.0 => "reached",
            _ => "**not reached**",
        };
        let measured = format!("{:.0} / {:.0}", it.resident, it.proportional);
        let row = ["reactor's bytes per connection, RSS / PSS", "≤ 1,024", "≤ 400", &measured, verdict];
        body.push('\n');
        body.push_str(&table(
            &["", "reach", "stretch", "measured", ""],
            [row.map(String::from).to_vec()].into_iter(),
        ));
    }
    let bars: Vec<_> = medians
        .iter()
        .map(|((name, _), it)| bars::Bar {
            label: label(name).replace('`', ""),
            is_ours: is_ours(name),
            values: [it.resident, it.proportional],
        })
        .collect();
    let plot = bars::draw(TITLE, ["RSS, bytes per connection", "PSS, bytes per connection"], &bars);
    Ok(Report { name: "idle", title: TITLE, body, plots: vec![("idle", plot)] })
}

const TITLE: &str = "Connections that are open and silent";

fn once(name: &str, connections: usize) -> Result<Idle, Error> {
    const IDLE: Duration = Duration::from_secs(1);
    let server = Server::start(name, Work::Echo, Place::Inet)?;
    let _first = ping_pong::open(&server, BEFORE)?;
    let before = server.group.memory()?;
    let _more = ping_pong::open(&server, connections)?;
    let after = server.group.memory()?;
    let (cpu, start) = (server.group.cpu()?, Instant::now());
    thread::sleep(IDLE);
    let cpu = (server.group.cpu()? - cpu).as_secs_f64() / start.elapsed().as_secs_f64();
    let each = |after: u64, before: u64| after.saturating_sub(before) as f64 / connections as f64;
    Ok(Idle {
        resident: each(after.resident, before.resident),
        proportional: each(after.proportional, before.proportional),
        threads: server.group.threads()? as f64,
        cpu: cpu * 1e3,
    })
}

fn median(all: &[Idle]) -> Idle {
    let of = |field: fn(&Idle) -> f64| spread(all.iter().map(field)).1;
    Idle {
        resident: of(|it| it.resident),
        proportional: of(|it| it.proportional),
        threads: of(|it| it.threads),
        cpu: of(|it| it.cpu),
    }
}
