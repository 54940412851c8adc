//! Where a socket that was shut down doesn't listen again.

use super::unsupported;
use socket2::Socket;
use socketserver_sys::Child;
use std::{io, net::SocketAddr, os::fd::OwnedFd};

#[derive(Debug, Default)]
pub(crate) struct Port;

const WHY: &str = "on this system a port can't be closed for a while";

impl Port {
    pub(crate) fn bound_to(_number: u16) -> Self {
        Port
    }
    pub(crate) fn shared(&self) -> Self {
        Port
    }
    pub(crate) fn is_closed(&self, _listener: &Socket) -> io::Result<bool> {
        Ok(false)
    }
    pub(crate) fn listens(&self, _request_queue_size: i32) {}
    pub(crate) fn hold(&self, _listener: &Socket, _hold: bool) -> io::Result<()> {
        Err(unsupported(WHY))
    }
    pub(crate) fn close(&self, _listener: &Socket, _address: SocketAddr) -> io::Result<()> {
        Err(unsupported(WHY))
    }
    pub(crate) fn reopen(&self, _listener: &Socket, _address: SocketAddr) -> io::Result<()> {
        Err(unsupported(WHY))
    }
    pub(crate) fn has_kept(&self) -> bool {
        false
    }
    pub(crate) fn take_kept(&self) -> Option<(OwnedFd, SocketAddr)> {
        None
    }
    pub(crate) fn leave_to_worker(&self) {}
    pub(crate) fn close_in_child(&self, _child: &Child) {}
}
