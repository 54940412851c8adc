//! What a parent process sees of a socket that its child uses.

use crate::{Activity, Socket, Traffic};
use socketserver_sys::SharedPart;
use std::sync::atomic::Ordering::Relaxed;

/// Memory in which a child process keeps what has passed through a socket, and what that is doing, for its parent to see: while it goes
/// on, and after the child has ended, however that was. The child's copy of the socket itself is hidden from its parent.
///
/// ```
/// use rustix::process::{WaitOptions, waitpid};
/// use socketserver_net::{Shown, UnixStream};
/// use socketserver_sys::{Fork, SharedPart, SharedWords, fork};
/// use std::sync::Arc;
///
/// let words = Arc::new(SharedWords::new(Shown::WORDS)?);
/// let shown = Shown::new(SharedPart::new(&words, 0..Shown::WORDS));
/// let (here, there) = std::os::unix::net::UnixStream::pair()?;
/// match fork()? {
///     Fork::Child(child) => {
///         let here = UnixStream::from(here);
///         here.show_in(shown);
///         here.sendall(b"hi").unwrap();
///         child.exit(0)
///     }
///     Fork::Parent(pid) => drop(waitpid(Some(pid), WaitOptions::empty())),
/// }
/// assert_eq!(shown.traffic().bytes_out, 2);
/// # drop(there);
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug, Clone)]
pub struct Shown(SharedPart);

const BYTES_IN: usize = 0;
const BYTES_OUT: usize = 1;
const ACTIVITY: usize = 2;

impl Shown {
    /// So many words of memory it takes.
    pub const WORDS: usize = 3;

    /// In this part of the memory that is shared. Zeroes are a connection on which nothing has passed.
    ///
    /// # Panics
    /// If it is shorter than [`WORDS`](Self::WORDS).
    pub fn new(words: SharedPart) -> Self {
        assert!(words.len() >= Shown::WORDS, "{} words are too few", words.len());
        Shown(words)
    }

    /// What had passed when it was last told.
    pub fn traffic(&self) -> Traffic {
        Traffic { bytes_in: self.0[BYTES_IN].load(Relaxed), bytes_out: self.0[BYTES_OUT].load(Relaxed) }
    }

    /// So much has passed. A [socket](Socket::show_in) says it by itself.
    pub fn set_traffic(&self, traffic: Traffic) {
        self.0[BYTES_IN].store(traffic.bytes_in, Relaxed);
        self.0[BYTES_OUT].store(traffic.bytes_out, Relaxed);
    }

    /// What it was doing when it was last told.
    pub fn activity(&self) -> Activity {
        match self.0[ACTIVITY].load(Relaxed) {
            1 => Activity::Idle,
            2 => Activity::Handshaking,
            _ => Activity::InRequest,
        }
    }

    fn set_activity(&self, activity: Activity) {
        let number = match activity {
            Activity::InRequest => 0,
            Activity::Idle => 1,
            Activity::Handshaking => 2,
        };
        self.0[ACTIVITY].store(number, Relaxed);
    }
}

impl Socket {
    /// From now on what passes here, and what this is [doing](Activity), is kept in `shown`, too. Only the first call has an effect.
    pub fn show_in(&self, shown: Shown) {
        shown.set_traffic(self.traffic());
        shown.set_activity(self.activity());
        let _ = self.meter.shown.set(Box::new(shown)); // a child is shown to one parent
    }

    #[inline]
    pub(crate) fn show_activity(&self) {
        if let Some(shown) = self.meter.shown.get() {
            shown.set_activity(self.activity());
        }
    }
}
