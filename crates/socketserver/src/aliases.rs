//! A server's type in one word: transport and mix-in.

use crate::{ForkingMixIn, TcpServer, ThreadingMixIn, UdpServer, UnixDatagramServer, UnixStreamServer};

/// A TCP server with a thread for each connection. Python: `ThreadingTCPServer`.
pub type ThreadingTcpServer<H, S = ()> = TcpServer<H, ThreadingMixIn, S>;
/// A UDP server with a thread for each datagram. Python: `ThreadingUDPServer`.
pub type ThreadingUdpServer<H, S = ()> = UdpServer<H, ThreadingMixIn, S>;
/// A Unix stream server with a thread for each connection. Python: `ThreadingUnixStreamServer`.
pub type ThreadingUnixStreamServer<H, S = ()> = UnixStreamServer<H, ThreadingMixIn, S>;
/// A Unix datagram server with a thread for each datagram. Python: `ThreadingUnixDatagramServer`.
pub type ThreadingUnixDatagramServer<H, S = ()> = UnixDatagramServer<H, ThreadingMixIn, S>;

/// A TCP server with a child process for each connection. Python: `ForkingTCPServer`.
pub type ForkingTcpServer<H, S = ()> = TcpServer<H, ForkingMixIn, S>;
/// A UDP server with a child process for each datagram. Python: `ForkingUDPServer`.
pub type ForkingUdpServer<H, S = ()> = UdpServer<H, ForkingMixIn, S>;
/// A Unix stream server with a child process for each connection. Python: `ForkingUnixStreamServer`.
pub type ForkingUnixStreamServer<H, S = ()> = UnixStreamServer<H, ForkingMixIn, S>;
/// A Unix datagram server with a child process for each datagram. Python: `ForkingUnixDatagramServer`.
pub type ForkingUnixDatagramServer<H, S = ()> = UnixDatagramServer<H, ForkingMixIn, S>;
