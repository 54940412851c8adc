//! The states of sockets, as the kernel tells them in `/proc/net/tcp`, by the names that `ss` gives them.

use examples_support::Result;
use std::{
    collections::HashSet,
    fs,
    net::{Ipv4Addr, SocketAddr},
    thread,
    time::{Duration, Instant},
};

/// By their numbers, from 1.
const NAMES: [&str; 12] = [
    "ESTAB",
    "SYN-SENT",
    "SYN-RECV",
    "FIN-WAIT-1",
    "FIN-WAIT-2",
    "TIME-WAIT",
    "CLOSE",
    "CLOSE-WAIT",
    "LAST-ACK",
    "LISTEN",
    "CLOSING",
    "SYN-RECV",
];

/// A socket.
#[derive(Debug, PartialEq)]
pub(crate) struct Row {
    pub(crate) local: SocketAddr,
    pub(crate) remote: SocketAddr,
    pub(crate) state: &'static str,
    /// What it has said, and the other end hasn't confirmed, in bytes; a FIN counts as one.
    pub(crate) unconfirmed: u64,
}

/// The sockets between `server` and `client`, and the one that listens at `server`, when all that either has said is confirmed: until
/// then states pass too fast to be seen. For one that is `stuck` that won't be.
pub(crate) fn settled(
    server: SocketAddr,
    client: Option<SocketAddr>,
    stuck: Option<SocketAddr>,
) -> Result<Vec<Row>> {
    let patience = Instant::now() + Duration::from_secs(10);
    loop {
        let mut rows = rows()?;
        rows.retain(|row| {
            (row.local == server && (row.state == "LISTEN" || Some(row.remote) == client))
                || (Some(row.local) == client && row.remote == server)
        });
        // The system tells the table piece by piece, and begins a piece anew where others come and go meanwhile.
        let mut seen = HashSet::new();
        rows.retain(|row| seen.insert((row.local, row.remote)));
        // The one that listens first: it was there first.
        rows.sort_by_key(|row| row.state != "LISTEN");
        let moves = |row: &Row| match row.state {
            "LISTEN" => false,
            "SYN-RECV" => true,
            _ => row.unconfirmed > 0 && Some(row.local) != stuck,
        };
        if !rows.iter().any(moves) || Instant::now() >= patience {
            return Ok(rows);
        }
        thread::sleep(Duration::from_millis(1));
    }
}

fn rows() -> Result<Vec<Row>> {
    let table = fs::read_to_string("/proc/net/tcp").map_err(|error| format!("/proc/net/tcp: {error}"))?;
    Ok(table.lines().skip(1).filter_map(row).collect())
}

/// `sl local_address rem_address st tx_queue:rx_queue …`, all in hexadecimal.
fn row(line: &str) -> Option<Row> {
    let mut fields = line.split_whitespace().skip(1);
    let (local, remote) = (address(fields.next()?)?, address(fields.next()?)?);
    let state = usize::from_str_radix(fields.next()?, 16).ok()?;
    let (unconfirmed, _) = fields.next()?.split_once(':')?;
    Some(Row {
        local,
        remote,
        state: NAMES.get(state.checked_sub(1)?)?,
        unconfirmed: u64::from_str_radix(unconfirmed, 16).ok()?,
    })
}

/// `0100007F:1F90`: the IP address as the machine keeps a number that was sent, the port as a number.
fn address(text: &str) -> Option<SocketAddr> {
    let (ip, port) = text.split_once(':')?;
    let ip = Ipv4Addr::from(u32::from_str_radix(ip, 16).ok()?.to_ne_bytes());
    Some((ip, u16::from_str_radix(port, 16).ok()?).into())
}
