//! The cases that compare rates: who takes part, and what is expected.

use crate::{
    goal::{Goal, Quantity},
    work::{Place, Work},
};

/// What clients do.
#[derive(Debug, Clone, Copy)]
pub enum Load {
    /// So many connections, each with one request under way.
    PingPong(usize),
    /// So many clients, with a connection per request.
    Short(usize),
    /// So many connections with many lines under way.
    Lines(usize),
    /// Sockets, and how many datagrams are under way on each.
    Datagrams(usize, usize),
}

/// A case.
#[derive(Debug)]
pub struct RateCase {
    /// On the command line, and in file names.
    pub name: &'static str,
    /// Above its table.
    pub title: &'static str,
    /// What a request is.
    pub unit: &'static str,
    /// What clients do.
    pub load: Load,
    /// Where servers listen.
    pub place: Place,
    /// Who takes part, in this order in each round.
    pub servers: &'static [&'static str],
    /// What is expected.
    pub goals: &'static [Goal],
}

impl RateCase {
    /// What servers have to do.
    pub fn work(&self) -> Work {
        match self.load {
            Load::PingPong(_) => Work::Echo,
            Load::Short(_) => Work::Once,
            Load::Lines(_) => Work::Lines,
            Load::Datagrams(..) => Work::Datagrams,
        }
    }
}

type Names = &'static [&'static str];

const fn rate(ours: Names, peer: &'static str, reach: f64) -> Goal {
    Goal { quantity: Quantity::Rate, ours, peer, reach: Some(reach), stretch: None }
}

const fn at_most(quantity: Quantity, ours: Names, peer: &'static str, reach: f64) -> Goal {
    Goal { quantity, ours, peer, reach: Some(reach), stretch: None }
}

impl Goal {
    const fn stretch(self, stretch: f64) -> Goal {
        Goal { stretch: Some(stretch), ..self }
    }
    const fn only_stretch(self, stretch: f64) -> Goal {
        Goal { reach: None, stretch: Some(stretch), ..self }
    }
}

const REACTOR: Names = &["reactor"];
const THREADING: Names = &["threading"];
const LASTING: Names = &["reactor", "threading", "thread-pool"];
const SHORT: Names = &["threading", "thread-pool", "prefork", "reactor"];
const PACKETS: Names = &["sequential", "thread-pool", "prefork"];
const FORKING: Names = &["forking"];

/// All of them.
pub const ALL: &[RateCase] = &[
    RateCase {
        name: "echo-50",
        title: "50 connections, 64 bytes there and back",
        unit: "requests",
        load: Load::PingPong(50),
        place: Place::Inet,
        servers: &[
            "reactor",
            "tokio",
            "epoll",
            "actix",
            "threading",
            "std-threads",
            "c-threads",
            "thread-pool",
            "prefork",
            "python",
        ],
        goals: &[
            rate(REACTOR, "tokio", 1.0).stretch(1.15),
            at_most(Quantity::Cpu, REACTOR, "tokio", 1.0).stretch(0.85),
            // In instructions it can't be had: those of the kernel aren't counted where there is no hardware counter.
            at_most(Quantity::Cpu, REACTOR, "epoll", 1.1).stretch(1.03),
            rate(THREADING, "std-threads", 1.0),
            rate(THREADING, "c-threads", 1.0).only_stretch(1.0),
            rate(LASTING, "python", 3.0),
        ],
    },
    RateCase {
        name: "echo-1000",
        title: "1,000 connections, 64 bytes there and back",
        unit: "requests",
        load: Load::PingPong(1000),
        place: Place::Inet,
        servers: &["reactor", "tokio", "epoll", "actix", "threading", "std-threads", "c-threads", "python"],
        goals: &[
            rate(REACTOR, "tokio", 1.15).stretch(1.3),
            at_most(Quantity::P999, REACTOR, "tokio", 1.0),
            rate(REACTOR, "python", 3.0),
        ],
    },
    RateCase {
        name: "short",
        title: "50 clients, a connection per request",
        unit: "connections",
        load: Load::Short(50),
        place: Place::Inet,
        servers: &[
            "thread-pool",
            "tokio",
            "threading",
            "std-threads",
            "prefork",
            "c-prethreaded",
            "reactor",
            "epoll",
            "actix",
            "c-threads",
            "python",
        ],
        goals: &[
            rate(SHORT, "tokio", 1.0).stretch(1.15),
            rate(SHORT, "std-threads", 1.5),
            rate(THREADING, "std-threads", 1.7),
            rate(THREADING, "c-prethreaded", 1.0).only_stretch(1.0),
            rate(SHORT, "python", 5.0),
        ],
    },
    RateCase {
        name: "lines",
        title: "16 connections, pipelined lines of 32 bytes",
        unit: "lines",
        load: Load::Lines(16),
        place: Place::Inet,
        servers: &["reactor", "tokio", "threading", "std-threads", "thread-pool", "python"],
        goals: &[rate(LASTING, "tokio", 0.95).stretch(1.1), rate(LASTING, "python", 3.0)],
    },
    RateCase {
        name: "udp",
        title: "UDP: 16 sockets, 8 datagrams of 64 bytes under way on each",
        unit: "datagrams",
        load: Load::Datagrams(16, 8),
        place: Place::Inet,
        servers: &[
            "sequential",
            "sequential-gathered",
            "tokio",
            "c-udp",
            "thread-pool",
            "prefork",
            "std-loop",
            "c-udp-batch",
            "python-loop",
        ],
        goals: &[
            rate(PACKETS, "tokio", 1.8),
            rate(PACKETS, "c-udp", 1.0),
            rate(&["sequential-gathered"], "c-udp", 1.0).only_stretch(1.2),
            rate(PACKETS, "python-loop", 3.0),
        ],
    },
    RateCase {
        name: "udp-each",
        title: "UDP as above: one socket for all, or one for each thread or process",
        unit: "datagrams",
        load: Load::Datagrams(16, 8),
        place: Place::Inet,
        servers: &["sequential", "thread-pool", "thread-pool-each", "prefork", "prefork-each"],
        goals: &[],
    },
    RateCase {
        name: "short-each",
        title: "50 clients, a connection per request: one socket for all, or one for each thread or process",
        unit: "connections",
        load: Load::Short(50),
        place: Place::Inet,
        servers: &["thread-pool", "thread-pool-each", "prefork", "prefork-each"],
        goals: &[],
    },
    RateCase {
        name: "unix",
        title: "Unix stream sockets: 50 connections, 64 bytes there and back",
        unit: "requests",
        load: Load::PingPong(50),
        place: Place::Unix,
        servers: &["reactor", "tokio", "epoll", "threading", "std-threads", "thread-pool", "python"],
        goals: &[rate(REACTOR, "tokio", 1.0).stretch(1.15), rate(REACTOR, "python", 3.0)],
    },
    RateCase {
        name: "fork",
        title: "A process per connection, 16 clients, a connection per request",
        unit: "connections",
        load: Load::Short(16),
        place: Place::Inet,
        servers: &["forking", "c-fork", "prefork", "python-fork"],
        goals: &[
            rate(FORKING, "c-fork", 1.0),
            rate(&["prefork"], "c-fork", 1.0).only_stretch(3.4),
            rate(FORKING, "python-fork", 8.0),
        ],
    },
];
