//! Ending a server by SIGINT and SIGTERM.

use crate::{Handle, ServerError, core::Core};
use signal_hook::{
    SigId,
    consts::{SIGINT, SIGTERM},
    low_level::{pipe, unregister},
};
use std::{
    fmt, io,
    io::Read,
    net::Shutdown,
    os::unix::net::UnixStream,
    sync::Arc,
    thread::{self, JoinHandle},
    time::Duration,
};

/// SIGINT and SIGTERM end the server for as long as this lives; afterwards they do what they did before.
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
                core.hear(Some(Ear { heard, grace }));
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
    while let Ok(1) = heard.read(&mut byte) {
        handle.shutdown(grace);
    }
}

/// The loop's own way to hear of signals.
#[derive(Debug)]
pub(crate) struct Ear {
    heard: UnixStream,
    grace: Duration,
}

impl Ear {
    pub(crate) fn readiness(&self) -> &UnixStream {
        &self.heard
    }

    /// How long requests may go on, if a signal has come.
    pub(crate) fn take(&self) -> Option<Duration> {
        (&self.heard).read(&mut [0; 64]).is_ok_and(|n| n > 0).then_some(self.grace)
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
