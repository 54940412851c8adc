//! What a server of the helper program told, and whether it adds up.

use crate::{
    subject::{self, Subject, children_of},
    util::wait_for,
};
use std::{collections::HashMap, fs, net::SocketAddr};

/// A server, and all that it has told.
pub(crate) struct Told {
    server: Subject,
    pub(crate) address: SocketAddr,
    lines: Vec<String>,
    /// Of which so many have been looked at.
    seen: usize,
    is_terminated: bool,
}

impl Told {
    pub(crate) fn by(mixin: &str, settings: &[&str]) -> Self {
        let server = subject::start(&[&["spans", mixin], settings].concat());
        let address = server.after("serving ").parse().unwrap();
        Told { server, address, lines: Vec::new(), seen: 0, is_terminated: false }
    }

    /// What was told since the last call until a line begins with `start`, each line without its numbers of connections and requests:
    /// `C+`, `R+`, `R- OUTCOME IN OUT`, `C- OUTCOME IN OUT`.
    #[track_caller]
    pub(crate) fn until(&mut self, start: &str) -> Vec<String> {
        while !self.lines[self.seen..].iter().any(|line| line.starts_with(start)) {
            let line = self.server.line();
            if !line.starts_with("S+") {
                self.lines.push(line);
            }
        }
        let told = self.lines[self.seen..].iter().map(|line| without_numbers(line)).collect();
        self.seen = self.lines.len();
        told
    }

    /// The rest of the next line that begins with `start`.
    #[track_caller]
    pub(crate) fn after(&mut self, start: &str) -> String {
        loop {
            let line = self.server.line();
            self.lines.push(line.clone());
            self.seen = self.lines.len();
            if let Some(rest) = line.strip_prefix(start) {
                return rest.to_owned();
            }
        }
    }

    /// Waits until its child waits, which has one thread.
    #[track_caller]
    pub(crate) fn wait_until_child_sleeps(&self) {
        let state = |pid| fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let is_asleep = |pid| state(pid).rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('S'));
        wait_for(
            "the child to wait",
            || matches!(children_of(self.server.pid())[..], [(pid, _)] if is_asleep(pid)),
        );
    }

    pub(crate) fn pid(&self) -> u32 {
        self.server.pid()
    }

    pub(crate) fn terminate(&mut self) {
        if !std::mem::replace(&mut self.is_terminated, true) {
            self.server.terminate(); // once: by the second it may have given up its signals
        }
    }

    /// Ends the server; all spans have ended then, once, within one another, and their ends are what was counted. With `lost` ends may be
    /// missing, of worker processes that were ended by force: these have failed. Gives how many ended by which of the [`REASONS`].
    #[track_caller]
    pub(crate) fn end(mut self, lost: bool) -> [u64; REASONS.len()] {
        self.terminate();
        let Told { server, mut lines, .. } = self;
        let (status, rest) = server.end();
        assert!(status.success(), "{status}: {rest:?}");
        lines.extend(rest);
        let mut count = Count::default();
        lines.iter().for_each(|line| count.add(line));
        assert!(lost || count.open.is_empty(), "{:?} in {lines:#?}", count.open);
        let lost = count.open.iter().filter(|(_, connection)| connection.is_none()).count() as u64;
        count.fields[2] += lost;
        count.fields[8] += lost;
        let stats = lines.iter().find_map(|line| line.strip_prefix("stats ")).expect("the counts");
        assert_eq!(numbers(stats), count.fields, "{lines:#?}");
        let reasons = lines.iter().find_map(|line| line.strip_prefix("reasons ")).expect("the reasons");
        assert_eq!(numbers(reasons), count.reasons, "{lines:#?}");
        let stopped = lines.iter().filter_map(|line| line.strip_prefix("S- ")).collect::<Vec<_>>();
        assert_eq!(stopped, [format!("false {}", count.fields[0])], "{lines:#?}");
        count.reasons
    }
}

fn numbers(text: &str) -> Vec<u64> {
    text.split(' ').map(|it| it.parse().unwrap()).collect()
}

