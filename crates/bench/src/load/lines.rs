//! Connections over which many lines are under way.

use super::{
    Phase, Sample, Span, Tally,
    connect::{connect, receive, send_all},
    drive,
    poll::Poll,
};
use crate::{Error, server::Server, work::LINE};
use socket2::Socket;

/// How many lines are sent at a time.
const BLOCK: usize = 256;

/// How many blocks are under way on a connection.
const WINDOW: usize = 2;

struct Client {
    socket: Socket,
    /// The block that is sent again and again.
    block: Vec<u8>,
    /// How much of a block has come back.
    received: usize,
}

/// So many connections.
///
/// # Errors
/// If the server doesn't answer as it should.
pub fn run(server: &Server, span: Span, connections: usize) -> Result<Sample, Error> {
    let clients = (0..connections)
        .map(|index| {
            let line = |n| format!("{index:03} {n:03} {:.<width$}\n", "", width = LINE - 9).into_bytes();
            let socket = connect(&server.target, index)?;
            Ok(Client { socket, block: (0..BLOCK).flat_map(line).collect(), received: 0 })
        })
        .collect::<Result<Vec<_>, Error>>()?;
    drive(server, span, vec![move |phase: &Phase| work(clients, phase)])
}

fn work(mut clients: Vec<Client>, phase: &Phase) -> Result<Tally, Error> {
    let (mut poll, mut tally) = (Poll::new()?, Tally::default());
    let mut buffer = vec![0; 64 * 1024];
    for (key, client) in clients.iter().enumerate() {
        poll.add(&client.socket, key)?;
        for _ in 0..WINDOW {
            send_all(&client.socket, &client.block)?;
        }
    }
    while !phase.is_over() {
        for ready in 0..poll.wait()? {
            let key = poll.key(ready);
            let client = &mut clients[key];
            let Some(n) = receive(&client.socket, &mut buffer)? else { continue };
            if n == 0 {
                return Err("the server closed a connection".into());
            }
            for _ in 0..client.check(&buffer[..n])? {
                if phase.counts() {
                    tally.requests += BLOCK as u64;
                }
                send_all(&client.socket, &client.block)?;
            }
        }
    }
    Ok(tally)
}

impl Client {
    /// Compares what has come with what was sent, and says how many blocks are complete with it.
    fn check(&mut self, mut data: &[u8]) -> Result<usize, Error> {
        let mut complete = 0;
        while !data.is_empty() {
            let n = data.len().min(self.block.len() - self.received);
            if data[..n] != self.block[self.received..self.received + n] {
                return Err("a reply differs from its request".into());
            }
            self.received += n;
            data = &data[n..];
            if self.received == self.block.len() {
                self.received = 0;
                complete += 1;
            }
        }
        Ok(complete)
    }
}
