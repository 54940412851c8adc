//! Events as lines of a log.

use super::Event;
use crate::Outcome;
use socketserver_net::Traffic;
use std::{fmt, time::Duration};

impl fmt::Display for Event<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Event::Serving { address } => write!(f, "serving on {address}"),
            Event::Stopped { address, duration, error: None, .. } => {
                write!(f, "stopped serving on {address} after {duration:?}")
            }
            Event::Stopped { address, duration, error: Some(error), .. } => {
                write!(f, "stopped serving on {address} after {duration:?}: {error}")
            }
            Event::ConnectionStarted { id, peer } => write!(f, "connection {id} from {peer}"),
            Event::ConnectionEnded { id, peer, outcome, forced, duration, traffic } => {
                write!(f, "connection {id} from {peer} ")?;
                ended(f, *outcome, *forced, *duration, *traffic)
            }
            Event::RequestStarted { id, connection: None, peer } => write!(f, "request {id} from {peer}"),
            Event::RequestStarted { id, connection: Some(connection), peer } => {
                write!(f, "request {id} of connection {connection} from {peer}")
            }
            Event::RequestEnded { id, connection, peer, outcome, forced, duration, traffic } => {
                match connection {
                    None => write!(f, "request {id} from {peer} ")?,
                    Some(connection) => write!(f, "request {id} of connection {connection} from {peer} ")?,
                }
                ended(f, *outcome, *forced, *duration, *traffic)
            }
            Event::CutOff { id, peer, discarded } => {
                write!(f, "connection {id} from {peer} was cut off, {discarded} bytes after the end")
            }
            Event::AcceptFailed { error, back_off: None } => {
                write!(f, "a client could not be accepted: {error}")
            }
            Event::AcceptFailed { error, back_off: Some(wait) } => {
                write!(f, "can't accept, trying again in {wait:?}: {error}")
            }
            Event::PortNotReopened { address, error } => {
                write!(f, "can't listen on {address} again: {error}")
            }
            Event::OutOfDescriptors { error } => write!(f, "clients are refused: {error}"),
            Event::ConnectionsHigh { active, limit: Some(limit) } => {
                write!(f, "{active} requests are in progress, of {limit} that may be")
            }
            Event::ConnectionsHigh { active, limit: None } => {
                write!(f, "{active} requests are in progress")
            }
            Event::HookPanicked { hook, message } => write!(f, "{hook} panicked: {message}"),
            Event::WorkersBusy { busy, for_how_long } => {
                write!(f, "all {busy} workers have been busy for {for_how_long:?}, clients wait")
            }
            Event::WorkersFree { after } => write!(f, "a worker is free again after {after:?}"),
            Event::ChildKilled { pid, peer } => {
                write!(f, "child process {pid}, which served {peer}, was ended by a signal")
            }
            Event::WorkerStarted { pid } => write!(f, "worker process {pid} started"),
            Event::WorkerEnded { pid, status, expected, back_off, lost } => {
                match status {
                    Some(status) => write!(f, "worker process {pid} ended with status {status}")?,
                    None => write!(f, "worker process {pid} was ended by a signal")?,
                }
                match lost {
                    0 => {}
                    1 => f.write_str(", with a request in progress")?,
                    lost => write!(f, ", with {lost} requests in progress")?,
                }
                match (expected, back_off) {
                    (true, _) => Ok(()),
                    (false, wait) if wait.is_zero() => write!(f, ", and is replaced"),
                    (false, wait) => write!(f, ", and is replaced in {wait:?}"),
                }
            }
            Event::WorkerHung { pid, silent_for } => {
                write!(f, "worker process {pid} has shown no sign of life for {silent_for:?} and is killed")
            }
            Event::WorkerNotStarted { error, back_off } => {
                write!(f, "can't start a worker, trying again in {back_off:?}: {error}")
            }
            Event::ForkWithThreads { threads } => {
                write!(
                    f,
                    "forking with {threads} threads alive: the child may hang on a lock that another one held"
                )
            }
        }
    }
}

fn ended(
    f: &mut fmt::Formatter<'_>,
    outcome: Outcome,
    forced: bool,
    duration: Duration,
    Traffic { bytes_in, bytes_out }: Traffic,
) -> fmt::Result {
    let forced = if forced { " by force" } else { "" };
    write!(f, "ended: {outcome:?}{forced} after {duration:?}, {bytes_in} bytes in, {bytes_out} out")
}
