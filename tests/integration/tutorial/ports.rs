//! The ports and the folder that a session has for itself, and the names that a chapter gives them.

use std::{
    collections::BTreeSet,
    net::{TcpListener, UdpSocket},
    path::Path,
    process,
    sync::Mutex,
};
use tempfile::TempDir;

/// What a chapter calls things, and what they are now.
pub(super) struct Places {
    ports: Vec<(String, String)>,
    folder: TempDir,
}

impl Places {
    /// Free ports for those in `text`.
    pub(super) fn of(text: &str) -> Self {
        let numbers: BTreeSet<_> =
            pieces(text).filter(|it| it.starts_with(|c: char| c.is_ascii_digit())).collect();
        let is_named = |it: &&str| matches!(it.parse(), Ok(8080_u16..=8089 | 9000..=9009));
        let ports = numbers.iter().copied().filter(is_named);
        let ports = ports.map(|port| (port.to_owned(), free_port(&numbers))).collect();
        Places { ports, folder: tempfile::tempdir().expect("a folder") }
    }

    pub(super) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A command of the chapter as it is to be run.
    pub(super) fn now(&self, command: &str) -> String {
        let moved = command.replace("/tmp/", &format!("{}/", self.folder().display()));
        replace(&moved, self.ports.iter().map(|(shown, now)| (&**shown, &**now)))
    }

    /// What was printed, as the chapter is to show it.
    pub(super) fn shown(&self, line: &str) -> String {
        let moved = line.replace(&format!("{}/", self.folder().display()), "/tmp/");
        replace(&moved, self.ports.iter().map(|(shown, now)| (&**now, &**shown)))
    }
}

/// Whole numbers only.
fn replace<'a>(text: &str, pairs: impl Iterator<Item = (&'a str, &'a str)> + Clone) -> String {
    pieces(text)
        .map(|piece| pairs.clone().find(|(from, _)| *from == piece).map_or(piece, |(_, to)| to))
        .collect()
}

/// Numbers, and what is between them.
pub(super) fn pieces(text: &str) -> impl Iterator<Item = &str> {
    text.as_bytes().chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()).scan(0, move |at, piece| {
        let from = *at;
        *at += piece.len();
        Some(&text[from..*at])
    })
}

/// A port of four digits, as those in the chapters, so that columns stay as they are; none that is in the text already, so that the way
/// back is clear. They are below those that the system gives to clients.
pub(super) fn free_port(in_text: &BTreeSet<&str>) -> String {
    static TAKEN: Mutex<BTreeSet<u32>> = Mutex::new(BTreeSet::new());
    let is_free = |port: u32| {
        let port = port.try_into().expect("four digits");
        TcpListener::bind(("0.0.0.0", port)).is_ok() && UdpSocket::bind(("0.0.0.0", port)).is_ok()
    };
    let mut taken = TAKEN.lock().expect("nobody fails with it");
    // Test programs that run at the same time start at different places.
    let mut all = (0..6000).map(|step| 2000 + (process::id() * 37 + step) % 6000);
    let found =
        all.find(|port| !in_text.contains(&*port.to_string()) && !taken.contains(port) && is_free(*port));
    let port = found.expect("a port is free");
    taken.insert(port);
    port.to_string()
}