fn without_numbers(line: &str) -> String {
    let parts: Vec<_> = line.split(' ').collect();
    match parts[..] {
        ["C-", _, outcome, bytes_in, bytes_out] => format!("C- {outcome} {bytes_in} {bytes_out}"),
        ["R-", _, _, outcome, bytes_in, bytes_out] => format!("R- {outcome} {bytes_in} {bytes_out}"),
        _ => parts[0].to_owned(),
    }
}

/// The names of [`Count::reasons`].
pub(crate) const REASONS: [&str; 13] = [
    "TimedOut(Read)",
    "TimedOut(Write)",
    "TimedOut(Handshake)",
    "TimedOut(Idle)",
    "TimedOut(Request)",
    "Refused(VerifyRequest)",
    "Refused(MaxConnections)",
    "Refused(WaitedTooLong)",
    "Refused(MaxConnectionsPerPeer)",
    "Refused(QueueFull)",
    "Refused(Draining)",
    "Refused(MaxHandshakes)",
    "Refused(NoDescriptor)",
];

/// Counts what was told, as a server counts what happens.
struct Count {
    /// Spans that haven't ended, each with the connection that it is within.
    open: HashMap<String, Option<String>>,
    /// Those that have.
    over: Vec<String>,
    /// accepted, completed, failed, panicked, disconnected, timed out, refused, dropped, forced, bytes in, bytes out
    fields: Vec<u64>,
    reasons: [u64; REASONS.len()],
}

impl Default for Count {
    fn default() -> Self {
        Count { open: HashMap::new(), over: Vec::new(), fields: vec![0; 11], reasons: [0; REASONS.len()] }
    }
}

impl Count {
    #[track_caller]
    fn add(&mut self, line: &str) {
        let parts: Vec<_> = line.split(' ').collect();
        match parts[..] {
            ["C+", id] => self.start(id, None),
            ["R+", id, "0"] => self.start(id, None),
            ["R+", id, connection] => self.start(id, Some(connection)),
            ["C-", id, outcome, bytes_in, bytes_out] => self.end(id, "0", outcome, [bytes_in, bytes_out]),
            ["R-", id, connection, outcome, bytes_in, bytes_out] => {
                self.end(id, connection, outcome, [bytes_in, bytes_out]);
            }
            _ => {}
        }
    }

    #[track_caller]
    fn start(&mut self, id: &str, connection: Option<&str>) {
        assert!(!self.over.iter().any(|it| it == id), "{id} has ended before");
        assert!(connection.is_none_or(|it| self.open.get(it) == Some(&None)), "{id} is outside");
        assert_eq!(self.open.insert(id.into(), connection.map(str::to_owned)), None, "{id} starts twice");
    }

    #[track_caller]
    fn end(&mut self, id: &str, connection: &str, outcome: &str, bytes: [&str; 2]) {
        let within = self.open.remove(id).unwrap_or_else(|| panic!("{id} ends without having begun"));
        assert_eq!(within.as_deref().unwrap_or("0"), connection, "{id} has changed its connection");
        self.over.push(id.into());
        if connection != "0" {
            return;
        }
        assert!(!self.open.values().any(|it| it.as_deref() == Some(id)), "{id} ends before a request of it");
        let (outcome, forced) = outcome.strip_suffix('!').map_or((outcome, 0), |outcome| (outcome, 1));
        let field = match outcome {
            "Completed" | "InChild(Some(0))" => 1,
            "Failed" | "Panicked" => 2,
            "Disconnected" => 4,
            "Dropped" => 7,
            _ if outcome.starts_with("InChild") => 2,
            _ => {
                let reason = REASONS.iter().position(|it| *it == outcome).expect("a reason");
                self.reasons[reason] += 1;
                if reason < 5 { 5 } else { 6 }
            }
        };
        self.fields[0] += 1;
        self.fields[field] += 1;
        self.fields[3] += u64::from(outcome == "Panicked");
        self.fields[8] += forced;
        self.fields[9] += bytes[0].parse::<u64>().unwrap();
        self.fields[10] += bytes[1].parse::<u64>().unwrap();
    }
}
