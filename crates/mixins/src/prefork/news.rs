//! What there is to tell of processes.

use parking_lot::Mutex;
use socketserver_core::{Acceptor, Event, ServerHooks, Transport};
use std::{
    fmt,
    sync::Arc,
    time::{Duration, Instant},
};

/// Noted while the list of processes is locked, and told afterwards.
#[derive(Debug)]
pub(crate) enum News {
    ForkWithThreads { threads: usize },
    Started { pid: i32 },
    Ended { pid: i32, status: Option<i32>, expected: bool, back_off: Duration, lost: usize },
    Hung { pid: i32, silent_for: Duration },
    NotStarted { error: std::io::Error, back_off: Duration },
}

type Tell = dyn Fn(&Event<'_>) + Send + Sync;

/// Hands on what the processes have asked for, hears what the loop would hear, and gives the deadline that has been said by then.
type Hear = dyn Fn(Option<Option<Duration>>) -> Option<Instant> + Send + Sync;

/// Knows the server's observer and its ear, once it has served.
#[derive(Default)]
pub(crate) struct Teller(Mutex<Option<(Arc<Tell>, Arc<Hear>)>>);

impl Teller {
    pub(crate) fn learn<T: Transport, S: ServerHooks<T>>(&self, acceptor: Acceptor<T, S>) {
        let hears = acceptor.clone();
        let hear = move |asked: Option<Option<Duration>>| {
            if let Some(grace) = asked {
                hears.request_shutdown(grace);
            }
            hears.listen();
            hears.drain_until()
        };
        *self.0.lock() = Some((Arc::new(move |event| acceptor.emit(event)), Arc::new(hear)));
    }

    /// For who waits without the loop: until when the processes may go on, if that has been said. `asked` is what they have asked for meanwhile.
    pub(crate) fn hear(&self, asked: Option<Option<Duration>>) -> Option<Instant> {
        let hear = self.0.lock().as_ref().map(|(_, hear)| hear.clone());
        hear.and_then(|hear| hear(asked))
    }

    pub(crate) fn tell(&self, news: Vec<News>) {
        if news.is_empty() {
            return;
        }
        let Some((tell, _)) = self.0.lock().clone() else { return };
        for it in news {
            match it {
                News::ForkWithThreads { threads } => tell(&Event::ForkWithThreads { threads }),
                News::Started { pid } => tell(&Event::WorkerStarted { pid }),
                News::Ended { pid, status, expected, back_off, lost } => {
                    tell(&Event::WorkerEnded { pid, status, expected, back_off, lost });
                }
                News::Hung { pid, silent_for } => tell(&Event::WorkerHung { pid, silent_for }),
                News::NotStarted { error, back_off } => {
                    tell(&Event::WorkerNotStarted { error: &error, back_off });
                }
            }
        }
    }
}

impl fmt::Debug for Teller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Teller").finish_non_exhaustive()
    }
}
