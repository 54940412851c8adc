//! What a connection is doing, for who lists connections and for who ends those that have nothing to do.

use crate::{Connection, Socket};
use rustix::event::{PollFd, PollFlags, poll};
use std::{
    net::Shutdown,
    os::fd::AsFd,
    sync::atomic::{AtomicU8, Ordering::SeqCst},
};

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
/// Ended while a thread waited. What comes now came too late.
const ENDED: u8 = 4;

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

    /// For who runs keep-alive handlers on threads: this thread is about to wait for the next request. Until
    /// [`end_idle_wait`](Self::end_idle_wait) the wait may be [ended](Socket::end_if_idle) by a server that stops, and then reads end-of-file.
    pub fn begin_idle_wait(&self) {
        if let Some(socket) = self.socket() {
            socket.activity.0.store(WAITING, SeqCst);
            socketserver_sys::begin_wait(socket.as_fd()); // in a child, a signal may end it
        }
    }

    /// The wait is over, mostly because the next request is there. False if the wait has been ended before, and the request came too late.
    pub fn end_idle_wait(&self) -> bool {
        let Some(socket) = self.socket() else { return true };
        let was_ended = socketserver_sys::end_wait(socket.as_fd());
        socket.activity.0.compare_exchange(WAITING, IN_REQUEST, SeqCst, SeqCst).is_ok() && !was_ended
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
        self.activity.0.store(number, SeqCst);
    }

    /// Ends the wait of a thread for this connection's next request, if there is such a thread and nothing has arrived: it reads
    /// end-of-file. True if it did. What arrives at that very moment is answered by the close, as wherever a server gives up an idle
    /// connection.
    pub fn end_if_idle(&self) -> bool {
        let ended = self.activity.0.load(SeqCst) == WAITING
            && !self.has_arrived()
            && self.activity.0.compare_exchange(WAITING, ENDED, SeqCst, SeqCst).is_ok();
        if ended {
            let _ = self.shutdown(Shutdown::Read); // the client may be gone already
        }
        ended
    }

    /// Whether a read would not wait: there are bytes, the peer has finished, or the connection is broken.
    pub fn has_arrived(&self) -> bool {
        let now = Some(&Default::default());
        !matches!(poll(&mut [PollFd::new(self, PollFlags::IN)], now), Ok(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{StreamRequest, UnixStream};
    use std::os::unix::net;

    fn pair() -> (UnixStream, UnixStream) {
        let (left, right) = net::UnixStream::pair().unwrap();
        (left.into(), right.into())
    }

    #[test]
    fn only_a_wait_for_nothing_is_ended() {
        let (here, there) = pair();
        assert!(!here.end_if_idle(), "in a request");
        here.set_activity(Activity::Idle);
        assert!(!here.end_if_idle(), "no thread waits in it");

        let connection = StreamRequest::connection(&here);
        connection.begin_idle_wait();
        there.sendall(b"next").unwrap();
        assert!(!here.end_if_idle(), "the next request is there");
        assert!(connection.end_idle_wait());
        assert_eq!(here.activity(), Activity::InRequest);
        assert_eq!(here.recv(&mut [0; 8]).unwrap(), 4);

        connection.begin_idle_wait();
        assert_eq!(here.activity(), Activity::Idle);
        assert!(here.end_if_idle());
        assert_eq!(here.recv(&mut [0; 8]).unwrap(), 0);
        assert!(!connection.end_idle_wait(), "too late");
        here.sendall(b"goodbye").unwrap(); // it can still be told
        assert_eq!(there.recv(&mut [0; 8]).unwrap(), 7);
    }
}
