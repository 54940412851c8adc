//! Input that nobody is going to read: what is known of it, and throwing it away, so that a connection can end without a reset.

use crate::{Socket, waiting};
use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    net::{RecvFlags, recv},
};
use std::{
    io,
    mem::MaybeUninit,
    sync::atomic::{AtomicU8, Ordering::Relaxed},
    time::Instant,
};

/// How likely it is that a socket has input, or gets some, that its reads haven't taken. Known from what the last read came back with;
/// asking costs nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Unread {
    /// None: a read has seen the peer's end.
    Ended,
    /// Only another read would tell.
    Possible,
    /// The last read filled a large buffer: the peer is in the middle of something.
    Likely,
}

/// What [`Socket::discard`] found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Discarded {
    /// How many bytes there were.
    pub bytes: usize,
    /// The peer has finished sending.
    pub ended: bool,
}

/// What a socket keeps for [`Unread`].
#[derive(Debug, Default)]
pub(crate) struct LastRead(AtomicU8);

// 0: only another read would tell.
const FILLED_MUCH: u8 = 1;
const ENDED: u8 = 2;

/// A buffer that is filled from this size on speaks for a peer that sends more than is asked for.
const MUCH: usize = 4096;

impl LastRead {
    #[inline]
    pub(crate) fn note(&self, got: usize, room: usize) {
        let state = match got {
            0 if room > 0 => ENDED,
            _ if got == room && room >= MUCH => FILLED_MUCH,
            _ => 0,
        };
        self.0.store(state, Relaxed);
    }
}

impl Socket {
    /// How likely it is that there is, or comes, what hasn't been read. Makes no system call.
    pub fn unread(&self) -> Unread {
        match self.last_read.0.load(Relaxed) {
            ENDED => Unread::Ended,
            FILLED_MUCH => Unread::Likely,
            _ => Unread::Possible,
        }
    }

    /// Reads what is there, about `most` bytes of it, and throws it away. Never waits, and isn't counted as [`traffic`](Self::traffic).
    ///
    /// A socket that is closed while it has unread input resets its connection (TCP), and what has been sent and has not arrived
    /// by then never does. So this is for after [`shutdown`](Self::shutdown) of the writing half, before the close.
    ///
    /// ```
    /// use socketserver_net::TcpStream;
    /// use std::{io::Write, net::{Shutdown, TcpListener}};
    ///
    /// let listener = TcpListener::bind("127.0.0.1:0")?;
    /// let client = TcpStream::connect(listener.local_addr()?)?;
    /// let (mut peer, _) = listener.accept()?;
    /// assert_eq!(client.discard(4096)?.bytes, 0);
    /// peer.write_all(b"not asked for")?;
    /// peer.shutdown(Shutdown::Write)?;
    /// let (mut bytes, mut ended) = (0, false);
    /// while !ended {
    ///     let discarded = client.discard(4096)?;
    ///     (bytes, ended) = (bytes + discarded.bytes, discarded.ended);
    /// }
    /// assert_eq!(bytes, 13);
    /// # std::io::Result::Ok(())
    /// ```
    ///
    /// # Errors
    /// What recv(2) reports, such as a [`ConnectionReset`](io::ErrorKind::ConnectionReset): there is nothing more to come then.
    pub fn discard(&self, most: usize) -> io::Result<Discarded> {
        let mut buf = [const { MaybeUninit::<u8>::uninit() }; 16 * 1024]; // mostly there is nothing, so it isn't worth clearing
        let mut bytes = 0;
        while bytes < most {
            match recv(self, &mut buf[..], RecvFlags::DONTWAIT)
                .map(|((got, room), _)| (got.len(), room.is_empty()))
            {
                Ok((0, _)) => {
                    self.last_read.0.store(ENDED, Relaxed);
                    return Ok(Discarded { bytes, ended: true });
                }
                Ok((n, true)) => bytes += n,
                // There was room left: there is no more, and the next call would only say so.
                Ok((n, false)) => return Ok(Discarded { bytes: bytes + n, ended: false }),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => break,
                Err(error) => return Err(error.into()),
            }
        }
        Ok(Discarded { bytes, ended: false })
    }

    /// Waits until something has arrived, or the peer has finished, no longer than `until`. Told by [`before_waiting`](crate::before_waiting) as any wait
    /// is. The time limits of the socket have no say here.
    ///
    /// # Errors
    /// What poll(2) reports, but for a signal.
    pub fn wait_for_input(&self, until: Instant) -> io::Result<()> {
        waiting::announce();
        loop {
            let left = until.saturating_duration_since(Instant::now()).try_into().ok();
            match poll(&mut [PollFd::new(self, PollFlags::IN)], left.as_ref()) {
                Err(Errno::INTR) => {}
                result => return result.map(drop).map_err(Into::into),
            }
        }
    }
}

#[cfg(test)]
mod tests;
