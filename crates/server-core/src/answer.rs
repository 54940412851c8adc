//! A list of connections, as one process tells it to another.

use crate::ConnectionInfo;
use socketserver_net::{Activity, Address, Traffic, UnixAddress};
use std::{ffi::OsStr, os::unix::ffi::OsStrExt, time::Duration};

/// Before each connection, and at the end: what comes without an end has been cut off.
const NEXT: u8 = 1;
const END: u8 = 2;

const INET: u8 = 0;
const UNNAMED: u8 = 1;
const PATH: u8 = 2;
const ABSTRACT: u8 = 3;
const UNBOUND: u8 = 4;
const OTHER: u8 = 5;

/// What the shortest connection takes.
#[cfg(any(test, fuzzing))]
pub(crate) const LEAST: usize = 1 + 6 * 8 + 1 + 8;

pub(crate) fn write(list: &[ConnectionInfo]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(64 * list.len() + 1);
    for it in list {
        bytes.push(NEXT);
        let age = u64::try_from(it.age.as_nanos()).unwrap_or(u64::MAX);
        let pid = it.pid.and_then(|pid| u64::try_from(pid).ok()).unwrap_or(0);
        let activity = match it.activity {
            Activity::Idle => 1,
            Activity::Handshaking => 2,
            _ => 0,
        };
        for number in [it.id, age, it.traffic.bytes_in, it.traffic.bytes_out, activity, pid] {
            bytes.extend_from_slice(&number.to_ne_bytes());
        }
        let text;
        let (kind, name): (u8, &[u8]) = match &it.peer {
            Address::Inet(address) => {
                text = address.to_string();
                (INET, text.as_bytes())
            }
            Address::Unix(UnixAddress::Unnamed) => (UNNAMED, b""),
            Address::Unix(UnixAddress::Path(path)) => (PATH, path.as_os_str().as_bytes()),
            Address::Unix(UnixAddress::Abstract(name)) => (ABSTRACT, name),
            Address::Unbound => (UNBOUND, b""),
            other => {
                text = other.to_string();
                (OTHER, text.as_bytes())
            }
        };
        bytes.push(kind);
        bytes.extend_from_slice(&(name.len() as u64).to_ne_bytes());
        bytes.extend_from_slice(name);
    }
    bytes.push(END);
    bytes
}

/// `None` if it isn't whole.
pub(crate) fn read(mut bytes: &[u8]) -> Option<Vec<ConnectionInfo>> {
    let mut list = Vec::new();
    while take(&mut bytes, 1)? == [NEXT] {
        let mut number = || Some(u64::from_ne_bytes(take(&mut bytes, 8)?.try_into().ok()?));
        let (id, age) = (number()?, Duration::from_nanos(number()?));
        let traffic = Traffic { bytes_in: number()?, bytes_out: number()? };
        let activity = match number()? {
            1 => Activity::Idle,
            2 => Activity::Handshaking,
            _ => Activity::InRequest,
        };
        let pid = i32::try_from(number()?).ok().filter(|pid| *pid != 0);
        let [kind] = *take(&mut bytes, 1)? else { return None };
        let length = u64::from_ne_bytes(take(&mut bytes, 8)?.try_into().ok()?);
        let peer = address(kind, take(&mut bytes, usize::try_from(length).ok()?)?)?;
        list.push(ConnectionInfo { id, peer, age, traffic, activity, pid });
    }
    bytes.is_empty().then_some(list)
}

fn take<'a>(bytes: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(count)?;
    *bytes = rest;
    Some(taken)
}

fn address(kind: u8, name: &[u8]) -> Option<Address> {
    let text = || std::str::from_utf8(name).ok();
    Some(match kind {
        INET => Address::Inet(text()?.parse().ok()?),
        UNNAMED => Address::Unix(UnixAddress::Unnamed),
        PATH => Address::Unix(UnixAddress::Path(OsStr::from_bytes(name).into())),
        ABSTRACT => Address::Unix(UnixAddress::Abstract(name.to_vec())),
        UNBOUND => Address::Unbound,
        _ => Address::Other(text()?.into()),
    })
}

#[cfg(test)]
#[path = "answer/tests.rs"]
mod tests;
