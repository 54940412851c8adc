//! What a connection is doing, for who lists connections and for who ends those that have nothing to do.

use crate::{Connection, Socket};
use rustix::{
    event::{PollFd, PollFlags, poll},
    io::Errno,
    net::{RecvFlags, recv},
};
use socketserver_sys::sync::{AtomicU8, call, waking_call};
use std::{net::Shutdown, os::fd::AsFd, sync::atomic::Ordering::SeqCst};

/// What a connection is doing. Kept in its socket as a number; to change it costs no system call.
///
/// ```
/// use socketserver_net::{Activity, StreamRequest, TcpStream};
/// use std::net::TcpListener;
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let connection = TcpStream::connect(listener.local_addr()?)?.connection();
/// assert_eq!(connection.activity(), Activity::InRequest);
/// connection.set_activity(Activity::Handshaking);          // what a handler, or a transport, says of it
/// assert_eq!(connection.activity(), Activity::Handshaking);
/// # std::io::Result::Ok(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Activity {
    /// It is being served: what a connection is from the beginning, unless somebody says otherwise.
    InRequest,
    /// It waits for its client's next request. Set where keep-alive handlers run.
    Idle,
    /// The two ends are still finding out whether, or how, they want to talk. Set by who does that: a transport, a handler.
    Handshaking,
}

/// [`Activity`], and who is waiting for what.
#[derive(Debug, Default)]
pub(crate) struct AtomicActivity(AtomicU8);

const IN_REQUEST: u8 = 0;
const IDLE: u8 = 1;
const HANDSHAKING: u8 = 2;
/// Idle, and a thread waits in the socket.
const WAITING: u8 = 3;
/// Ended while a thread waited.
const ENDED: u8 = 4;
/// Ended while a thread waited, but that one had read the beginning of a request. What it has read is served; that there is no more
/// isn't the client's doing.
const CUT: u8 = 5;

/// What came of a [wait for the next request](Connection::wait_for_next).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It is there, at least its beginning.
    IsThere,
    /// The client has finished.
    NeverComes,
    /// The server stops, and nothing has arrived.
    IsNotWanted,
}

impl Connection {
    /// What it is doing; always [`Activity::InRequest`] without a socket beneath.
    pub fn activity(&self) -> Activity {
        self.socket().map_or(Activity::InRequest, Socket::activity)
    }

    /// Says what it is doing, to be seen by who lists the server's connections. Does nothing without a socket beneath.
    pub fn set_activity(&self, activity: Activity) {
        if let Some(socket) = self.socket() {
            socket.set_activity(activity);
        }
    }

    /// For who runs keep-alive handlers on threads: waits for the next request by `read`, which says whether there is one. Meanwhile the
    /// wait may be [ended](Socket::end_if_idle) by a server that stops, in a child [by a signal](socketserver_sys::begin_wait), and then reads
    /// end-of-file. Once it `stops`, there is no wait for what hasn't arrived. A request that was read is served, even if the end of the
    /// wait comes before it can be seen; what it lacks then is not end-of-file, but
    /// [`ConnectionAborted`](std::io::ErrorKind::ConnectionAborted).
    ///
    /// # Errors
    /// What `read` reports.
    ///
    /// ```
    /// use socketserver_net::{Next, StreamRequest, UnixStream};
    ///
    /// let (here, there) = std::os::unix::net::UnixStream::pair()?;
    /// let (here, there) = (UnixStream::from(here), UnixStream::from(there));
    /// let connection = here.connection();
    /// let read = || std::io::Result::Ok(here.recv(&mut [0; 8])? > 0);
    ///
    /// there.sendall(b"next")?;
    /// assert_eq!(connection.wait_for_next(|| false, read)?, Next::IsThere);
    /// assert_eq!(connection.wait_for_next(|| true, read)?, Next::IsNotWanted);     // doesn't wait: the server stops
    /// drop(there);
    /// assert_eq!(connection.wait_for_next(|| false, read)?, Next::NeverComes);
    /// # std::io::Result::Ok(())
    /// ```
    pub fn wait_for_next<E>(
        &self,
        stops: impl FnOnce() -> bool,
        read: impl FnOnce() -> Result<bool, E>,
    ) -> Result<Next, E> {
        if self.socket().is_some_and(Socket::is_cut) {
            return Ok(Next::IsNotWanted); // the end that would be read is ours
        }
        // Said before the look whether the server stops: one that is told to after the look sees who waits.
        self.begin_idle_wait();
        let stops = stops() && self.socket().is_some_and(|it| !it.has_arrived());
        let is_there = if stops { Ok(false) } else { read() };
        let was_ended = self.end_idle_wait(matches!(is_there, Ok(true))) || stops; // ended in any case: the descriptor may be closed next
        match (is_there, was_ended) {
            (Ok(true), _) => Ok(Next::IsThere),
            // Be it that the wire takes our own end for an error, as TLS does.
            (_, true) => Ok(Next::IsNotWanted),
            (Ok(false), false) => Ok(Next::NeverComes),
            (Err(error), false) => Err(error),
        }
    }

