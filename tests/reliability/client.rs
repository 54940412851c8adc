//! Clients of the server, which notice whatever is wrong with a reply.

use crate::GUARD;
use std::{
    error::Error,
    io::{self, BufRead, BufReader, Read, Write, stdout},
    net::{SocketAddr, TcpStream},
    os::unix::net::UnixStream,
};

/// A connection on which lines go to and fro. Nothing on it takes for ever.
#[derive(Debug)]
pub struct Client<S = TcpStream>(pub BufReader<S>);

impl Client<TcpStream> {
    /// Connects.
    ///
    /// # Errors
    /// What connecting fails with.
    pub fn try_connect(address: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(address)?;
        stream.set_read_timeout(Some(GUARD))?;
        stream.set_write_timeout(Some(GUARD))?;
        stream.set_nodelay(true)?;
        Ok(Client(BufReader::new(stream)))
    }

    /// Connects to a server that listens.
    ///
    /// # Panics
    /// If it doesn't.
    #[track_caller]
    pub fn connect(address: SocketAddr) -> Self {
        Client::try_connect(address).expect("the server listens")
    }
}

impl Client<UnixStream> {
    /// Connects to a socket's file.
    ///
    /// # Errors
    /// What connecting fails with.
    pub fn try_connect_to(path: &str) -> io::Result<Self> {
        let stream = UnixStream::connect(path)?;
        stream.set_read_timeout(Some(GUARD))?;
        stream.set_write_timeout(Some(GUARD))?;
        Ok(Client(BufReader::new(stream)))
    }
}

impl<S: Read + Write> Client<S> {
    /// Sends a line.
    ///
    /// # Errors
    /// What sending fails with.
    pub fn say(&mut self, line: &str) -> io::Result<()> {
        self.0.get_mut().write_all(format!("{line}\n").as_bytes())
    }

    /// The next line, without its end; `None` when the server has ended the connection in order.
    ///
    /// # Errors
    /// What receiving fails with, and a line that is cut.
    pub fn hear(&mut self) -> io::Result<Option<String>> {
        let mut line = String::new();
        match self.0.read_line(&mut line)? {
            0 => Ok(None),
            _ if line.pop() == Some('\n') => Ok(Some(line)),
            _ => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    /// Whether the server sends a line back.
    pub fn echoes(&mut self, line: &str) -> bool {
        self.say(line).is_ok() && matches!(self.hear(), Ok(Some(heard)) if heard == line)
    }

    /// Sends a line, and gives the next that comes.
    ///
    /// # Panics
    /// If none comes.
    #[track_caller]
    pub fn ask(&mut self, line: &str) -> String {
        self.say(line).expect("the server reads");
        self.hear().expect("the server answers").expect("the server hasn't ended the connection")
    }
}

/// What a client does that is a process of its own: asks for one reply after another, and says a hundred bytes for each.
///
/// # Errors
/// When it isn't served any more.
pub fn ask(address: &str) -> Result<(), Box<dyn Error>> {
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    let mut client = Client::try_connect(address.parse()?)?;
    while client.echoes("hello") {
        stdout().write_all(&[b'.'; 99])?;
        stdout().write_all(b"\n")?;
    }
    Err("not served any more".into())
}
