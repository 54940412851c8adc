//! One attempt, which counts as failed unless it is said to have succeeded.

use super::Throttle;
use std::fmt;
use std::hash::Hash;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// An attempt that [`Throttle::begin`] admitted; dropped without a word, it failed when it began plus its delay.
///
/// ```
/// use socketserver_auth::Throttle;
/// use std::time::{Duration, Instant};
///
/// let throttle = Throttle::new().free_failures(1).first_delay(Duration::from_millis(100));
/// let now = Instant::now();
/// drop(throttle.begin(&"peer", now)?); // the handler panicked
/// assert_eq!(throttle.begin(&"peer", now)?.failed(now), 2);
/// assert_eq!(throttle.begin(&"peer", now)?.delay(), Duration::from_millis(100));
/// throttle.begin(&"peer", now)?.succeeded();
/// assert_eq!(throttle.failures(&"peer", now), 0);
/// # Ok::<(), socketserver_auth::Refused>(())
/// ```
// Without these bounds it could have no `Drop`.
#[must_use = "an attempt that is dropped counts as failed"]
pub struct Attempt<'t, K: Eq + Hash + Clone> {
    throttle: &'t Throttle<K>,
    peer: K,
    began: Instant,
    delay: Duration,
    settled: bool,
}

impl<'t, K: Eq + Hash + Clone> Attempt<'t, K> {
    pub(super) fn new(throttle: &'t Throttle<K>, peer: K, began: Instant, delay: Duration) -> Self {
        Self { throttle, peer, began, delay, settled: false }
    }

    /// How long to wait before the handshake; often zero.
    pub fn delay(&self) -> Duration {
        self.delay
    }

    /// The peer proved itself: its failures are forgiven.
    pub fn succeeded(mut self) {
        self.settled = true;
        self.throttle.table.lock().ended(&self.peer, true);
    }

    /// The peer failed, for whatever reason. Gives the failures that it has now.
    pub fn failed(mut self, now: Instant) -> u32 {
        self.settled = true;
        self.fail(now)
    }

    /// Neither: the attempt did not take place, for instance because the server is shutting down.
    ///
    /// ```
    /// # use socketserver_auth::Throttle;
    /// # let (throttle, now) = (Throttle::new(), std::time::Instant::now());
    /// throttle.begin(&"peer", now)?.cancelled();
    /// assert_eq!(throttle.total_failed(), 0);
    /// # Ok::<(), socketserver_auth::Refused>(())
    /// ```
    pub fn cancelled(mut self) {
        self.settled = true;
        self.throttle.table.lock().ended(&self.peer, false);
    }

    fn fail(&self, now: Instant) -> u32 {
        self.throttle.failed.fetch_add(1, Ordering::Relaxed);
        self.throttle.table.lock().failed(&self.throttle.settings, &self.peer, now)
    }
}

impl<K: Eq + Hash + Clone> Drop for Attempt<'_, K> {
    fn drop(&mut self) {
        if !self.settled {
            self.fail(self.began.checked_add(self.delay).unwrap_or(self.began));
        }
    }
}

impl<K: Eq + Hash + Clone> fmt::Debug for Attempt<'_, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("delay", &self.delay).finish_non_exhaustive()
    }
}

/// The peer has failed too often, or has too many attempts under way: close the connection without a handshake.
///
/// ```
/// use socketserver_auth::Throttle;
/// use std::time::{Duration, Instant};
///
/// let throttle = Throttle::new().refuse_at(1).forgive_after(Duration::from_secs(60));
/// let now = Instant::now();
/// throttle.begin(&"peer", now).unwrap().failed(now);
/// assert_eq!(throttle.begin(&"peer", now).unwrap_err().retry_after, Duration::from_secs(60));
/// assert!(throttle.begin(&"peer", now + Duration::from_secs(60)).is_ok());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many failed attempts")]
#[non_exhaustive]
pub struct Refused {
    /// When another attempt may be admitted. For the log; the peer need not know.
    pub retry_after: Duration,
}
