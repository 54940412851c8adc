//! Connections that last, each with one request under way.

use super::{
    Phase, Sample, Span, Tally,
    connect::{connect, receive, send_all},
    drive,
    poll::Poll,
    split,
};
use crate::{Error, server::Server, work::SIZE};
use socket2::Socket;
use std::{
    io::{Read, Write},
    time::Instant,
};

/// A connection, and the request that is under way.
#[derive(Debug)]
pub struct Client {
    socket: Socket,
    /// Differs from connection to connection and from request to request.
    message: [u8; SIZE],
    received: usize,
    sent_at: Instant,
}

impl Client {
    /// Connects, and has one request answered, so that the server has taken it in.
    ///
    /// # Errors
    /// If the server doesn't answer as it should.
    pub fn new(server: &Server, index: usize) -> Result<Self, Error> {
        let socket = connect(&server.target, index)?;
        let mut message: [u8; SIZE] = std::array::from_fn(|i| (i as u8).wrapping_mul(37));
        message[8..16].copy_from_slice(&(index as u64).to_ne_bytes());
        let mut client = Client { socket, message, received: 0, sent_at: Instant::now() };
        client.ask()?;
        Ok(client)
    }

    /// One request, waiting for its reply.
    ///
    /// # Errors
    /// If the server doesn't answer as it should.
    pub fn ask(&mut self) -> Result<(), Error> {
        self.number_next();
        (&self.socket).write_all(&self.message)?;
        let mut reply = [0; SIZE];
        (&self.socket).read_exact(&mut reply)?;
        if reply != self.message {
            return Err("a reply differs from its request".into());
        }
        Ok(())
    }

    fn number_next(&mut self) {
        let number = u64::from_ne_bytes(std::array::from_fn(|i| self.message[i])) + 1;
        self.message[..8].copy_from_slice(&number.to_ne_bytes());
    }

    fn begin(&mut self, now: Instant) -> Result<(), Error> {
        self.number_next();
        self.received = 0;
        self.sent_at = now;
        Ok(send_all(&self.socket, &self.message)?)
    }

    /// Takes what has come; true when the reply is complete.
    fn advance(&mut self) -> Result<bool, Error> {
        let mut buffer = [0; SIZE];
        let Some(n) = receive(&self.socket, &mut buffer[self.received..])? else { return Ok(false) };
        if n == 0 {
            return Err("the server closed a connection".into());
        }
        let end = self.received + n;
        if buffer[self.received..end] != self.message[self.received..end] {
            return Err("a reply differs from its request".into());
        }
        self.received = end;
        Ok(end == SIZE)
    }
}

/// Opens `connections`, each of which has had a request answered.
///
/// # Errors
/// If the server doesn't answer as it should.
pub fn open(server: &Server, connections: usize) -> Result<Vec<Client>, Error> {
    (0..connections).map(|index| Client::new(server, index)).collect()
}

/// All clients at the same time, by one thread of the load generator.
///
/// # Errors
/// If the server doesn't answer as it should.
pub fn run(server: &Server, span: Span, connections: usize) -> Result<Sample, Error> {
    let parts = split(open(server, connections)?, 1);
    drive(server, span, parts.into_iter().map(|part| move |phase: &Phase| work(part, phase)).collect())
}

fn work(mut clients: Vec<Client>, phase: &Phase) -> Result<Tally, Error> {
    let (mut poll, mut tally) = (Poll::new()?, Tally::default());
    for (key, client) in clients.iter_mut().enumerate() {
        poll.add(&client.socket, key)?;
        client.begin(Instant::now())?;
    }
    while !phase.is_over() {
        for ready in 0..poll.wait()? {
            let key = poll.key(ready);
            let client = &mut clients[key];
            if !client.advance()? {
                continue;
            }
            let now = Instant::now();
            if phase.counts() {
                tally.requests += 1;
                tally.latency.record(now - client.sent_at);
            }
            client.begin(now)?;
        }
    }
    Ok(tally)
}
