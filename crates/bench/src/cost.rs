//! What the framework adds to a loop written by hand, by counts that noise doesn't move.

use crate::{
    Error,
    peers::{is_ours, is_there, label},
    report::{Report, table},
    tools::{Syscalls, find, instructions},
    work::Work,
};

const TITLE: &str = "What the framework costs, by counts";

/// Ours, and what it is compared with.
const PAIRS: &[(Work, &str, &[&str])] = &[
    (
        Work::Echo,
        "a request on a connection that lasts",
        &["reactor", "epoll", "tokio", "threading", "std-threads"],
    ),
    (
        Work::Once,
        "a connection with one request",
        &["threading", "thread-pool", "c-threads", "c-prethreaded", "tokio"],
    ),
    (Work::Datagrams, "a datagram", &["sequential", "c-udp", "tokio"]),
];

const INSTRUCTIONS: [(Work, &[&str]); 2] = [
    (Work::Echo, &["reactor", "epoll", "tokio", "threading", "std-threads"]),
    (Work::Datagrams, &["sequential", "std-loop", "tokio"]),
];

/// Counts.
///
/// # Errors
/// If a server or a tool fails.
pub fn run() -> Result<Report, Error> {
    let mut body = String::new();
    if find("strace").is_some() {
        body.push_str(&syscalls()?);
    } else {
        body.push_str("System calls were not counted, since strace is not installed.\n");
    }
    body.push('\n');
    if find("valgrind").is_some() {
        body.push_str(&executed()?);
    } else {
        body.push_str("Instructions were not counted, since valgrind is not installed.\n");
    }
    Ok(Report { name: "cost", title: TITLE, body, plots: Vec::new() })
}

fn syscalls() -> Result<String, Error> {
    let mut rows = Vec::new();
    let mut totals = Vec::new();
    for (work, what, servers) in PAIRS {
        for name in servers.iter().filter(|name| is_there(name).is_ok()) {
            eprintln!("cost: system calls of {name}, {work}");
            let counted = Syscalls::count(name, *work)?;
            totals.push((*work, *name, counted.total()));
            let calls: Vec<_> = counted.0.iter().map(|(call, n)| format!("{n:.2} {call}")).collect();
            rows.push(vec![bold(name), (*what).into(), format!("{:.2}", counted.total()), calls.join(", ")]);
        }
    }
    let of =
        |server: &str| totals.iter().find(|it| (it.0, it.1) == (Work::Echo, server)).map_or(0.0, |it| it.2);
    let goal = verdict("system calls per request: reactor ÷ by hand", of("reactor") / of("epoll"), 1.0, 1.0);
    Ok(table(&["server", "per", "system calls", "which"], rows.into_iter()) + "\n" + &goal)
}

/// A table of one goal: a ratio that is to be small.
fn verdict(what: &str, ratio: f64, reach: f64, stretch: f64) -> String {
    let rounded = (ratio * 100.0).round() / 100.0;
    let word = match () {
        () if rounded <= stretch => "stretch reached",
        () if rounded <= reach => "reached",
        () => "**not reached**",
    };
    let row =
        [what.into(), format!("≤ {reach:.2}"), format!("≤ {stretch:.2}"), format!("{ratio:.2}"), word.into()];
    table(&["ratio", "reach", "stretch", "measured", ""], [row.to_vec()].into_iter())
}

fn executed() -> Result<String, Error> {
    let (mut rows, mut goal) = (Vec::new(), String::new());
    for (work, servers) in INSTRUCTIONS {
        let mut by_hand = None;
        let mut counted = Vec::new();
        for name in servers {
            eprintln!("cost: instructions of {name}, {work}");
            let n = instructions(name, work)?;
            counted.push((name, n));
            if matches!(*name, "epoll" | "std-loop") {
                by_hand = Some(n);
            }
        }
        for (name, n) in counted {
            if *name == "reactor" {
                let ratio = n / by_hand.unwrap_or(n);
                goal = verdict("instructions outside the kernel: reactor ÷ by hand", ratio, 1.1, 1.03);
            }
            let ratio = by_hand.map_or("–".into(), |hand| format!("{:.2}", n / hand));
            let what = if work == Work::Echo { "request" } else { "datagram" };
            rows.push(vec![bold(name), what.into(), format!("{n:.0}"), ratio]);
        }
    }
    let heads = ["server", "per", "instructions outside the kernel", "÷ by hand"];
    Ok(table(&heads, rows.into_iter()) + "\n" + &goal)
}

fn bold(name: &str) -> String {
    if is_ours(name) { format!("**{}**", label(name)) } else { label(name).into() }
}
