//! Lets in who knows the key, on either end.

use super::{Options, client::connect, follow::leaves_within, options::KeyOptions, sealed::Sealed};
use crate::Result;
use socketserver::{Deadline, HandlerResult, TcpStream};
use socketserver_auth::{Digest, Duplex, HandshakeStream, Key, Throttle, mutual, oneway, peer_network};
use std::{
    io::{self, Read, Write},
    net::{IpAddr, SocketAddr},
    time::Instant,
};

/// What a server needs to know to let clients in, and what it remembers of those that it didn't let in.
#[derive(Debug)]
pub struct Gate {
    handshake: Handshake,
    throttle: Throttle<IpAddr>,
}

#[derive(Debug)]
enum Handshake {
    Mutual(mutual::Server),
    /// The tutorial's: 32 random bytes, answered by HMAC-MD5(key, bytes).
    Legacy(oneway::Server),
}

/// A connection with a peer that has proved the key.
#[derive(Debug)]
pub enum Channel {
    /// All that passes is protected against change.
    Sealed(Box<Sealed<TcpStream>>),
    /// Nothing that passes is protected.
    Plain(TcpStream),
}

impl Gate {
    /// A gate as the options say.
    ///
    /// # Errors
    /// There is no key in the key file.
    pub fn new(options: &Options) -> Result<Self> {
        let (key, KeyOptions { legacy_md5, deadline, .. }) = key(options)?;
        let handshake = if *legacy_md5 {
            Handshake::Legacy(oneway::Server::new(key).digest(Digest::Md5).timeout(*deadline))
        } else {
            Handshake::Mutual(mutual::Server::new(key).timeout(*deadline))
        };
        Ok(Gate { handshake, throttle: Throttle::new() })
    }

    /// Has the client prove the key. Runs in the handler, so nobody else waits meanwhile; a client that failed before waits
    /// first. One that fails learns no more than that.
    ///
    /// # Errors
    /// For the server's log: why the client was not let in.
    pub fn admit(&self, client: &TcpStream, address: &SocketAddr) -> HandlerResult<Channel> {
        let attempt = self.throttle.begin(&peer_network(address.ip()), Instant::now())?;
        if !attempt.delay().is_zero() && leaves_within(client, attempt.delay())? {
            return Err(io::Error::from(io::ErrorKind::ConnectionAborted).into()); // counts as failed
        }
        let admitted = match &self.handshake {
            Handshake::Mutual(server) => {
                server.handshake(&mut bounded(client)).map(|session| Channel::sealed(client.clone(), session))
            }
            Handshake::Legacy(server) => {
                server.handshake(&mut bounded(client)).map(|()| Channel::Plain(client.clone()))
            }
        };
        match admitted {
            Ok(channel) => {
                attempt.succeeded();
                Ok(channel)
            }
            Err(error) => {
                let failures = attempt.failed(Instant::now());
                let all = self.throttle.total_failed();
                Err(format!("{error}: {} (failure {failures} of this peer, {all} in all)", error.cause())
                    .into())
            }
        }
    }
}

impl Channel {
    fn sealed(stream: TcpStream, session: mutual::Session) -> Self {
        Channel::Sealed(Box::new(Sealed::new(stream, session)))
    }

    /// Connects to where the options say and proves the key to the server, which has to prove it too unless this is the tutorial's
    /// handshake. Gives the channel, and the connection that lies beneath.
    ///
    /// # Errors
    /// There is no key in the key file; nobody listens; the handshake fails.
    pub fn connect(options: &Options) -> Result<(Self, TcpStream)> {
        let (key, KeyOptions { legacy_md5, deadline, .. }) = key(options)?;
        let server = connect(options)?;
        let channel = if *legacy_md5 {
            let client = oneway::Client::new(key).digest(Digest::Md5).timeout(*deadline);
            client.handshake(&mut bounded(&server))?;
            Channel::Plain(server.clone())
        } else {
            let session = mutual::Client::new(key).timeout(*deadline).handshake(&mut bounded(&server))?;
            Channel::sealed(server.clone(), session)
        };
        Ok((channel, server))
    }

    /// Tells the peer that there is no more to come.
    ///
    /// # Errors
    /// What the connection fails with.
    pub fn close(self) -> io::Result<()> {
        match self {
            Channel::Sealed(sealed) => sealed.close(),
            Channel::Plain(_) => Ok(()), // its end says it
        }
    }
}

impl Read for Channel {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Channel::Sealed(sealed) => sealed.read(buf),
            Channel::Plain(stream) => stream.read(buf),
        }
    }
}

impl Write for Channel {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Channel::Sealed(sealed) => sealed.write(bytes),
            Channel::Plain(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(()) // neither keeps anything back
    }
}

/// The connection during a handshake, which keeps its deadline however slowly the peer talks.
fn bounded(stream: &TcpStream) -> impl HandshakeStream {
    Duplex::new(stream, stream).with_deadline(|deadline| {
        stream.set_deadline(deadline.map(|at| (at, Deadline::Handshake)));
        Ok(())
    })
}

fn key(options: &Options) -> Result<(Key, &KeyOptions)> {
    let options = options.key.as_ref().ok_or("there is no key file")?;
    let file = &options.file;
    let key = Key::from_file(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok((key, options))
}
