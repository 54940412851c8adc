//! Where a server listens, and how its socket is set up.

use super::ServerBuilder;
use crate::AddressFamily;
use socket2::SockRef;
use std::{io, sync::Arc};

impl<T, H, M, S, F, FromM, FromS> ServerBuilder<T, H, M, S, F, FromM, FromS> {
    /// How many connections may wait to be accepted. Default: 1024 (Python: 5). The system may have a lower limit
    /// (`net.core.somaxconn`). More than `i32::MAX` is as much as that.
    pub fn request_queue_size(mut self, connections: u32) -> Self {
        self.options.request_queue_size = i32::try_from(connections).unwrap_or(i32::MAX);
        self
    }

    /// SO_REUSEADDR. Default: on for TCP, so that a server can be started again at once (Python: off), off for the others.
    pub fn allow_reuse_address(mut self, allow: bool) -> Self {
        self.options.bind.allow_reuse_address = Some(allow);
        self
    }

    /// SO_REUSEPORT: several sockets share the port. Default: off. Not possible on Unix sockets: binding fails then.
    pub fn allow_reuse_port(mut self, allow: bool) -> Self {
        self.options.bind.allow_reuse_port = allow;
        self
    }

    /// Whether a server on an IPv6 address such as `[::]:8080` serves IPv4 clients too, whose addresses then show as
    /// `[::ffff:127.0.0.1]:port`. Default: as the system has it (Linux: yes, unless `net.ipv6.bindv6only` is set; OpenBSD: never).
    pub fn dual_stack(mut self, on: bool) -> Self {
        self.options.bind.dual_stack = Some(on);
        self
    }

    /// Which addresses a host name may stand for. Default: any, IPv4 first (Python: IPv4 only, unless a subclass says else).
    pub fn address_family(mut self, family: AddressFamily) -> Self {
        self.options.bind.address_family = Some(family);
        self
    }

    /// Sets socket options before the socket is bound. Python: overriding `server_bind`.
    pub fn socket_options(
        mut self,
        set: impl Fn(&SockRef<'_>) -> io::Result<()> + Send + Sync + 'static,
    ) -> Self {
        self.options.bind.set_options = Some(Arc::new(set));
        self
    }
}
