//! Ways to write a handler, and what a handler may ask of its server.
//!
//! | Write | if a request is | and you want |
//! |---|---|---|
//! | [`StreamRequestHandler`] | a connection | files: [`rfile`](StreamContext::rfile) and [`wfile`](StreamContext::wfile) |
//! | [`KeepAliveRequestHandler`] | a connection that brings one request after another | one call per request, so that an idle connection needs no thread |
//! | [`DatagramRequestHandler`] | a datagram | [`packet`](DatagramContext::packet) and a reply in [`wfile`](DatagramContext::wfile) |
//! | [`BaseRequestHandler`] | anything | the bare [`Request`](socketserver_net::Request) |
//! | a closure, by [`HandlerFn`] | a connection or a datagram | ten lines |
//!
//! A handler is made for each request (each connection, each datagram), lives where the request runs, and is dropped
//! after it. Its calls come in Python's order: `setup`, `handle`, `finish`.
//!
//! This crate knows no server. It is below it because only the crate that owns [`RequestHandlerClass`] may implement it for
//! every type that implements one of the traits above; Python has the same order, where a handler class knows nothing of
//! the server that it will run under.
#![forbid(unsafe_code)]

mod base;
mod class;
mod closure;
mod datagram;
mod error;
mod factory;
mod handshake;
mod keep_alive;
mod reader;
mod server_ref;
mod span;
mod stream;
mod writer;

pub use base::{BaseRequestHandler, Context};
pub use class::{HandlerClass, HandlerSession, Progress, RequestHandlerClass, erase, kind};
pub use closure::HandlerFn;
pub use datagram::{DatagramContext, DatagramRequestHandler};
pub use error::{HandlerError, HandlerResult, Panicked, guarded};
#[doc(hidden)]
pub use error::{dropped, first_error};
pub use factory::{ByDefault, FromFn, HandlerFactory};
pub use handshake::{Handshaking, TooManyHandshakes};
pub use keep_alive::{KeepAlive, KeepAliveRequestHandler};
pub use reader::{Buffers, StreamReader};
pub use server_ref::{ServerControl, ServerRef};
pub use span::{RequestSpan, RequestSpans};
pub use stream::{StreamContext, StreamRequestHandler};
pub use writer::StreamWriter;

/// The size of a buffered `rfile` or `wfile` in bytes, as in Python (`io.DEFAULT_BUFFER_SIZE`): 8192.
pub const DEFAULT_BUFFER_SIZE: usize = 8192;
