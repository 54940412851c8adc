//! How cost grows with the number of connections.

use crate::{
    Error,
    goal::spread,
    load::{Span, ping_pong},
    peers::{is_ours, label},
    rates::thousands,
    report::{
        Report,
        curves::{self, Curve},
        table,
    },
    server::Server,
    work::{Place, Work},
};

const SERVERS: [&str; 3] = ["reactor", "tokio", "epoll"];

/// As many as fit into the usual limit of descriptors.
const CONNECTIONS: [usize; 9] = [1, 10, 50, 250, 1_000, 2_500, 5_000, 10_000, 15_000];

/// Between these the CPU time per request should stay the same.
const FLAT: std::ops::RangeInclusive<usize> = 50..=10_000;

const TITLE: &str = "From 1 to 15,000 connections, all busy";

#[derive(Clone, Copy)]
struct Point {
    rate: f64,
    cpu: f64,
    /// Of the server, in MiB.
    memory: f64,
}

/// Runs it in so many rounds.
///
/// # Errors
/// If a server fails.
pub fn run(rounds: usize, span: Span) -> Result<Report, Error> {
    let mut all = vec![vec![Vec::new(); CONNECTIONS.len()]; SERVERS.len()];
    for round in 0..rounds {
        for (i, connections) in CONNECTIONS.into_iter().enumerate() {
            for (server, name) in SERVERS.into_iter().enumerate() {
                eprintln!("growth: round {} of {rounds}, {connections} connections, {name}", round + 1);
                all[server][i].push(once(name, connections, span)?);
            }
        }
    }
    let medians: Vec<Vec<Point>> = all.iter().map(|it| it.iter().map(|it| median(it)).collect()).collect();
    let heads: Vec<String> = std::iter::once("connections".into())
        .chain(SERVERS.iter().flat_map(|name| {
            ["requests / s", "CPU s per 100,000", "MiB"].map(|what| format!("{}: {what}", label(name)))
        }))
        .collect();
    let rows = CONNECTIONS.iter().enumerate().map(|(i, connections)| {
        let cells = medians.iter().flat_map(|points| {
            let Point { rate, cpu, memory } = points[i];
            [thousands(rate), format!("{cpu:.3}"), format!("{memory:.1}")]
        });
        std::iter::once(thousands(*connections as f64)).chain(cells).collect()
    });
    let mut body = table(&heads.iter().map(String::as_str).collect::<Vec<_>>(), rows);
    body.push('\n');
    body.push_str(&verdicts(&medians[0], &medians[2]));
    let plot = |title, axis, of: fn(&Point) -> f64| {
        let curve = |(name, points): (&&str, &Vec<Point>)| Curve {
            label: label(name).replace('`', ""),
            is_ours: is_ours(name),
            points: CONNECTIONS.iter().zip(points).map(|(n, point)| (*n as f64, of(point))).collect(),
        };
        curves::draw(title, axis, &SERVERS.iter().zip(&medians).map(curve).collect::<Vec<_>>())
    };
    let plots = vec![
        ("growth-cpu", plot(TITLE, "server's CPU s per 100,000 requests", |it| it.cpu)),
        ("growth-memory", plot(TITLE, "server's memory, MiB", |it| it.memory)),
    ];
    Ok(Report { name: "growth", title: TITLE, body, plots })
}

/// What is expected of the reactor. By hand it isn't flat either, since each connection's state in the kernel has its place in the
/// processor's caches; so the ratio to that shows what is ours.
fn verdicts(points: &[Point], by_hand: &[Point]) -> String {
    let flat = |of: &dyn Fn(usize) -> f64| {
        let range = (0..CONNECTIONS.len()).filter(|i| FLAT.contains(&CONNECTIONS[*i]));
        let (low, middle, high) = spread(range.map(of));
        (high / middle - 1.0).max(1.0 - low / middle) * 100.0
    };
    let deviation = flat(&|i| points[i].cpu);
    let relative = flat(&|i| points[i].cpu / by_hand[i].cpu);
    let hand = flat(&|i| by_hand[i].cpu);
    let at = |n: usize| points[CONNECTIONS.iter().position(|it| *it == n).unwrap_or(0)].memory;
    // Linear: the second half costs what the first did.
    let (first, second) = ((at(5_000) - at(50)) / 4_950.0, (at(10_000) - at(5_000)) / 5_000.0);
    let verdict = |holds| if holds { "reached" } else { "**not reached**" }.to_owned();
    let rows = [
        vec![
            "reactor's CPU per request from 50 to 10,000, away from its median".into(),
            "± 15 %".into(),
            format!("{deviation:.0} %"),
            verdict(deviation <= 15.0),
        ],
        vec!["the same, by hand".into(), "–".into(), format!("{hand:.0} %"), String::new()],
        vec![
            "reactor's CPU per request ÷ that by hand, away from its median".into(),
            "± 15 %".into(),
            format!("{relative:.0} %"),
            verdict(relative <= 15.0),
        ],
        vec![
            "reactor's memory per connection from 50 to 5,000, and from 5,000 to 10,000, all busy".into(),
            "linear".into(),
            format!("{:.0} and {:.0} bytes", first * 1048576.0, second * 1048576.0),
            verdict(second <= first * 1.5 + 0.0002),
        ],
    ];
    table(&["", "reach", "measured", ""], rows.into_iter())
}

fn once(name: &str, connections: usize, span: Span) -> Result<Point, Error> {
    let server = Server::start(name, Work::Echo, Place::Inet)?;
    let sample = ping_pong::run(&server, span, connections)?;
    let memory = sample.memory.resident as f64 / 1048576.0;
    Ok(Point { rate: sample.rate, cpu: sample.cpu, memory })
}

fn median(all: &[Point]) -> Point {
    let of = |field: fn(&Point) -> f64| spread(all.iter().map(field)).1;
    Point { rate: of(|it| it.rate), cpu: of(|it| it.cpu), memory: of(|it| it.memory) }
}
