//! How a socket is made, before it is bound.

use socket2::SockRef;
use std::{fmt, io, sync::Arc};

/// Which addresses a name may stand for. Python: the server's `address_family`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AddressFamily {
    /// IPv4: `AF_INET`.
    Inet,
    /// IPv6: `AF_INET6`.
    Inet6,
}

type SetOptions = dyn Fn(&SockRef<'_>) -> io::Result<()> + Send + Sync;

/// What a [`Bind`](crate::Bind) implementation is told by the server's builder. Each value is set there, under the same name.
#[derive(Clone)]
#[non_exhaustive]
pub struct BindOptions {
    /// SO_REUSEADDR; `None` is the transport's own default.
    pub allow_reuse_address: Option<bool>,
    /// SO_REUSEPORT.
    pub allow_reuse_port: bool,
    /// The length in bytes beyond which a datagram is cut.
    pub max_packet_size: usize,
    /// How many datagrams are received by one system call, by a loop that is going to serve them all.
    pub prefetch: usize,
    /// Whether replies to datagrams that were received together are sent together.
    pub gather_replies: bool,
    /// Whether an IPv6 socket serves IPv4 clients too; `None` is the system's default.
    pub dual_stack: Option<bool>,
    /// Which addresses a host name may stand for; `None` is any, IPv4 first.
    pub address_family: Option<AddressFamily>,
    /// The user's own options.
    pub set_options: Option<Arc<SetOptions>>,
}

impl Default for BindOptions {
    fn default() -> Self {
        BindOptions {
            allow_reuse_address: None,
            allow_reuse_port: false,
            max_packet_size: 8192,
            prefetch: 16,
            gather_replies: false,
            dual_stack: None,
            address_family: None,
            set_options: None,
        }
    }
}

impl BindOptions {
    /// Applies what is common to all sockets. `reuse_address` is the transport's default.
    ///
    /// # Errors
    /// What setsockopt(2) reports, or the user's own function.
    pub fn apply(&self, socket: &socket2::Socket, reuse_address: bool) -> io::Result<()> {
        if self.allow_reuse_address.unwrap_or(reuse_address) {
            socket.set_reuse_address(true)?;
        }
        if self.allow_reuse_port {
            socket.set_reuse_port(true)?;
        }
        match &self.set_options {
            Some(set) => set(&SockRef::from(socket)),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for BindOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BindOptions")
            .field("allow_reuse_address", &self.allow_reuse_address)
            .field("allow_reuse_port", &self.allow_reuse_port)
            .field("max_packet_size", &self.max_packet_size)
            .field("prefetch", &self.prefetch)
            .field("gather_replies", &self.gather_replies)
            .field("dual_stack", &self.dual_stack)
            .field("address_family", &self.address_family)
            .finish_non_exhaustive()
    }
}
