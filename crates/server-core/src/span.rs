//! Telling of each request of a keep-alive connection.

use crate::{Event, Outcome, core::Core};
use socketserver_handlers::{HandlerError, RequestSpan, RequestSpans};
use socketserver_net::{Address, Traffic};
use std::time::Instant;

/// One connection whose begin has been told.
pub(crate) struct ConnectionSpan<'a> {
    pub(crate) core: &'a Core,
    pub(crate) id: u64,
    pub(crate) peer: &'a Address,
}

impl RequestSpans for ConnectionSpan<'_> {
    fn started(&self) -> RequestSpan {
        let id = self.core.next_id();
        self.core.emit(&Event::RequestStarted { id, connection: Some(self.id), peer: self.peer });
        RequestSpan { id, started: Instant::now() }
    }

    fn ended(
        &self,
        RequestSpan { id, started }: RequestSpan,
        error: Option<&HandlerError>,
        traffic: Traffic,
    ) {
        self.core.emit(&Event::RequestEnded {
            id,
            connection: Some(self.id),
            peer: self.peer,
            outcome: error.map_or(Outcome::Completed, Outcome::of),
            forced: self.core.is_forced(self.id),
            duration: started.elapsed(),
            traffic,
        });
    }
}
