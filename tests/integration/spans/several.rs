//! Several observers, ids that tie spans together, and what isn't wanted.

use crate::{clients::visit, util::serve};
use parking_lot::Mutex;
use socketserver::{Event, LogObserver, Observer, ThreadingMixIn, prelude::*};
use std::{
    process::Command,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    thread::{self, ThreadId},
};

#[derive(Default)]
struct Lines;
impl KeepAliveRequestHandler for Lines {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
        cx.rfile.read_until(b'\n', &mut Vec::new())?;
        cx.wfile.write_all(b"done\n")?;
        Ok(KeepAlive::Yes)
    }
}

/// Notes what it hears, by whom, under its name.
#[derive(Clone)]
struct Ear {
    name: &'static str,
    wants: bool,
    panics: bool,
    asked: Arc<AtomicUsize>,
    heard: Arc<Mutex<Vec<(String, ThreadId)>>>,
}

impl Ear {
    fn new(name: &'static str) -> Self {
        Ear { name, wants: true, panics: false, asked: Arc::default(), heard: Arc::default() }
    }

    fn note(&self, what: String) {
        self.heard.lock().push((what, thread::current().id()));
        assert!(!self.panics, "{} has heard enough", self.name);
    }

    fn notes(&self) -> Vec<String> {
        self.heard.lock().iter().map(|(what, _)| what.clone()).collect()
    }
}

impl Observer for Ear {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::ConnectionStarted { id, .. } => self.note(format!("C+ {id}")),
            Event::ConnectionEnded { id, .. } => self.note(format!("C- {id}")),
            Event::RequestStarted { id, connection, .. } => self.note(format!("R+ {id} of {connection:?}")),
            Event::RequestEnded { id, connection, .. } => self.note(format!("R- {id} of {connection:?}")),
            Event::Serving { .. } => self.note("S+".into()),
            Event::Stopped { .. } => self.note("S-".into()),
            _ => {}
        }
    }
    fn wants_requests(&self) -> bool {
        self.asked.fetch_add(1, SeqCst);
        self.wants
    }
    fn enter(&self, id: u64) {
        self.note(format!("enter {id}"));
    }
    fn leave(&self, id: u64) {
        self.note(format!("leave {id}"));
    }
}

fn run(observer: impl Observer) {
    let server = TcpServer::<Lines, ThreadingMixIn>::builder().observer(observer);
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    assert_eq!(visit(server.server_address(), b"one\ntwo\n"), b"done\ndone\n");
    crate::util::wait_for("the end", || server.stats().active == 0);
    server.stop().unwrap();
}

#[test]
fn ids_tie_requests_to_connections_and_threads_to_both() {
    let ear = Ear::new("only");
    run(ear.clone());
    assert_eq!(
        ear.notes(),
        [
            "S+",
            "C+ 1",
            "enter 1",
            "R+ 2 of Some(1)",
            "R- 2 of Some(1)",
            "R+ 3 of Some(1)",
            "R- 3 of Some(1)",
            "leave 1",
            "C- 1",
            "S-"
        ]
    );
    let heard = ear.heard.lock();
    assert!(heard[2..8].iter().all(|(_, thread)| *thread == heard[2].1), "on one thread: {heard:?}");
}

/// Each of several hears all, in order, though the others panic.
#[test]
fn several_observers_hear_all_though_one_panics() {
    let ears = ["first", "second", "third"].map(Ear::new);
    let [first, mut second, third] = ears.clone();
    second.panics = true;
    run((first, second, third, LogObserver));
    assert_eq!(ears[0].notes().len(), 10);
    assert_eq!(ears[0].notes(), ears[1].notes());
    assert_eq!(ears[0].notes(), ears[2].notes());

    let ears = ["first", "second"].map(Ear::new);
    let boxed: Vec<Box<dyn Observer>> = ears.iter().cloned().map(|ear| Box::new(ear) as _).collect();
    run(Arc::new(boxed));
    assert_eq!((ears[0].notes(), ears[0].notes().len()), (ears[1].notes(), 10));
}

/// Nor does a request that is told take memory.
#[test]
fn a_request_allocates_nothing_whoever_observes() {
    let counted = Command::new(env!("CARGO_BIN_EXE_datagrams")).args(["1000", "requests"]).output().unwrap();
    assert_eq!(String::from_utf8(counted.stdout).unwrap(), "0 0 0\n");
}

/// One question a connection; none a request.
#[test]
fn what_nobody_wants_isnt_told() {
    let mut ear = Ear::new("bored");
    ear.wants = false;
    run((ear.clone(), ()));
    assert_eq!((ear.notes(), ear.asked.load(SeqCst)), (vec!["S+".to_owned(), "S-".into()], 1));
}