    fn begin_idle_wait(&self) {
        if let Some(socket) = self.socket() {
            socket.activity.0.store(WAITING, SeqCst);
            socket.show_activity();
            socketserver_sys::begin_wait(socket.as_fd()); // in a child, a signal may end it
        }
    }

    /// The wait is over, and a request there, which is to be served, or not. Says whether the wait has been ended before.
    fn end_idle_wait(&self, is_there: bool) -> bool {
        let Some(socket) = self.socket() else { return false };
        let by_signal = socketserver_sys::end_wait(socket.as_fd());
        let was_ended =
            socket.activity.0.compare_exchange(WAITING, IN_REQUEST, SeqCst, SeqCst).is_err() || by_signal;
        if was_ended && is_there {
            socket.activity.0.store(CUT, SeqCst);
        }
        socket.show_activity();
        was_ended
    }
}

impl Socket {
    /// See [`Connection::activity`].
    pub fn activity(&self) -> Activity {
        match self.activity.0.load(SeqCst) {
            IDLE | WAITING => Activity::Idle,
            HANDSHAKING => Activity::Handshaking,
            _ => Activity::InRequest,
        }
    }

    /// See [`Connection::set_activity`].
    pub fn set_activity(&self, activity: Activity) {
        let number = match activity {
            Activity::InRequest => IN_REQUEST,
            Activity::Idle => IDLE,
            Activity::Handshaking => HANDSHAKING,
        };
        if !self.is_cut() {
            self.activity.0.store(number, SeqCst);
            self.show_activity();
        }
    }

    /// Whether end-of-file is of our own making.
    pub(crate) fn is_cut(&self) -> bool {
        self.activity.0.load(SeqCst) == CUT
    }

    /// Ends the wait of a thread for this connection's next request, if there is such a thread and nothing has arrived: it reads
    /// end-of-file. True if it did. What arrives at that very moment, and isn't read before, is answered by the close, as wherever a server
    /// gives up an idle connection.
    pub fn end_if_idle(&self) -> bool {
        let ended = self.activity.0.load(SeqCst) == WAITING
            && !self.has_arrived()
            && self.activity.0.compare_exchange(WAITING, ENDED, SeqCst, SeqCst).is_ok();
        if ended {
            let _ = waking_call(|| self.shutdown(Shutdown::Read)); // the client may be gone already
        }
        ended
    }

    /// Whether a read would not wait: there are bytes, the peer has finished, or the connection is broken.
    pub fn has_arrived(&self) -> bool {
        let now = Some(&Default::default());
        match call(|| poll(&mut [PollFd::new(self, PollFlags::IN)], now)) {
            Ok(count) => count > 0,
            // poll(2) may lack memory; a look at the first byte needs none.
            Err(_) => self.has_first_byte(),
        }
    }

    /// Or its end, or an error.
    fn has_first_byte(&self) -> bool {
        recv(self, &mut [0], RecvFlags::PEEK | RecvFlags::DONTWAIT) != Err(Errno::AGAIN)
    }
}

#[cfg(test)]
mod tests;
