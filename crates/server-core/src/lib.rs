//! The servers: transports, the loop, and what joins them with handlers and mix-ins.
//!
//! | | |
//! |---|---|
//! | [`Server`] | joins a [`Transport`], a handler class, a [`MixIn`] and a state |
//! | [`BaseServer`] | what every server can do, as `dyn BaseServer` |
//! | [`ServerBuilder`] | all that can be said of a server before it exists |
//! | [`ServerHooks`] | what a Python program overrides in a server class |
//! | [`Handle`] | steers a server from anywhere |
//! | [`Tcp`], [`Udp`], [`UnixStream`], [`UnixDatagram`] | what a server listens on |
//! | [`Acceptor`] → [`Job`] → [`Session`] | a request on its way |
//! | [`Worker`], [`WorkerProcess`] | a process that serves beside others, from both sides |
//! | [`Bell`] | wakes a loop that waits |
//! | [`Observer`], [`Event`], [`Stats`] | what happened |
//!
//! There is no concurrency here but [`Sequential`], which has none; the mix-ins are in a crate of their own.
#![forbid(unsafe_code)]

mod accept_error;
mod acceptor;
mod adopt;
mod alarm;
mod answer;
mod backlog;
mod base_server;
mod bell;
mod bind_options;
mod builder;
mod connections;
mod core;
mod crowd;
mod error;
mod event;
mod finish_request;
#[cfg(fuzzing)]
#[doc(hidden)]
pub mod fuzzed;
mod handle;
mod handshake;
mod hooks;
mod inet;
mod job;
mod kept;
mod limit;
mod linger;
mod lingering;
mod link;
mod listening;
mod mixin;
mod numbers;
mod nursery;
mod observer;
mod order;
mod outcome;
mod port;
mod refusal;
mod registry;
mod reserve;
#[cfg(all(test, not(loom)))]
mod scripted;
mod server;
mod session;
mod signals;
mod slot;
mod socket_file;
mod span;
mod stats;
mod sync;
mod ticket;
mod time_limits;
mod transport;
mod unix;
mod wake;
mod watchers;
mod worker;
mod worker_control;
mod worker_process;

pub use accept_error::AcceptError;
pub use acceptor::{Accepted, Acceptor};
pub use backlog::Backlog;
pub use base_server::BaseServer;
pub use bell::Bell;
pub use bind_options::{AddressFamily, BindOptions};
pub use builder::{Bound, Given, Provide, ServerBuilder};
pub use connections::ConnectionInfo;
pub use error::ServerError;
pub use event::Event;
pub use finish_request::FinishRequest;
pub use handle::{Handle, ShutdownReport};
pub use hooks::ServerHooks;
pub use inet::{Tcp, Udp};
pub use job::Job;
pub use limit::Limit;
pub use linger::Linger;
pub use mixin::{MixIn, Runs, Sequential};
#[cfg(feature = "metrics")]
pub use observer::MetricsObserver;
#[cfg(feature = "tracing")]
pub use observer::TracingObserver;
pub use observer::{LogObserver, Observer};
pub use outcome::Outcome;
pub use refusal::Refusal;
pub use server::{Handled, Server, TcpServer, UdpServer, UnixDatagramServer, UnixStreamServer};
pub use session::Session;
pub use signals::Signals;
pub use slot::WorkerPhase;
pub use stats::{Refusals, Stats, Timeouts};
pub use ticket::Ticket;
pub use transport::{Bind, PeerAddress, Transport};
pub use unix::{UnixDatagram, UnixStream};
pub use worker::{ForkedWorker, Worker, WorkerSettings};
pub use worker_process::WorkerProcess;
