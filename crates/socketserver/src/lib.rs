#![doc = include_str!("../../../README.md")]
//!
//! # Where things are
//!
//! All that most programs need is in the [`prelude`]. What a handler talks through, and a client too, is in [`net`].
#![forbid(unsafe_code)]

mod aliases;
pub mod prelude;

pub use aliases::*;
pub use socketserver_core::*;
pub use socketserver_handlers::*;
pub use socketserver_mixins::*;
pub use socketserver_net::{
    self as net, Address, Connection, Datagram, DatagramRequest, Deadline, Request, Socket, StreamRequest, TcpStream,
    TimedOut, Traffic, UdpSocket, UnixAddress, Wire, is_disconnect,
};
pub use socketserver_sys::adopt_fd;
