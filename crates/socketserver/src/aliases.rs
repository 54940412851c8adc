//! A server's type in one word: transport and mix-in.

use crate::{
    ForkingMixIn, PreforkMixIn, ReactorMixIn, TcpServer, ThreadPoolMixIn, ThreadingMixIn, UdpServer,
    UnixDatagramServer, UnixStreamServer,
};

/// A TCP server with a thread for each connection. Python: `ThreadingTCPServer`.
pub type ThreadingTcpServer<H, S = ()> = TcpServer<H, ThreadingMixIn, S>;
/// A UDP server with a thread for each datagram. Python: `ThreadingUDPServer`.
pub type ThreadingUdpServer<H, S = ()> = UdpServer<H, ThreadingMixIn, S>;
/// A Unix stream server with a thread for each connection. Python: `ThreadingUnixStreamServer`.
pub type ThreadingUnixStreamServer<H, S = ()> = UnixStreamServer<H, ThreadingMixIn, S>;
/// A Unix datagram server with a thread for each datagram. Python: `ThreadingUnixDatagramServer`.
pub type ThreadingUnixDatagramServer<H, S = ()> = UnixDatagramServer<H, ThreadingMixIn, S>;

/// A TCP server with a pool of threads, each of which accepts and serves. Python: nothing of the kind.
pub type ThreadPoolTcpServer<H, S = ()> = TcpServer<H, ThreadPoolMixIn, S>;
/// A UDP server with a pool of threads, each of which receives and serves. Python: nothing of the kind.
pub type ThreadPoolUdpServer<H, S = ()> = UdpServer<H, ThreadPoolMixIn, S>;
/// A Unix stream server with a pool of threads, each of which accepts and serves. Python: nothing of the kind.
pub type ThreadPoolUnixStreamServer<H, S = ()> = UnixStreamServer<H, ThreadPoolMixIn, S>;
/// A Unix datagram server with a pool of threads, each of which receives and serves. Python: nothing of the kind.
pub type ThreadPoolUnixDatagramServer<H, S = ()> = UnixDatagramServer<H, ThreadPoolMixIn, S>;

/// A TCP server with a child process for each connection. Python: `ForkingTCPServer`.
pub type ForkingTcpServer<H, S = ()> = TcpServer<H, ForkingMixIn, S>;
/// A UDP server with a child process for each datagram. Python: `ForkingUDPServer`.
pub type ForkingUdpServer<H, S = ()> = UdpServer<H, ForkingMixIn, S>;
/// A Unix stream server with a child process for each connection. Python: `ForkingUnixStreamServer`.
pub type ForkingUnixStreamServer<H, S = ()> = UnixStreamServer<H, ForkingMixIn, S>;
/// A Unix datagram server with a child process for each datagram. Python: `ForkingUnixDatagramServer`.
pub type ForkingUnixDatagramServer<H, S = ()> = UnixDatagramServer<H, ForkingMixIn, S>;

/// A TCP server of several processes, each of which accepts and serves by a pool of threads. Python: nothing of the kind.
pub type PreforkTcpServer<H, S = ()> = TcpServer<H, PreforkMixIn, S>;
/// A UDP server of several processes, each of which receives and serves by a pool of threads. Python: nothing of the kind.
pub type PreforkUdpServer<H, S = ()> = UdpServer<H, PreforkMixIn, S>;
/// A Unix stream server of several processes, each of which accepts and serves by a pool of threads. Python: nothing of the kind.
pub type PreforkUnixStreamServer<H, S = ()> = UnixStreamServer<H, PreforkMixIn, S>;
/// A Unix datagram server of several processes, each of which receives and serves by a pool of threads. Python: nothing of the kind.
pub type PreforkUnixDatagramServer<H, S = ()> = UnixDatagramServer<H, PreforkMixIn, S>;

/// A TCP server for keep-alive handlers, whose connections need no thread between two requests. Python: nothing of the kind.
pub type ReactorTcpServer<H, S = ()> = TcpServer<H, ReactorMixIn, S>;
/// A Unix stream server for keep-alive handlers, whose connections need no thread between two requests. Python: nothing of the kind.
pub type ReactorUnixStreamServer<H, S = ()> = UnixStreamServer<H, ReactorMixIn, S>;
