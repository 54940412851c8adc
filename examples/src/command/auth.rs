//! Lets in who knows the key, on either end.

use super::{
    MAX_COMMAND, Options,
    client::connect,
    options::KeyOptions,
    sealed::{MAX_FRAME, Sealed},
};
use crate::{Result, admission::Admission};
use socketserver::{
    HandlerResult, StreamContext, TcpStream,
    auth::{
        Digest, Key,
        mutual::{self, Session},
        oneway,
    },
};
use std::io::{self, Read, Write};

/// What a server needs to know to let clients in, and what it remembers of those that it didn't let in.
#[derive(Debug)]
pub struct Gate {
    handshake: Handshake,
    admission: Admission,
}

#[derive(Debug)]
enum Handshake {
    Mutual(mutual::Server),
    /// The tutorial's: 32 random bytes, answered by HMAC-MD5(key, bytes).
    Legacy(oneway::Server),
}

/// What a handshake leaves: the session whose frames protect the rest; none with the tutorial's.
#[derive(Debug)]
pub struct Admitted(Option<Box<Session>>);

/// A stream to a peer that has proved the key.
#[derive(Debug)]
pub enum Channel<'a, S> {
    /// All that passes is protected against change.
    Sealed(Sealed<'a, S>),
    /// Nothing that passes is protected.
    Plain(S),
}

impl Gate {
    /// A gate as the options say.
    ///
    /// # Errors
    /// There is no key in the key file.
    pub fn new(options: &Options) -> Result<Self> {
        let (key, KeyOptions { legacy_md5, .. }) = key(options)?;
        // The server has a deadline for it.
        let handshake = if *legacy_md5 {
            Handshake::Legacy(oneway::Server::new(key).digest(Digest::Md5).timeout(None))
        } else {
            Handshake::Mutual(mutual::Server::new(key).timeout(None))
        };
        Ok(Gate { handshake, admission: Admission::default() })
    }

    /// Has the client prove the key; see [`Admission::admit`].
    ///
    /// # Errors
    /// For the server's log: why the client was not let in.
    pub fn admit<S>(&self, cx: &mut StreamContext<'_, S>) -> HandlerResult<Admitted> {
        let session = self.admission.admit(cx, |client| match &self.handshake {
            Handshake::Mutual(server) => server.handshake(client).map(Some),
            Handshake::Legacy(server) => server.handshake(client).map(|()| None),
        })?;
        // Who knows the key may send commands, and no more than that.
        Ok(Admitted(
            session
                .map(|it| Box::new(it.max_payload_received(MAX_COMMAND as u32).max_payload_sent(MAX_FRAME))),
        ))
    }
}

impl Admitted {
    /// Connects to where the options say and proves the key to the server, which has to prove it too unless this is the tutorial's
    /// handshake. Gives the connection, too.
    ///
    /// # Errors
    /// There is no key in the key file; nobody listens; the handshake fails.
    pub fn connect(options: &Options) -> Result<(Self, TcpStream)> {
        let (key, KeyOptions { legacy_md5, deadline, .. }) = key(options)?;
        let mut server = connect(options)?;
        let session = if *legacy_md5 {
            let client = oneway::Client::new(key).digest(Digest::Md5).timeout(*deadline);
            client.handshake(&mut server)?;
            None
        } else {
            let session = mutual::Client::new(key).timeout(*deadline).handshake(&mut server)?;
            Some(Box::new(session.max_payload_received(MAX_FRAME).max_payload_sent(MAX_COMMAND as u32)))
        };
        Ok((Admitted(session), server))
    }

    /// Whether what follows is protected, its end too.
    pub fn is_sealed(&self) -> bool {
        self.0.is_some()
    }

    /// What follows on `stream`, over which the handshake went.
    pub fn channel<S: Read + Write>(&mut self, stream: S) -> Channel<'_, S> {
        match &mut self.0 {
            Some(session) => Channel::Sealed(Sealed::new(stream, session)),
            None => Channel::Plain(stream),
        }
    }
}

impl<S: Read + Write> Channel<'_, S> {
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

impl<S: Read> Read for Channel<'_, S> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        match self {
            Channel::Sealed(sealed) => sealed.read(buf),
            Channel::Plain(stream) => stream.read(buf),
        }
    }
}

impl<S: Write> Write for Channel<'_, S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Channel::Sealed(sealed) => sealed.write(bytes),
            Channel::Plain(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Channel::Sealed(sealed) => sealed.flush(),
            Channel::Plain(stream) => stream.flush(),
        }
    }
}

fn key(options: &Options) -> Result<(Key, &KeyOptions)> {
    let options = options.key.as_ref().ok_or("there is no key file")?;
    let file = &options.file;
    let key = Key::from_file(file).map_err(|error| format!("{}: {error}", file.display()))?;
    Ok((key, options))
}
