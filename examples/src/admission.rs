//! Who is let in: the servers that ask for a key.

use crate::presence::leaves_within;
use socketserver::{
    Connection, HandlerResult, StreamContext,
    auth::{AuthError, Throttle, peer_network},
};
use std::{io, net::IpAddr, time::Instant};

/// Remembers who failed, slows them down, and counts.
#[derive(Debug, Default)]
pub struct Admission(Throttle<IpAddr>);

impl Admission {
    /// Has the client go through the handshake, for which it has as long as the server's `handshake_timeout`. Runs in the handler, so nobody else
    /// waits meanwhile; a client that failed before waits first, and is refused after too many failures. One that fails learns no more than
    /// that.
    ///
    /// # Errors
    /// For the server's log: why the client was not let in.
    pub fn admit<S, T>(
        &self,
        cx: &mut StreamContext<'_, S>,
        handshake: impl FnOnce(&mut &Connection) -> Result<T, AuthError>,
    ) -> HandlerResult<T> {
        let (Some(peer), Some(socket)) = (cx.client_address.as_inet(), cx.request.socket()) else {
            return Err(io::Error::from(io::ErrorKind::Unsupported).into());
        };
        let attempt = self.0.begin(&peer_network(peer.ip()), Instant::now())?;
        if !attempt.delay().is_zero() && leaves_within(socket, attempt.delay())? {
            return Err(io::Error::from(io::ErrorKind::ConnectionAborted).into()); // counts as failed
        }
        cx.handshake(|cx| match handshake(&mut &*cx.request) {
            Ok(admitted) => {
                attempt.succeeded();
                Ok(admitted)
            }
            Err(error) => {
                let failures = attempt.failed(Instant::now());
                let all = self.0.total_failed();
                Err(format!("{error}: {} (failure {failures} of this peer, {all} in all)", error.cause())
                    .into())
            }
        })
    }
}
