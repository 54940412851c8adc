//! `use socketserver::prelude::*;` brings what most programs need, and the traits of [`std::io`] that `rfile` and `wfile` are used by.

pub use crate::{
    BaseRequestHandler, BaseServer, Context, DatagramContext, DatagramRequestHandler, ForkingTcpServer,
    ForkingUdpServer, ForkingUnixDatagramServer, ForkingUnixStreamServer, Handle, HandlerResult, KeepAlive,
    KeepAliveRequestHandler, Limit, PreforkTcpServer, PreforkUdpServer, PreforkUnixDatagramServer,
    PreforkUnixStreamServer, ReactorTcpServer, ReactorUnixStreamServer, ServerError, ServerHooks,
    StreamContext, StreamRequestHandler, Tcp, TcpServer, TcpStream, ThreadPoolTcpServer, ThreadPoolUdpServer,
    ThreadPoolUnixDatagramServer, ThreadPoolUnixStreamServer, ThreadingTcpServer, ThreadingUdpServer,
    ThreadingUnixDatagramServer, ThreadingUnixStreamServer, Udp, UdpServer, UnixDatagram, UnixDatagramServer,
    UnixStream, UnixStreamServer,
};
#[cfg(feature = "framing")]
pub use socketserver_framing::FramedContext;
pub use std::io::{BufRead, Read, Write};
