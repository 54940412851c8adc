//! What one writes who wants nothing between the program and epoll: a thread per CPU, each with an epoll and, on TCP, a listening
//! socket of its own. The measure of what a framework costs.

use super::{cannot, ready, socket_path};
use crate::{
    Error,
    work::{Place, SIZE, Work},
};
use rustix::{
    buffer::spare_capacity,
    event::epoll::{self, EventData, EventFlags},
    io::Errno,
    net::{RecvFlags, SendFlags, recv, send},
};
use socket2::{Domain, SockAddr, Socket, Type};
use std::{io, net::SocketAddr, os::fd::OwnedFd, thread};

const LISTENER: u64 = u64::MAX;

struct Client {
    socket: Socket,
    message: [u8; SIZE],
    received: usize,
}

struct Loop {
    epoll: OwnedFd,
    listener: Socket,
    clients: Vec<Option<Client>>,
    free: Vec<usize>,
    work: Work,
}

pub(super) fn run(work: Work, place: Place) -> Result<(), Error> {
    if !matches!(work, Work::Echo | Work::Once) {
        return Err(cannot(work, place));
    }
    let cpus = thread::available_parallelism()?.get();
    let listeners = match place {
        Place::Inet => {
            let first = listen("127.0.0.1:0".parse()?)?;
            let address = first.local_addr()?.as_socket().ok_or("an Internet address")?;
            let mut all = vec![first];
            for _ in 1..cpus {
                all.push(listen(address)?);
            }
            ready(address)?;
            all
        }
        Place::Unix => {
            let (listener, path) = (Socket::new(Domain::UNIX, Type::STREAM, None)?, socket_path());
            listener.bind(&SockAddr::unix(&path)?)?;
            listener.listen(1024)?;
            listener.set_nonblocking(true)?;
            let all = (0..cpus).map(|_| listener.try_clone()).collect::<io::Result<Vec<_>>>()?;
            ready(path.display())?;
            all
        }
    };
    let loops: Vec<_> =
        listeners.into_iter().map(|it| thread::spawn(move || Loop::new(it, work)?.run())).collect();
    for it in loops {
        it.join().map_err(|_| "a loop panicked")??;
    }
    Ok(())
}

fn listen(address: SocketAddr) -> io::Result<Socket> {
    let listener = Socket::new(Domain::IPV4, Type::STREAM, None)?;
    listener.set_reuse_port(true)?;
    listener.bind(&address.into())?;
    listener.listen(1024)?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

impl Loop {
    fn new(listener: Socket, work: Work) -> io::Result<Self> {
        let epoll = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        epoll::add(&epoll, &listener, EventData::new_u64(LISTENER), EventFlags::IN | EventFlags::EXCLUSIVE)?;
        Ok(Loop { epoll, listener, clients: Vec::new(), free: Vec::new(), work })
    }

    fn run(mut self) -> io::Result<()> {
        let mut events = Vec::with_capacity(256);
        loop {
            events.clear();
            epoll::wait(&self.epoll, spare_capacity(&mut events), None)?;
            for event in &events {
                match event.data.u64() {
                    LISTENER => self.accept()?,
                    key => self.serve(key as usize),
                }
            }
        }
    }

    fn accept(&mut self) -> io::Result<()> {
        let (socket, _) = match self.listener.accept() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            accepted => accepted?,
        };
        let key = self.free.pop().unwrap_or_else(|| {
            self.clients.push(None);
            self.clients.len() - 1
        });
        epoll::add(&self.epoll, &socket, EventData::new_u64(key as u64), EventFlags::IN)?;
        self.clients[key] = Some(Client { socket, message: [0; SIZE], received: 0 });
        Ok(())
    }

    fn serve(&mut self, key: usize) {
        let Some(client) = &mut self.clients[key] else { return };
        if !client.advance(self.work) {
            self.clients[key] = None; // closed, which takes it out of the epoll
            self.free.push(key);
        }
    }
}

impl Client {
    /// False at the end.
    fn advance(&mut self, work: Work) -> bool {
        match recv(&self.socket, &mut self.message[self.received..], RecvFlags::DONTWAIT) {
            Ok((n, _)) if n > 0 => self.received += n,
            Err(Errno::AGAIN) => return true,
            _ => return false,
        }
        if self.received < SIZE {
            return true;
        }
        self.received = 0;
        // So little always fits, since the client waits for it.
        send(&self.socket, &self.message, SendFlags::NOSIGNAL) == Ok(SIZE) && work == Work::Echo
    }
}
