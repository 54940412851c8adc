//! What a handler talks through, and a client too: streams and datagrams with the vocabulary of Python's `socket`.
//!
//! | Python | here |
//! |---|---|
//! | a socket object, `s.recv`, `s.sendall`, `s.settimeout` … | [`Socket`], reached through [`TcpStream`], [`UnixStream`], [`UdpSocket`], [`UnixDatagram`] |
//! | an address: a tuple, a path, `''`, `None` | [`SocketAddr`](std::net::SocketAddr), [`UnixAddress`], and [`Address`] for any of them |
//! | `request`, as a server hands it to a handler | [`Request`]; [`StreamRequest`] if it is a byte stream, [`DatagramRequest`] if it is a datagram |
//! | `self.connection` | [`Connection`]: any byte stream, whatever its type, over one shared descriptor |
//! | `TimeoutError` | [`TimedOut`], which says which time limit it was |
//!
//! Time limits cost no system call: a read with one is tried first without blocking, and waits in poll(2) only if there is
//! nothing to read yet.
#![forbid(unsafe_code)]

mod activity;
mod address;
mod connection;
mod datagram;
mod disconnect;
mod handshake;
mod patience;
mod raw;
mod request;
mod room_wait;
mod shown;
mod socket;
mod stream;
mod time;
mod udp;
mod unread;
mod waiting;
mod wire;

pub use activity::{Activity, Next};
pub use address::{Address, UnixAddress};
pub use connection::Connection;
pub use datagram::{Datagram, DatagramAddress, DatagramSource};
pub use disconnect::is_disconnect;
pub use handshake::FirstWord;
pub use request::{DatagramRequest, Request, StreamRequest};
pub use shown::Shown;
pub use socket::Socket;
pub use stream::{TcpStream, UnixStream};
pub use time::{Deadline, TimedOut};
pub use udp::{UdpSocket, UnixDatagram};
pub use unread::{Discarded, Unread};
pub use waiting::before_waiting;
pub use wire::{Traffic, Wire};

/// The crate through which [`Socket::setsockopt`] and [`Socket::getsockopt`] are typed.
pub use socket2;
