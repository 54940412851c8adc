//! Sockets that have several datagrams under way, some of which may be lost.

use super::{Phase, Sample, Span, Tally, connect::receive, drive, poll::Poll, split};
use crate::{Error, server::Server, work::SIZE};
use rustix::{
    io::Errno,
    net::{SendFlags, send},
};
use socket2::{Domain, SockAddr, Socket, Type};
use std::time::{Duration, Instant};

/// How many threads the load generator has for this: a datagram costs a client as much as a server.
const THREADS: usize = 2;

/// A datagram that has not been answered after so long is counted as lost, and another is sent in its place.
const LOST: Duration = Duration::from_millis(200);

struct Client {
    socket: Socket,
    /// What is under way: its number, and when it was sent. Number n is in place n modulo the window.
    window: Vec<(u64, Instant)>,
}

/// So many sockets with so many datagrams under way on each.
///
/// # Errors
/// If a reply differs from what was sent.
pub fn run(server: &Server, span: Span, sockets: usize, window: usize) -> Result<Sample, Error> {
    let address = SockAddr::from(server.address()?);
    let now = Instant::now();
    let clients = (0..sockets)
        .map(|_| {
            let socket = Socket::new(Domain::IPV4, Type::DGRAM, None)?;
            socket.connect(&address)?;
            Ok(Client { socket, window: (0..window as u64).map(|number| (number, now)).collect() })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    let parts = split(clients, THREADS).into_iter().map(|part| move |phase: &Phase| work(part, phase));
    drive(server, span, parts.collect())
}

fn work(mut clients: Vec<Client>, phase: &Phase) -> Result<Tally, Error> {
    let (mut poll, mut tally) = (Poll::new()?, Tally::default());
    for (key, client) in clients.iter_mut().enumerate() {
        poll.add(&client.socket, key)?;
        for place in 0..client.window.len() {
            client.send(key, place, Instant::now())?;
        }
    }
    let mut looked_at = Instant::now();
    while !phase.is_over() {
        for ready in 0..poll.wait()? {
            let key = poll.key(ready);
            let client = &mut clients[key];
            // As many as can be under way, so that no socket keeps the others waiting.
            for _ in 0..client.window.len() {
                let Some(answered) = client.receive(key)? else { break };
                let Some((place, sent_at)) = answered else { continue };
                let now = Instant::now();
                if phase.counts() {
                    tally.requests += 1;
                    tally.latency.record(now - sent_at);
                }
                client.replace(key, place, now)?;
            }
        }
        if looked_at.elapsed() > LOST / 4 {
            looked_at = Instant::now();
            let lost = clients.iter_mut().enumerate().map(|(key, it)| it.replace_lost(key, looked_at));
            let lost = lost.sum::<Result<u64, _>>()?;
            tally.lost += if phase.counts() { lost } else { 0 };
        }
    }
    Ok(tally)
}

/// What datagram number `number` of a client holds.
fn message(key: usize, number: u64) -> [u8; SIZE] {
    let mut message = [number as u8; SIZE];
    message[..8].copy_from_slice(&number.to_ne_bytes());
    message[8..16].copy_from_slice(&(key as u64).to_ne_bytes());
    message
}

impl Client {
    /// Takes a datagram that has come: its place and when it was sent, or nothing inside if it had been given up.
    #[allow(clippy::type_complexity, reason = "used once")]
    fn receive(&mut self, key: usize) -> Result<Option<Option<(usize, Instant)>>, Error> {
        let mut buffer = [0; SIZE + 1];
        let Some(n) = receive(&self.socket, &mut buffer)? else { return Ok(None) };
        let number = u64::from_ne_bytes(std::array::from_fn(|i| buffer[i]));
        if n != SIZE || buffer[..n] != message(key, number) {
            return Err("a reply differs from its request".into());
        }
        let place = (number % self.window.len() as u64) as usize;
        let (awaited, sent_at) = self.window[place];
        Ok(Some((awaited == number).then_some((place, sent_at))))
    }

    /// Sends the next datagram of this place.
    fn replace(&mut self, key: usize, place: usize, now: Instant) -> Result<(), Error> {
        self.window[place].0 += self.window.len() as u64;
        self.send(key, place, now)
    }

    fn send(&mut self, key: usize, place: usize, now: Instant) -> Result<(), Error> {
        self.window[place].1 = now;
        match send(&self.socket, &message(key, self.window[place].0), SendFlags::DONTWAIT) {
            Ok(_) | Err(Errno::AGAIN | Errno::NOBUFS) => Ok(()), // else it is lost
            Err(error) => Err(error.into()),
        }
    }

    fn replace_lost(&mut self, key: usize, now: Instant) -> Result<u64, Error> {
        let mut lost = 0;
        for place in 0..self.window.len() {
            if now - self.window[place].1 > LOST {
                lost += 1;
                self.replace(key, place, now)?;
            }
        }
        Ok(lost)
    }
}
