//! What a server has to do, and where it listens.

use crate::Error;
use std::{fmt, str::FromStr};

/// The length of a request and of its reply in bytes, where it is fixed.
pub const SIZE: usize = 64;

/// The length of a pipelined line in bytes, with its end.
pub const LINE: usize = 32;

/// What a server does for its clients. It always gives back what it gets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// [`SIZE`] bytes at a time, as long as the connection lasts.
    Echo,
    /// [`SIZE`] bytes, then it closes the connection.
    Once,
    /// Lines; replies are sent when no further input is at hand.
    Lines,
    /// Datagrams.
    Datagrams,
}

/// Where a server listens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// TCP, or UDP for datagrams, on the loopback interface.
    Inet,
    /// A Unix stream socket.
    Unix,
}

const WORKS: [(&str, Work); 4] =
    [("echo", Work::Echo), ("once", Work::Once), ("lines", Work::Lines), ("datagrams", Work::Datagrams)];
const PLACES: [(&str, Place); 2] = [("inet", Place::Inet), ("unix", Place::Unix)];

fn find<T: Copy>(list: &[(&str, T)], text: &str) -> Result<T, Error> {
    let found = list.iter().find(|(name, _)| *name == text);
    Ok(found
        .ok_or_else(|| format!("not one of {:?}: {text}", list.iter().map(|it| it.0).collect::<Vec<_>>()))?
        .1)
}

fn name<T: PartialEq>(list: &[(&'static str, T)], value: &T) -> &'static str {
    list.iter().find(|(_, it)| it == value).map_or("", |(name, _)| name)
}

impl FromStr for Work {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        find(&WORKS, text)
    }
}
impl FromStr for Place {
    type Err = Error;
    fn from_str(text: &str) -> Result<Self, Error> {
        find(&PLACES, text)
    }
}
impl fmt::Display for Work {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name(&WORKS, self))
    }
}
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(name(&PLACES, self))
    }
}
