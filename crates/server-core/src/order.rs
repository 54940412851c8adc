//! What a parent asks a worker process, and how that travels.

use rustix::{
    io::Errno,
    net::{
        RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, SendAncillaryBuffer, SendAncillaryMessage,
        SendFlags, recvmsg, sendmsg,
    },
};
use std::{
    io::{IoSlice, IoSliceMut},
    mem::MaybeUninit,
    os::{
        fd::{AsFd, OwnedFd},
        unix::net::UnixStream,
    },
};

/// Asked by the parent, with where the answer is to go: `None` if that was lost, since the worker has no descriptor for it. What the parent
/// wants needs no answer, and doesn't come by this way, on which it could get lost: it is in the memory that both share.
#[derive(Debug)]
pub(crate) enum Order {
    /// To list its connections, there.
    List(Option<UnixStream>),
    /// To end the connection of this number, and to say there whether that is news.
    Close(u64, Option<UnixStream>),
    /// Nothing: the parent is dead, and nobody is left to be heard.
    End,
}

/// Each travels as a kind and a number, eight bytes each.
const LIST: u64 = 0;
const CLOSE: u64 = 1;

#[cfg(not(target_vendor = "apple"))]
const NOW: SendFlags = SendFlags::NOSIGNAL.union(SendFlags::DONTWAIT);
#[cfg(target_vendor = "apple")] // where the socket itself is told to send no signal
const NOW: SendFlags = SendFlags::DONTWAIT;

#[cfg(any(target_os = "linux", target_os = "android"))]
const RECEIVING: RecvFlags = RecvFlags::DONTWAIT.union(RecvFlags::CMSG_CLOEXEC);
#[cfg(not(any(target_os = "linux", target_os = "android")))]
const RECEIVING: RecvFlags = RecvFlags::DONTWAIT;

impl Order {
    /// Sends it at once; false if that can't be done: the worker is dead, or has left very many unheard.
    pub(crate) fn send(&self, link: &UnixStream) -> bool {
        let (kind, number, answer) = match self {
            Order::List(answer) => (LIST, 0, answer.as_ref()),
            Order::Close(id, answer) => (CLOSE, *id, answer.as_ref()),
            Order::End => return false,
        };
        let (kind, number): ([u8; 8], [u8; 8]) = (u64::to_ne_bytes(kind), number.to_ne_bytes());
        let answer = answer.map(AsFd::as_fd);
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut aside = SendAncillaryBuffer::new(&mut space);
        if let Some(answer) = &answer {
            aside.push(SendAncillaryMessage::ScmRights(std::slice::from_ref(answer)));
        }
        sendmsg(link, &[IoSlice::new(&kind), IoSlice::new(&number)], &mut aside, NOW) == Ok(16)
    }

    /// The next one, without waiting; `None` if there is none for now.
    pub(crate) fn receive(link: &UnixStream) -> Option<Order> {
        let (mut kind, mut number) = ([0; 8], [0; 8]);
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
        let mut aside = RecvAncillaryBuffer::new(&mut space);
        let mut words = [IoSliceMut::new(&mut kind), IoSliceMut::new(&mut number)];
        match recvmsg(link, &mut words, &mut aside, RECEIVING) {
            Ok(received) if received.bytes == 0 => return Some(Order::End),
            Ok(_) => {} // each is sent whole, so that none is cut
            Err(Errno::CONNRESET) => return Some(Order::End),
            Err(_) => return None,
        }
        let answer = aside.drain().find_map(|message| match message {
            RecvAncillaryMessage::ScmRights(mut fds) => fds.next().map(private),
            _ => None,
        });
        let number = u64::from_ne_bytes(number);
        Some(match (u64::from_ne_bytes(kind), answer) {
            (CLOSE, answer) => Order::Close(number, answer),
            (_, answer) => Order::List(answer), // nothing else is sent
        })
    }
}

/// Not for programs that are executed.
fn private(fd: OwnedFd) -> UnixStream {
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    let _ = rustix::io::fcntl_setfd(&fd, rustix::io::FdFlags::CLOEXEC);
    UnixStream::from(fd)
}

#[cfg(test)]
#[path = "order/tests.rs"]
mod tests;
