//! What handlers may ask of their server; in a child that was forked for one request, of a copy to which the parent says whether it drains.

use super::Core;
use socketserver_handlers::ServerControl;
use socketserver_net::Address;
use socketserver_sys::SharedWords;
use std::{
    sync::{
        Arc,
        atomic::Ordering::{Relaxed, SeqCst},
    },
    time::Duration,
};

impl ServerControl for Core {
    fn is_draining(&self) -> bool {
        let is_told = || self.told_by_parent.get().is_some_and(|told| told[0].load(SeqCst) != 0);
        self.draining.load(SeqCst) || self.is_child() && is_told()
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
        self.handshakes.begin()
    }
    fn end_handshake(&self) {
        self.handshakes.end();
    }
}

impl Core {
    /// From now on this is a forked child's copy.
    pub(crate) fn enter_child(&self, told: Option<Arc<SharedWords>>) {
        self.in_child.store(true, Relaxed);
        if let Some(told) = told {
            let _ = self.told_by_parent.set(told); // it has one parent
        }
    }

    pub(crate) fn is_child(&self) -> bool {
        self.in_child.load(Relaxed)
    }
}
