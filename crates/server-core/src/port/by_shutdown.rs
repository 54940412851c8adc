//! shutdown(2) of the listening socket, and listen(2) again: as Linux has it.

use super::{HANDSHAKE, unsupported};
use crate::{AcceptError, adopt};
use rustix::io::Errno;
use socket2::{Domain, SockFilter, Socket, Type};
use socketserver_sys::{Child, has_filter};
use std::{
    collections::VecDeque,
    io,
    net::{Shutdown, SocketAddr},
    os::fd::{AsFd, OwnedFd},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI32, AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

/// What a listening socket needs to be closed and opened again. The socket stays the same, and with it all who share it: the address, the
/// processes, the options.
///
/// After shutdown(2) the kernel refuses clients, and resets those that wait in the queue; so they are accepted first. A port that was
/// asked for by its number stays bound. One that the system chose does not: it is bound anew at once, by its number, while a
/// second socket holds it. Without SO_REUSEADDR on ours nobody else can bind the port meanwhile, whatever options he has.
#[derive(Debug, Default)]
pub(crate) struct Port {
    queue_size: AtomicI32,
    kept: Arc<Kept>,
    /// The port was asked for by its number, and stays bound.
    is_fixed: AtomicBool,
    /// Our filter is attached.
    is_held: AtomicBool,
}

/// Those who waited when the port was closed, in any of the sockets that have it: whoever is woken serves them.
#[derive(Debug, Default)]
struct Kept {
    /// To be read without the lock, for each request.
    length: AtomicUsize,
    clients: Mutex<VecDeque<(OwnedFd, SocketAddr)>>,
}

impl Port {
    /// A port that was bound by its number, or (with 0) by the system's choice.
    pub(crate) fn bound_to(number: u16) -> Self {
        Port { is_fixed: AtomicBool::new(number != 0), ..Port::default() }
    }

    /// The same port, of another socket.
    pub(crate) fn shared(&self) -> Self {
        Port { kept: self.kept.clone(), is_fixed: AtomicBool::new(true), ..Port::default() }
    }

    pub(crate) fn listens(&self, request_queue_size: i32) {
        self.queue_size.store(request_queue_size, SeqCst);
    }

    pub(crate) fn is_closed(&self, listener: &Socket) -> io::Result<bool> {
        Ok(!listener.is_listener()?)
    }

    /// From now on the kernel ignores those who want to connect, so that they try again a second later; or no longer.
    pub(crate) fn hold(&self, listener: &Socket, hold: bool) -> io::Result<()> {
        // A filter of the user's own is not to be replaced. Then somebody may connect in the last moment, and be reset.
        let is_held = self.is_held.load(SeqCst);
        match hold {
            true if !is_held && !has_filter(listener.as_fd()) => listener.attach_filter(&NO_SYN)?,
            false if is_held => listener.detach_filter()?,
            _ => return Ok(()),
        }
        self.is_held.store(hold, SeqCst);
        Ok(())
    }

    pub(crate) fn close(&self, listener: &Socket, address: SocketAddr) -> io::Result<()> {
        if !listener.reuse_address()? && !listener.reuse_port()? {
            return Err(unsupported(
                "without SO_REUSEADDR connections in progress would keep the port from being opened again",
            ));
        }
        let _held = Held::new(self, listener);
        thread::sleep(HANDSHAKE);
        self.keep_all(listener)?;
        let shares = listener.reuse_port()?;
        if !self.is_fixed.load(SeqCst) {
            self.shut_and_bind(listener, address, shares)?;
        }
        if !shares {
            listener.set_reuse_address(false)?; // before it stops to listen
        }
        let shut = if listener.is_listener()? { listener.shutdown(Shutdown::Read) } else { Ok(()) };
        if shut.is_err() {
            let _ = listener.set_reuse_address(true); // the first error is the one to be told
        }
        shut
    }

    /// For a port that goes with the shutdown: bound again by its number, while another socket has it. `shares` says that others may
    /// have it anyway.
    fn shut_and_bind(&self, listener: &Socket, address: SocketAddr, shares: bool) -> io::Result<()> {
        let share = |share| if shares { Ok(()) } else { listener.set_reuse_port(share) };
        share(true)?; // for the moment of the guard
        let guard = if shares { None } else { bind_beside(listener, address).ok() };
        let shut = listener.shutdown(Shutdown::Read);
        share(false)?; // before it is bound: the kernel keeps in mind what the last who was bound allows
        shut?;
        // Without a guard somebody may have been faster. The port is closed all the same; opening it will tell.
        let bound = bind_again(listener, address);
        self.is_fixed.store(bound.is_ok(), SeqCst);
        drop(guard);
        Ok(())
    }

    pub(crate) fn reopen(&self, listener: &Socket, address: SocketAddr) -> io::Result<()> {
        if listener.is_listener()? {
            return Ok(());
        }
        listener.set_reuse_address(true)?; // connections in progress have the port, too
        let listening =
            bind_again(listener, address).and_then(|()| listener.listen(self.queue_size.load(SeqCst)));
        if listening.is_err() {
            let _ = listener.set_reuse_address(false); // the first error is the one to be told
        }
        listening
    }

    /// Takes in all who have been connected.
    fn keep_all(&self, listener: &Socket) -> io::Result<()> {
        let mut kept = self.lock();
        loop {
            match adopt::accept(listener) {
                Ok((client, peer)) => {
                    kept.extend(peer.as_socket().map(|peer| (client, peer)));
                    self.kept.length.store(kept.len(), SeqCst);
                }
                Err(error) => match AcceptError::of(&error) {
                    AcceptError::Nothing => return Ok(()),
                    AcceptError::ThisRequest => {}
                    _ => return Err(error),
                },
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, VecDeque<(OwnedFd, SocketAddr)>> {
        self.kept.clients.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn has_kept(&self) -> bool {
        self.kept() > 0
    }

    /// How many are kept.
    pub(crate) fn kept(&self) -> usize {
        self.kept.length.load(SeqCst)
    }

    pub(crate) fn take_kept(&self) -> Option<(OwnedFd, SocketAddr)> {
        let mut kept = self.lock();
        let first = kept.pop_front();
        self.kept.length.store(kept.len(), SeqCst);
        first
    }

    /// They are those of a worker process now, which has them open.
    pub(crate) fn leave_to_worker(&self) {
        while self.has_kept() {
            drop(self.take_kept());
        }
    }

    pub(crate) fn close_in_child(&self, child: &Child) {
        // Another thread of the parent may have held the lock.
        if self.has_kept()
            && let Ok(kept) = self.kept.clients.try_lock()
        {
            kept.iter().for_each(|(client, _)| child.close_inherited(client.as_fd()));
        }
    }
}

/// Lets clients connect again when dropped.
struct Held<'a>(&'a Port, &'a Socket);

impl<'a> Held<'a> {
    fn new(port: &'a Port, listener: &'a Socket) -> Self {
        let _ = port.hold(listener, true); // without it, somebody may connect in the last moment, and be reset
        Held(port, listener)
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        let _ = self.0.hold(self.1, false); // what could be attached can be detached
    }
}

/// A socket that has the port for as long as ours hasn't.
fn bind_beside(listener: &Socket, address: SocketAddr) -> io::Result<Socket> {
    let guard = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    guard.set_reuse_port(true)?;
    guard.set_reuse_address(true)?;
    if address.is_ipv6() {
        guard.set_only_v6(listener.only_v6()?)?;
    }
    guard.bind(&address.into())?;
    Ok(guard)
}

/// Binds it, if it isn't bound.
fn bind_again(listener: &Socket, address: SocketAddr) -> io::Result<()> {
    match listener.bind(&address.into()) {
        Err(error) if Errno::from_io_error(&error) != Some(Errno::INVAL) => Err(error),
        _ => Ok(()), // bind(2): "EINVAL: The socket is already bound to an address."
    }
}

/// Drops segments that ask for a connection (SYN without ACK) and takes all others, in the language of bpf(4): load the byte of the
/// flags, mask the two, compare.
const NO_SYN: [SockFilter; 5] = [
    SockFilter::new(0x30, 0, 0, 13),
    SockFilter::new(0x54, 0, 0, 0x12),
    SockFilter::new(0x15, 0, 1, 0x02),
    SockFilter::new(0x06, 0, 0, 0),
    SockFilter::new(0x06, 0, 0, u32::MAX),
];
