//! What there is to tell of processes.

use parking_lot::Mutex;
use socketserver_core::{Acceptor, Event, ServerHooks, Transport};
use std::{fmt, sync::Arc, time::Duration};

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

/// Knows the server's observer, once it has served.
#[derive(Default)]
pub(crate) struct Teller(Mutex<Option<Arc<Tell>>>);

impl Teller {
    pub(crate) fn learn<T: Transport, S: ServerHooks<T>>(&self, acceptor: Acceptor<T, S>) {
        *self.0.lock() = Some(Arc::new(move |event| acceptor.emit(event)));
    }

    pub(crate) fn tell(&self, news: Vec<News>) {
        if news.is_empty() {
            return;
        }
        let Some(tell) = self.0.lock().clone() else { return };
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
