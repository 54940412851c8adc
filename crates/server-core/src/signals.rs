//! Ending a server by SIGINT and SIGTERM.

use crate::{Bell, Handle, ServerError, core::Core, order::Order};
use signal_hook::{
    SigId,
    consts::{SIGINT, SIGTERM},
    low_level::{pipe, unregister},
};
use std::{
    fmt,
    io::{self, Read},
    net::Shutdown,
    os::{
        fd::{AsFd, BorrowedFd},
        unix::net::UnixStream,
    },
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

/// SIGINT and SIGTERM end the server for as long as this lives. Afterwards they do what others have asked [`signal_hook`] for, and what handled them
/// before; the default, which is to end the process, doesn't come back. A program that goes on for long after its server should hear them by itself.
#[must_use = "the signals end the server only while this is alive"]
pub struct Signals {
    ids: Vec<SigId>,
    /// The watching thread, and what sends it home.
    watcher: Option<(JoinHandle<()>, UnixStream)>,
    core: Arc<Core>,
}

impl Signals {
    /// The signal handlers do no more than write a byte to a socket pair. It is read by a thread of its own, since the loop may be
    /// inside a handler that waits for its client; or, where there must be no thread because the mix-in forks, by the loop, which
    /// never is.
    pub(crate) fn watch(core: &Arc<Core>, grace: Duration, by_loop: bool) -> Result<Self, ServerError> {
        let start = |core: &Arc<Core>| {
            let (heard, written) = UnixStream::pair()?;
            heard.set_nonblocking(by_loop)?;
            let mut this = Signals { ids: Vec::new(), watcher: None, core: core.clone() };
            for signal in [SIGINT, SIGTERM] {
                this.ids.push(pipe::register(signal, written.try_clone()?)?);
            }
            if by_loop {
                core.hear(Some(Ear::Signals { heard, grace }));
            } else {
                let handle = Handle(core.clone());
                let thread = thread::Builder::new()
                    .name("signals".into())
                    .spawn(move || listen(heard, &handle, grace))?;
                this.watcher = Some((thread, written));
            }
            Ok(this)
        };
        start(core).map_err(|source: io::Error| ServerError::Start { what: "signal handling", source })
    }
}

fn listen(mut heard: UnixStream, handle: &Handle, grace: Duration) {
    let mut byte = [0];
    loop {
        match heard.read(&mut byte) {
            Ok(0) => return,
            Ok(_) => drop(handle.shutdown(grace)),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // A lack of memory, which must not make the server deaf.
            Err(_) => thread::sleep(Duration::from_millis(5)),
        }
    }
}

/// How the loop itself hears that it is to stop.
#[derive(Debug)]
pub(crate) enum Ear {
    /// From a signal handler.
    Signals { heard: UnixStream, grace: Duration },
    /// In a worker process: from its parent, whose death is heard too.
    Parent {
        /// What it asks.
        heard: UnixStream,
        /// Rung when it wishes something.
        nudge: Arc<Bell>,
        grace: Option<Duration>,
    },
}

/// What was heard.
#[derive(Debug)]
pub(crate) enum Heard {
    /// To stop; for how long requests in progress may go on.
    Stop(Option<Duration>),
    /// That the parent has wishes, which are where both can see them.
    Wishes,
    /// To list the connections, there, if it can be told.
    List(Option<UnixStream>),
    /// To end the connection of this number, and to say there whether that is news.
    Close(u64, Option<UnixStream>),
    /// To stop, and there is nobody any more to be heard.
    End(Option<Duration>),
}

impl Ear {
    pub(crate) fn readiness(&self) -> [Option<BorrowedFd<'_>>; 2] {
        match self {
            Ear::Signals { heard, .. } => [Some(heard.as_fd()), None],
            Ear::Parent { heard, nudge, .. } => [Some(heard.as_fd()), Some(nudge.as_fd())],
        }
    }

    /// Listens, without waiting.
    pub(crate) fn take(&self) -> Option<Heard> {
        match self {
            Ear::Signals { heard, grace } => {
                let mut heard = heard;
                heard.read(&mut [0; 64]).is_ok_and(|n| n > 0).then_some(Heard::Stop(Some(*grace)))
            }
            // Wishes first: one that has died may have left some.
            Ear::Parent { nudge, .. } if nudge.was_rung() => Some(Heard::Wishes),
            Ear::Parent { heard, grace, .. } => Some(match Order::receive(heard)? {
                Order::List(answer) => Heard::List(answer),
                Order::Close(id, answer) => Heard::Close(id, answer),
                Order::End => Heard::End(*grace),
            }),
        }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        for id in self.ids.drain(..) {
            unregister(id);
        }
        self.core.hear(None);
        if let Some((thread, written)) = self.watcher.take() {
            let _ = written.shutdown(Shutdown::Write); // the other end reads end-of-file
            let _ = thread.join();
        }
    }
}

impl fmt::Debug for Signals {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Signals").field("by_thread", &self.watcher.is_some()).finish_non_exhaustive()
    }
}
