//! A handler that tells what it does, and clients that do one thing at a time: what `two-clients-in-turn` and `many-clients-at-once` have
//! in common. They differ in the mix-in, and in nothing else.

use crate::Result;
use socketserver::{MixIn, Sequential, prelude::*};
use std::{
    net::{Shutdown, SocketAddr},
    sync::atomic::{AtomicU32, Ordering},
    thread,
};

/// A server with this handler.
pub type TalkServer<M = Sequential> = TcpServer<Talk, M, Arrivals>;

/// Numbers clients as they are served.
#[derive(Debug, Default)]
pub struct Arrivals(AtomicU32);

impl ServerHooks<Tcp> for Arrivals {}

/// Answers a client in upper case until it goes. Python: the handler of a `socketserver` tutorial.
#[derive(Debug, Default)]
pub struct Talk {
    number: u32,
}

impl BaseRequestHandler<TcpStream, Arrivals> for Talk {
    fn setup(&mut self, cx: &mut Context<'_, TcpStream, Arrivals>) -> HandlerResult {
        self.number = cx.server.state().0.fetch_add(1, Ordering::Relaxed) + 1;
        println!("server: now serves client {}", self.number);
        Ok(())
    }

    fn handle(&mut self, cx: &mut Context<'_, TcpStream, Arrivals>) -> HandlerResult {
        let mut buf = [0; 1024];
        loop {
            match cx.request.recv(&mut buf)? {
                0 => return Ok(()), // the client has finished
                n => cx.request.sendall(&buf[..n].to_ascii_uppercase())?,
            }
        }
    }

    fn finish(&mut self, _: &mut Context<'_, TcpStream, Arrivals>) -> HandlerResult {
        println!("server: has finished with client {}", self.number);
        Ok(())
    }
}

/// A client; what it does, it tells first.
#[derive(Debug)]
pub struct Client {
    number: u32,
    server: TcpStream,
}

impl Client {
    /// Connects, and says something. The system takes both, whether or not the server has time for the client.
    ///
    /// # Errors
    /// Nobody listens there; what the connection fails with.
    pub fn comes(number: u32, address: SocketAddr, text: &str) -> Result<Self> {
        println!("client {number}: connects, and says {text:?}");
        let client = Client { number, server: TcpStream::connect(address)? };
        client.server.sendall(text.as_bytes())?;
        Ok(client)
    }

    /// Says something.
    ///
    /// # Errors
    /// What the connection fails with.
    pub fn says(&self, text: &str) -> Result {
        println!("client {}: says {text:?}", self.number);
        Ok(self.server.sendall(text.as_bytes())?)
    }

    /// Waits for the answer.
    ///
    /// # Errors
    /// What the connection fails with.
    pub fn hears(&self) -> Result {
        // What is said here is short, and answered before more is said, so that it comes in one piece.
        let mut buf = [0; 1024];
        let length = self.server.recv(&mut buf)?;
        println!("client {}: hears {:?}", self.number, String::from_utf8_lossy(&buf[..length]));
        Ok(())
    }

    /// Says that there is no more to come, and waits until the server has taken note.
    ///
    /// # Errors
    /// What the connection fails with.
    pub fn leaves(self) -> Result {
        println!("client {}: leaves", self.number);
        self.server.shutdown(Shutdown::Write)?;
        match self.server.recv(&mut [0])? {
            0 => Ok(()),
            _ => Err("the server has said something that nobody asked".into()),
        }
    }
}

/// Serves on a thread while `story` goes on.
///
/// # Errors
/// Those of the story, and what ends the server.
pub fn serve_during<M: MixIn>(server: &TalkServer<M>, story: impl FnOnce(SocketAddr) -> Result) -> Result {
    thread::scope(|scope| {
        let serving = scope.spawn(|| server.serve_forever());
        let told = story(server.server_address());
        server.handle().request_shutdown();
        serving.join().expect("serve_forever doesn't panic")?;
        told
    })
}
