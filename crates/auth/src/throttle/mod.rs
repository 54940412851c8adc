//! Slows and counts peers that fail.

mod attempt;
mod network;
mod settings;
mod table;

pub use attempt::{Attempt, Refused};
pub use network::peer_network;

use parking_lot::Mutex;
use settings::Settings;
use std::fmt;
use std::hash::Hash;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use table::Table;

/// Slows failed attempts down per peer, and counts them.
///
/// A peer is whatever `K` says, usually its [`peer_network`]. It may fail a few times for free; every failure after
/// that doubles the delay before its next attempt, up to a limit; with too many it is refused outright. Failures
/// are forgiven one by one as time passes, all at once by a success. Attempts under way count as failures of a peer that has
/// failed before, so that guessing in parallel gains nothing.
///
/// 1. [`begin`](Throttle::begin): refused, or an [`Attempt`];
/// 2. wait for [`Attempt::delay`], **in the handler, never in an accept loop**, where one guesser's delay would hold up everybody.
///    A handler that waits occupies a thread, on a reactor too; where threads are few, refuse instead: treat a delay that is not zero
///    as a refusal;
/// 3. the handshake;
/// 4. [`Attempt::succeeded`] or [`Attempt::failed`]. Dropping the attempt, by `?` or by a panic, counts as failed.
///
/// Time is always passed in. Memory is bounded by [`capacity`](Throttle::capacity): at the limit the peer that was
/// silent longest is forgotten. The table lives in one process: a forking mix-in's children each change a copy of their own, which
/// is lost with them, so there it has no effect; a prefork mix-in's workers count separately.
///
/// ```
/// use socketserver_auth::{Key, Throttle, mutual, peer_network};
/// use std::net::{IpAddr, SocketAddr, TcpStream};
/// use std::time::Instant;
///
/// struct State {
///     throttle: Throttle<IpAddr>,
///     auth: mutual::Server,
/// }
///
/// fn handle(request: &mut TcpStream, peer: SocketAddr, state: &State) -> Result<(), Box<dyn std::error::Error>> {
///     let attempt = state.throttle.begin(&peer_network(peer.ip()), Instant::now())?;
///     std::thread::sleep(attempt.delay());
///     match state.auth.handshake(request) {
///         Ok(mut session) => {
///             attempt.succeeded();
///             session.send(request, b"welcome")?;
///             Ok(())
///         }
///         Err(error) => {
///             let failures = attempt.failed(Instant::now());
///             eprintln!("{peer}: {}; {failures} failures so far", error.cause());
///             Err(error.into())
///         }
///     }
/// }
/// # let state = State { throttle: Throttle::new(), auth: mutual::Server::new(Key::generate()?) };
/// # let listener = std::net::TcpListener::bind("127.0.0.1:0")?;
/// # drop(TcpStream::connect(listener.local_addr()?)?);
/// # let (mut request, peer) = listener.accept()?;
/// # assert!(handle(&mut request, peer, &state).is_err());
/// # assert_eq!(state.throttle.failures(&peer.ip(), Instant::now()), 1);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Throttle<K> {
    settings: Settings,
    table: Mutex<Table<K>>,
    failed: AtomicU64,
    refused: AtomicU64,
}

impl<K: Eq + Hash + Clone> Throttle<K> {
    /// A throttle with the defaults named at each setter.
    pub fn new() -> Self {
        Self {
            settings: Settings::default(),
            table: Mutex::new(Table::new()),
            failed: AtomicU64::new(0),
            refused: AtomicU64::new(0),
        }
    }

    /// Admits an attempt of this peer, or refuses it. A peer is refused while it has too many failures, or too many attempts
    /// under way.
    ///
    /// # Errors
    /// [`Refused`]: close the connection without a word.
    pub fn begin(&self, peer: &K, now: Instant) -> Result<Attempt<'_, K>, Refused> {
        match self.table.lock().begin(&self.settings, peer, now) {
            Ok(delay) => Ok(Attempt::new(self, peer.clone(), now, delay)),
            Err(retry_after) => {
                self.refused.fetch_add(1, Ordering::Relaxed);
                Err(Refused { retry_after })
            }
        }
    }

    /// Failures of this peer that are not forgiven yet.
    pub fn failures(&self, peer: &K, now: Instant) -> u32 {
        self.table.lock().failures(&self.settings, peer, now)
    }

    /// Failures of all peers since the beginning.
    pub fn total_failed(&self) -> u64 {
        self.failed.load(Ordering::Relaxed)
    }

    /// Attempts of all peers that were refused since the beginning.
    pub fn total_refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// Peers remembered now; never more than [`capacity`](Throttle::capacity).
    pub fn tracked(&self) -> usize {
        self.table.lock().len()
    }
}

/// Setters, for use before the throttle is shared.
impl<K> Throttle<K> {
    /// Failures that delay nothing, 3 by default: people mistype, and clients come with an old key after a change.
    pub fn free_failures(mut self, count: u32) -> Self {
        self.settings.free_failures = count;
        self
    }

    /// The first delay, 100 ms by default; each further failure doubles it.
    pub fn first_delay(mut self, delay: Duration) -> Self {
        self.settings.first_delay = delay;
        self
    }

    /// The longest delay, 5 s by default. A delayed attempt occupies a handler for so long.
    pub fn longest_delay(mut self, delay: Duration) -> Self {
        self.settings.longest_delay = delay;
        self
    }

    /// Failures from which on a peer is refused, 20 by default; 0 counts as 1. More are not remembered, so a refused peer may try
    /// again after one [`forgive_after`](Throttle::forgive_after).
    pub fn refuse_at(mut self, failures: u32) -> Self {
        self.settings.refuse_at = failures.max(1);
        self
    }

    /// Attempts that one peer may have under way, 64 by default; 0 counts as 1. Others behind the same address share them.
    pub fn max_under_way(mut self, attempts: u32) -> Self {
        self.settings.max_under_way = attempts.max(1);
        self
    }

    /// The time without a further failure after which one failure is forgiven, 60 s by default; less than 1 ms counts as 1 ms.
    pub fn forgive_after(mut self, time: Duration) -> Self {
        self.settings.forgive_after = time.max(Duration::from_millis(1));
        self
    }

    /// Peers remembered at once, 10,000 by default; 0 counts as 1. Somebody with more addresses than that can have his
    /// failures forgotten.
    pub fn capacity(mut self, peers: usize) -> Self {
        self.settings.capacity = peers.max(1);
        self
    }
}

impl<K: Eq + Hash + Clone> Default for Throttle<K> {
    fn default() -> Self {
        Self::new()
    }
}

impl<K> fmt::Debug for Throttle<K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Throttle").field("settings", &self.settings).finish_non_exhaustive()
    }
}
