//! A server of either kind, with clients, and what can be seen of it.

use reliability::{Builder, Client, Program, Sender, Tracer, Usage, children_of, threads, wait_for};
use std::{
    error::Error,
    io::ErrorKind,
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// After so long without an answer a client counts as waiting.
pub(crate) const PATIENCE: Duration = Duration::from_millis(1500);

const UDP: &str = "transport=udp";

pub(crate) struct Seen {
    pub(crate) client: String,
    pub(crate) operator: String,
}

pub(crate) struct Scene {
    pub(crate) server: Program,
    is_cpython: bool,
    is_udp: bool,
    usage: Option<f64>,
}

impl Scene {
    /// By a mix-in and its settings.
    pub(crate) fn ours(server: &str) -> Result<Self, Box<dyn Error>> {
        let mut words = server.split(' ');
        let mixin = words.next().ok_or("no mix-in")?;
        let program = words.fold(Builder::this(mixin)?, |program, setting| program.with(setting)).start();
        wait_for("all processes to be there", || mixin != "prefork" || program.children().len() == 2);
        Ok(Scene { server: program, is_cpython: false, is_udp: server.contains(UDP), usage: None })
    }

    /// By the class that is nearest to that.
    pub(crate) fn cpython(server: &str) -> Self {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/fault_server.py");
        let mixin = match server.split(' ').next() {
            Some("sequential") => "",
            Some("forking" | "prefork") => "Forking",
            _ => "Threading",
        };
        let transport = if server.contains(UDP) { "UDP" } else { "TCP" };
        let command = ["python3".into(), script.into_os_string(), format!("{mixin}{transport}Server").into()];
        let settings = server.split(' ').filter(|word| word.starts_with("request="));
        let program = settings.fold(Builder::command(command), |program, setting| program.with(setting));
        Scene { server: program.start(), is_cpython: true, is_udp: server.contains(UDP), usage: None }
    }

    /// A client that is served.
    pub(crate) fn connect(&self) -> Client {
        let mut client = Client::connect(self.server.address);
        assert!(client.echoes("hello"), "the server serves");
        client
    }

    /// From now on system calls fail.
    pub(crate) fn inject(&self, fault: &str) -> Tracer {
        Tracer::attach(&self.server, &[fault])
    }

    /// What comes of a client that is there already.
    pub(crate) fn in_flight(&self, mut client: Client) -> String {
        let _ = client.say("still there"); // what is wrong is heard
        format!("one in flight {}", hear(&mut client))
    }

    /// What comes of so many that come now.
    pub(crate) fn new_ones(&self, count: usize) -> String {
        let mut clients: Vec<_> = (0..count).map(|_| Client::try_connect(self.server.address)).collect();
        clients.iter_mut().flatten().for_each(|client| drop(client.say("hello")));
        tally(&mut clients)
    }

    /// Measures the CPU time of a stretch that is long enough for that.
    pub(crate) fn measure(&mut self) {
        let usage = Usage::of(self.server.pid);
        thread::sleep(Duration::from_secs(2)); // it is what is measured
        self.usage = Some(usage.share());
    }

    /// Waits until all is in the log that requests have to do with; their clients have gone, but the server needn't have noticed.
    fn wait_for_the_last_word(&mut self) {
        let is_cpython = self.is_cpython;
        wait_for("the requests to end, or the server", || {
            !self.server.is_alive()
                || if is_cpython { self.is_marked() } else { self.server.counts().active == 0 }
        });
        if !self.server.is_alive() {
            wait_for("all that it said", || self.server.has_said_all());
        }
    }

    /// Of CPython's server, whether no thread or child serves a request any more, and one that only says so has been heard.
    fn is_marked(&self) -> bool {
        let pid = self.server.pid;
        let is_at_rest = threads(pid) == 1 && children_of(pid).is_empty();
        // One that is about to end is neither marked nor dead yet.
        is_at_rest
            && if self.is_udp {
                Sender::to(&self.server, "").is_ok_and(|sender| sender.echoes("mark"))
            } else {
                Client::try_connect(self.server.address).is_ok_and(|mut client| client.echoes("mark"))
            }
            && {
                wait_for("the mark", || self.server.logged("mark") > 0);
                true
            }
    }

    /// What the server has told, what CPU time it took, and whether it still runs.
    pub(crate) fn operator(mut self) -> String {
        self.wait_for_the_last_word();
        let log = self.server.log();
        let mut said = Vec::new();
        let told: Vec<&String> = if self.is_cpython {
            let tracebacks = log.iter().filter(|it| it.starts_with("Traceback")).count();
            if tracebacks > 0 {
                said.push(format!("{tracebacks} traceback{}", if tracebacks == 1 { "" } else { "s" }));
            }
            log.iter().filter(|it| it.contains("Error: ") || it.contains("Errno")).collect()
        } else {
            log.iter().filter(|it| it.starts_with("WARN ") || it.starts_with("ERROR ")).collect()
        };
        if let Some(first) = told.first() {
            let times =
                if told.len() > 1 { format!(", {} lines like it", told.len()) } else { String::new() };
            said.push(format!("`{}`{times}", without_numbers(first)));
        }
        if let Some(share) = self.usage {
            said.push(format!("{:.0} % of a CPU", share * 100.0));
        }
        if !self.server.is_alive() {
            said.push("**the server has ended**".into());
        }
        if said.is_empty() { "nothing".into() } else { said.join(", ") }
    }
}

/// Waits for something that may not come.
pub(crate) fn within(patience: Duration, mut condition: impl FnMut() -> bool) {
    let end = Instant::now() + patience;
    while !condition() && Instant::now() < end {
        thread::sleep(Duration::from_millis(1));
    }
}

/// What a client hears within a while.
pub(crate) fn hear(client: &mut Client) -> &'static str {
    hear_within(client, PATIENCE)
}

pub(crate) fn hear_within(client: &mut Client, patience: Duration) -> &'static str {
    let _ = client.0.get_ref().set_read_timeout(Some(patience));
    match client.hear() {
        Ok(Some(line)) if line.starts_with("refused: ") => "told that it is refused",
        Ok(Some(_)) => "served",
        Ok(None) => "sees end-of-file",
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => "waits",
        Err(_) => "is reset",
    }
}

/// How several fare.
pub(crate) fn tally(clients: &mut [std::io::Result<Client>]) -> String {
    let fates: Vec<_> =
        clients.iter_mut().map(|client| client.as_mut().map_or("can't connect", hear)).collect();
    count(&fates)
}

/// How many of several fare alike.
pub(crate) fn count(fates: &[&str]) -> String {
    let mut kinds = fates.to_vec();
    kinds.sort_unstable();
    kinds.dedup();
    let of = fates.len();
    let counts = kinds.iter().map(|kind| {
        let count = fates.iter().filter(|fate| fate == &kind).count();
        if count == of {
            format!("all {of} new ones: {kind}")
        } else {
            format!("{count} of {of} new ones: {kind}")
        }
    });
    counts.collect::<Vec<_>>().join(", ")
}

/// Ports and process ids are other ones each time.
fn without_numbers(line: &str) -> String {
    let mut shown = String::new();
    let mut digits = String::new();
    for letter in line.chars().chain(['\0']) {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        shown.push_str(if digits.len() > 3 { "…" } else { &digits });
        digits.clear();
        shown.push(letter);
    }
    shown.trim_end_matches('\0').replace('|', "/")
}
