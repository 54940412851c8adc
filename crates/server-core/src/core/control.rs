//! What handlers may ask of their server; in a child that was forked for one request, of a copy that knows of it by what both share.

use super::Core;
use socketserver_handlers::ServerControl;
use socketserver_net::Address;
use std::{process, sync::atomic::Ordering::SeqCst, time::Duration};

impl ServerControl for Core {
    fn is_draining(&self) -> bool {
        self.draining.load(SeqCst) || self.of_parent().is_some_and(|nursery| nursery.is_draining())
    }
    fn request_shutdown(&self) {
        self.request_stop(None);
    }
    fn server_address(&self) -> Address {
        self.address.clone()
    }
    fn request_timeout(&self) -> Option<Duration> {
        self.time_limits.request
    }
    fn idle_timeout(&self) -> Option<Duration> {
        self.time_limits.idle
    }
    fn handshake_timeout(&self) -> Option<Duration> {
        self.time_limits.handshake
    }
    fn begin_handshake(&self) -> bool {
        match self.of_parent() {
            Some(nursery) => nursery.begin_handshake(),
            None => self.handshakes.begin(),
        }
    }
    fn end_handshake(&self) {
        match self.of_parent() {
            Some(nursery) => drop(nursery.end_handshake(process::id())),
            None => self.handshakes.end(),
        }
    }
}
