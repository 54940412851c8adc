use socketserver_auth::{AuthError, HandshakeStream, Key, mutual};
use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

pub(crate) fn key(text: &str) -> Key {
    Key::new(text).unwrap()
}

/// Two ends of a TCP connection.
pub(crate) fn pair() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
    (client, listener.accept().unwrap().0)
}

/// Runs both sides, each with its own end, which it closes when it is done.
pub(crate) fn both<C, S>(
    client: impl FnOnce(&mut TcpStream) -> C + Send,
    server: impl FnOnce(&mut TcpStream) -> S + Send,
) -> (C, S)
where
    C: Send,
    S: Send,
{
    let (mut theirs, mut ours) = pair();
    thread::scope(|scope| {
        let client = scope.spawn(move || client(&mut theirs));
        let served = server(&mut ours);
        drop(ours);
        (client.join().unwrap(), served)
    })
}

/// A mutual session, both ends of it.
pub(crate) fn sessions() -> (mutual::Session, mutual::Session) {
    let (client, server) = both(
        |stream| mutual::Client::new(key("k")).handshake(stream),
        |stream| mutual::Server::new(key("k")).handshake(stream),
    );
    (client.unwrap(), server.unwrap())
}

/// Reads exactly so many bytes, as an attacker does.
pub(crate) fn take(stream: &mut impl Read, count: usize) -> Vec<u8> {
    let mut bytes = vec![0; count];
    stream.read_exact(&mut bytes).unwrap();
    bytes
}

/// The cause's name, for comparing.
#[track_caller]
pub(crate) fn cause<T>(outcome: Result<T, AuthError>) -> String {
    match outcome {
        Ok(_) => panic!("the handshake passed"),
        Err(error) => format!("{:?}", error.cause()),
    }
}

/// What a [`Script`] has its reader meet next.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// These bytes at once.
    Bytes(Vec<u8>),
    /// So much time passes first.
    Wait(Duration),
    /// An error.
    Fail(io::ErrorKind),
}

/// A stream whose input and clock follow a script; at its end the peer is silent for ever, or gone.
#[derive(Debug)]
pub(crate) struct Script {
    pub(crate) steps: VecDeque<Step>,
    pub(crate) silent_at_end: bool,
    pub(crate) sent: Vec<u8>,
    pub(crate) start: Instant,
    pub(crate) clock: Instant,
    pub(crate) read_deadline: Option<Instant>,
    /// Reads without a deadline set just before.
    pub(crate) unarmed_reads: usize,
}

impl Script {
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        let start = Instant::now();
        Self {
            steps: steps.into_iter().collect(),
            silent_at_end: false,
            sent: Vec::new(),
            start,
            clock: start,
            read_deadline: None,
            unarmed_reads: 0,
        }
    }

    /// Just these bytes, and then the end.
    pub(crate) fn of(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new([Step::Bytes(bytes.into())])
    }

    pub(crate) fn silent_at_end(mut self) -> Self {
        self.silent_at_end = true;
        self
    }

    pub(crate) fn elapsed(&self) -> Duration {
        self.clock - self.start
    }
}

impl Read for Script {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let deadline = self.read_deadline.take();
        self.unarmed_reads += usize::from(deadline.is_none());
        loop {
            match self.steps.pop_front() {
                Some(Step::Bytes(mut bytes)) => {
                    let count = bytes.len().min(buffer.len());
                    buffer[..count].copy_from_slice(&bytes[..count]);
                    bytes.drain(..count);
                    if !bytes.is_empty() {
                        self.steps.push_front(Step::Bytes(bytes));
                    }
                    return Ok(count);
                }
                Some(Step::Wait(time)) => match deadline {
                    Some(deadline) if self.clock + time > deadline => {
                        self.clock = deadline;
                        return Err(io::ErrorKind::WouldBlock.into());
                    }
                    _ => self.clock += time,
                },
                Some(Step::Fail(kind)) => return Err(kind.into()),
                None if self.silent_at_end => {
                    self.clock = deadline.expect("blocked for ever");
                    return Err(io::ErrorKind::WouldBlock.into());
                }
                None => return Ok(0),
            }
        }
    }
}

impl Write for Script {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.sent.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl HandshakeStream for Script {
    fn set_read_deadline(&mut self, deadline: Instant) -> io::Result<()> {
        self.read_deadline = Some(deadline);
        Ok(())
    }

    fn now(&self) -> Instant {
        self.clock
    }
}

/// A stream that moves one byte per call, whatever it is asked for.
#[derive(Debug)]
pub(crate) struct ByteByByte<S>(pub(crate) S);

impl<S: Read> Read for ByteByByte<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let room = buffer.len().min(1);
        self.0.read(&mut buffer[..room])
    }
}

impl<S: Write> Write for ByteByByte<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(&bytes[..bytes.len().min(1)])
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl<S: HandshakeStream> HandshakeStream for ByteByByte<S> {}
