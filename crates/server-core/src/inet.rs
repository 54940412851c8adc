//! TCP and UDP: what they have in common is how they are bound.

mod tcp;
mod udp;

pub use tcp::Tcp;
pub use udp::Udp;

use crate::{AddressFamily, BindOptions, ServerError, error::written};
use socket2::{Domain, SockRef, Type};
use std::{
    fmt::Debug,
    io,
    net::{SocketAddr, ToSocketAddrs},
};

/// Binds to the first of the addresses that can be bound. Gives the port that was asked for, too, which may be 0.
fn bind_first<A: ToSocketAddrs + Debug>(
    address: A,
    kind: Type,
    reuse_address: bool,
    options: &BindOptions,
) -> Result<(socket2::Socket, SocketAddr, u16), ServerError> {
    let unresolved = |source| ServerError::Resolve { address: written(&address), source };
    let mut candidates: Vec<_> = address.to_socket_addrs().map_err(unresolved)?.collect();
    match options.address_family {
        Some(family) => candidates.retain(|it| it.is_ipv6() == (family == AddressFamily::Inet6)),
        None if options.dual_stack == Some(true) => candidates.sort_by_key(SocketAddr::is_ipv4),
        None => candidates.sort_by_key(SocketAddr::is_ipv6),
    }
    let mut failed = None;
    for candidate in candidates {
        match bind_one(candidate, kind, reuse_address, options) {
            Ok((socket, address)) => return Ok((socket, address, candidate.port())),
            Err(source) => failed = Some(ServerError::Bind { address: candidate.to_string(), source }),
        }
    }
    let none = || io::Error::new(io::ErrorKind::InvalidInput, "no address of the wanted family");
    Err(failed.unwrap_or_else(|| unresolved(none())))
}

/// Binds one more socket to the address of `first`.
#[cfg(any(target_os = "linux", target_os = "android"))]
fn beside(
    first: &SockRef<'_>,
    address: SocketAddr,
    kind: Type,
    options: &BindOptions,
) -> io::Result<socket2::Socket> {
    first.set_reuse_port(true)?; // of a socket that is bound already, too
    let dual_stack = if address.is_ipv6() { Some(!first.only_v6()?) } else { None };
    let options = BindOptions { allow_reuse_port: true, dual_stack, ..options.clone() };
    bind_one(address, kind, kind == Type::STREAM, &options).map(|(socket, _)| socket)
}

/// Elsewhere SO_REUSEPORT, where there is one, gives all clients to one of the sockets.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
fn beside(_: &SockRef<'_>, _: SocketAddr, _: Type, _: &BindOptions) -> io::Result<socket2::Socket> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "only Linux spreads clients over several sockets"))
}

fn bind_one(
    address: SocketAddr,
    kind: Type,
    reuse_address: bool,
    options: &BindOptions,
) -> io::Result<(socket2::Socket, SocketAddr)> {
    let socket = socket2::Socket::new(Domain::for_address(address), kind, None)?;
    if let (Some(dual_stack), true) = (options.dual_stack, address.is_ipv6()) {
        socket.set_only_v6(!dual_stack)?;
    }
    options.apply(&socket, reuse_address)?;
    if kind == Type::STREAM {
        socket.set_nonblocking(true)?; // a client that resets before accept must not leave the loop waiting in it
    }
    socket.bind(&address.into())?;
    let address = socket.local_addr()?.as_socket().ok_or(io::ErrorKind::InvalidData)?;
    Ok((socket, address))
}
