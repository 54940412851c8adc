#![doc = include_str!("../README.md")]
//!
//! # Where things are
//!
//! All that most programs need is in the [`prelude`]. What a handler talks through, and a client too, is in [`net`].
//!
//! | module | what it has | with the feature |
//! |---|---|---|
//! | `framing` | message boundaries over a stream, for servers and clients; `cx.framed(header)` in a handler | `framing`, on by default |
//! | `auth` | proof that a peer knows a shared key, for servers and clients | `auth`; `legacy-md5` for old peers |
//! | `TracingObserver` | spans for `tracing` | `tracing` |
//! | `MetricsObserver` | counters, gauges and histograms for `metrics` | `metrics` |
#![forbid(unsafe_code)]

mod aliases;
pub mod prelude;

pub use aliases::*;
#[cfg(feature = "auth")]
pub use socketserver_auth as auth;
#[cfg(feature = "metrics")]
pub use socketserver_core::MetricsObserver;
#[cfg(feature = "tracing")]
pub use socketserver_core::TracingObserver;
pub use socketserver_core::{
    AcceptError, Accepted, Acceptor, AddressFamily, Backlog, BaseServer, Bell, Bind, BindOptions, Bound,
    ConnectionInfo, Event, FinishRequest, ForkedWorker, Handle, Handled, Job, Limit, Linger, LogObserver,
    MixIn, Observer, Outcome, PeerAddress, Refusal, Refusals, Runs, Sequential, Server, ServerBuilder,
    ServerError, ServerHooks, Session, ShutdownReport, Signals, Stats, Tcp, TcpServer, Ticket, Timeouts,
    Transport, Udp, UdpServer, UnixDatagram, UnixDatagramServer, UnixStream, UnixStreamServer, Worker,
    WorkerPhase, WorkerProcess, WorkerSettings,
};
#[cfg(feature = "framing")]
pub use socketserver_framing as framing;
pub use socketserver_handlers::{
    BaseRequestHandler, Buffers, Context, DEFAULT_BUFFER_SIZE, DatagramContext, DatagramRequestHandler,
    HandlerError, HandlerFn, HandlerResult, KeepAlive, KeepAliveRequestHandler, Panicked, Progress,
    RequestHandlerClass, RequestSpan, RequestSpans, ServerControl, ServerRef, StreamContext, StreamReader,
    StreamRequestHandler, StreamWriter, TooManyHandshakes, guarded, kind,
};
pub use socketserver_mixins::{ForkingMixIn, PreforkMixIn, ReactorMixIn, ThreadPoolMixIn, ThreadingMixIn};
pub use socketserver_net::{
    self as net, Activity, Address, Connection, Datagram, DatagramRequest, Deadline, FirstWord, Request,
    Socket, StreamRequest, TcpStream, TimedOut, Traffic, UdpSocket, UnixAddress, Wire, is_disconnect,
};
pub use socketserver_sys::{Child, adopt_fd};

/// The porting guide, so that its programs are compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/porting.md")]
mod porting_guide {}

/// The page about observers, likewise.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/observing.md")]
mod observing {}

/// The tutorial's chapters, for the same reason.
#[cfg(doctest)]
mod tutorial {
    #[doc = include_str!("../../../docs/tutorial/01-client-and-server.md")]
    mod chapter_01 {}
    #[doc = include_str!("../../../docs/tutorial/02-the-handshake.md")]
    mod chapter_02 {}
    #[doc = include_str!("../../../docs/tutorial/03-sockets.md")]
    mod chapter_03 {}
    #[doc = include_str!("../../../docs/tutorial/04-the-first-server.md")]
    mod chapter_04 {}
    #[doc = include_str!("../../../docs/tutorial/05-the-loop.md")]
    mod chapter_05 {}
    #[doc = include_str!("../../../docs/tutorial/06-udp.md")]
    mod chapter_06 {}
    #[doc = include_str!("../../../docs/tutorial/07-sticky-packets.md")]
    mod chapter_07 {}
    #[cfg(feature = "framing")]
    #[doc = include_str!("../../../docs/tutorial/08-framing-and-remote-commands.md")]
    mod chapter_08 {}
    #[cfg(feature = "auth")]
    #[doc = include_str!("../../../docs/tutorial/09-hmac.md")]
    mod chapter_09 {}
    #[doc = include_str!("../../../docs/tutorial/10-socketserver.md")]
    mod chapter_10 {}
}
