//! The states of an end, by the segments that it sends and receives: RFC 9293, 3.3.2.

use crate::capture::Segment;

/// After an end in `state` has sent `segment`. The names are those of `ss`.
pub(crate) fn sent(state: &'static str, segment: &Segment) -> &'static str {
    match state {
        "CLOSED" if segment.has('S') => "SYN-SENT",
        "LISTEN" if segment.has('S') => "SYN-RECV",
        "ESTAB" if segment.has('F') => "FIN-WAIT-1",
        "CLOSE-WAIT" if segment.has('F') => "LAST-ACK",
        _ => state,
    }
}

/// After an end in `state` has received `segment`.
pub(crate) fn received(state: &'static str, segment: &Segment) -> &'static str {
    match state {
        _ if segment.has('R') => "CLOSED",
        "LISTEN" if segment.has('S') => "LISTEN", // it changes as it answers
        "SYN-SENT" if segment.has('S') && segment.has('.') => "ESTAB",
        "SYN-RECV" if segment.has('.') => "ESTAB",
        "ESTAB" if segment.has('F') => "CLOSE-WAIT",
        "FIN-WAIT-1" if segment.has('F') && segment.has('.') => "TIME-WAIT", // its own FIN is confirmed with it
        "FIN-WAIT-1" if segment.has('.') => "FIN-WAIT-2",
        "FIN-WAIT-2" if segment.has('F') => "TIME-WAIT",
        "LAST-ACK" if segment.has('.') => "CLOSED",
        _ => state,
    }
}
