//! What can be known of a connection from outside.

use socketserver_net::{Activity, Address, Traffic};
use std::time::Duration;

/// A connection in progress, as [`Handle::connections`](crate::Handle::connections) lists it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConnectionInfo {
    /// Its number, which no other request of this server has, in whichever process; that of the events, and what
    /// [`Handle::close_connection`](crate::Handle::close_connection) takes.
    pub id: u64,
    /// Who it is from.
    pub peer: Address,
    /// How long ago it was accepted.
    pub age: Duration,
    /// The bytes that have passed so far.
    pub traffic: Traffic,
    /// What it is doing. A connection without a socket beneath is always in a request.
    pub activity: Activity,
    /// The process that serves it, if it is another one: a child that was forked for it, a worker process.
    pub pid: Option<i32>,
}
