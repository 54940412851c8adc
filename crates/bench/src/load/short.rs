//! Clients that connect, have one request answered, wait for the server to close, and come again.

use super::{
    Phase, Sample, Span, Tally,
    connect::{connect, receive, send_all},
    drive,
    poll::Poll,
    split,
};
use crate::{
    Error,
    server::{Server, Target},
    work::SIZE,
};
use socket2::Socket;
use std::time::Instant;

/// How many threads the load generator has for this: opening connections costs a client as much as a server.
const THREADS: usize = 2;

struct Client {
    index: usize,
    socket: Option<Socket>,
    message: [u8; SIZE],
    received: usize,
    began_at: Instant,
}

/// So many clients at the same time.
///
/// # Errors
/// If the server doesn't answer as it should.
pub fn run(server: &Server, span: Span, clients: usize) -> Result<Sample, Error> {
    let all: Vec<_> = (0..clients).collect();
    let target = &server.target;
    let parts = split(all, THREADS).into_iter().map(|part| move |phase: &Phase| work(target, part, phase));
    drive(server, span, parts.collect())
}

fn work(target: &Target, indexes: Vec<usize>, phase: &Phase) -> Result<Tally, Error> {
    let (mut poll, mut tally) = (Poll::new()?, Tally::default());
    let mut clients = Vec::new();
    for (key, index) in indexes.into_iter().enumerate() {
        let message = std::array::from_fn(|i| (i as u8).wrapping_mul(37));
        let mut client = Client { index, socket: None, message, received: 0, began_at: Instant::now() };
        client.begin(target, &poll, key)?;
        clients.push(client);
    }
    while !phase.is_over() {
        for ready in 0..poll.wait()? {
            let key = poll.key(ready);
            let client = &mut clients[key];
            if !client.advance()? {
                continue;
            }
            if phase.counts() {
                tally.requests += 1;
                tally.latency.record(client.began_at.elapsed());
            }
            client.begin(target, &poll, key)?;
        }
    }
    Ok(tally)
}

impl Client {
    fn begin(&mut self, target: &Target, poll: &Poll, key: usize) -> Result<(), Error> {
        self.socket = None; // closed before the next is opened
        self.index += 64;
        self.message[..8].copy_from_slice(&(self.index as u64).to_ne_bytes());
        self.received = 0;
        self.began_at = Instant::now();
        let socket = connect(target, self.index)?;
        send_all(&socket, &self.message)?;
        poll.add(&socket, key)?;
        self.socket = Some(socket);
        Ok(())
    }

    /// Takes what has come; true when the reply was complete and the server has closed.
    fn advance(&mut self) -> Result<bool, Error> {
        let Some(socket) = &self.socket else { return Ok(false) };
        let mut buffer = [0; SIZE + 1];
        loop {
            let Some(n) = receive(socket, &mut buffer)? else { return Ok(false) };
            let end = self.received + n;
            if n == 0 && self.received == SIZE {
                return Ok(true);
            }
            if n == 0 || end > SIZE || buffer[..n] != self.message[self.received..end] {
                return Err("a reply differs from its request".into());
            }
            self.received = end;
        }
    }
}
