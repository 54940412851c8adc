//! Clients that put up with what their servers do.

use crate::util::GUARD;
use socket2::{Domain, SockAddr, Socket, Type};
use socketserver::{Address, TcpStream};
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::{self, Ipv4Addr, Shutdown, SocketAddr},
    os::fd::OwnedFd,
    time::{Duration, Instant},
};

/// Connects to a server over TCP; reading from it doesn't hang for ever.
#[track_caller]
pub(crate) fn connect(server: impl Into<Address>) -> TcpStream {
    let address = server.into().as_inet().expect("an Internet address");
    let client = TcpStream::connect(address).expect("the server listens");
    client.settimeout(Some(GUARD));
    client
}

/// A client with another address, all of 127.0.0.0/8 being ours.
#[track_caller]
pub(crate) fn connect_from(last: u8, server: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SockAddr::from(SocketAddr::from((Ipv4Addr::new(127, 0, 0, last), 0)))).unwrap();
    socket.connect(&server.into()).unwrap();
    let client = TcpStream::from(OwnedFd::from(socket));
    client.settimeout(Some(GUARD));
    client
}

/// What comes until the server ends the connection, be it by a reset.
#[track_caller]
pub(crate) fn rest(mut client: TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    match client.read_to_end(&mut answer) {
        Err(error) if error.kind() != io::ErrorKind::ConnectionReset => panic!("{error}"),
        _ => answer,
    }
}

/// What a server answers to `question`.
#[track_caller]
pub(crate) fn visit(server: impl Into<Address>, question: &[u8]) -> Vec<u8> {
    let client = connect(server);
    client.sendall(question).expect("there is room in the socket's buffer");
    let _ = client.shutdown(Shutdown::Write); // it may be over
    rest(client)
}

/// One that talks by lines. It never waits for ever.
pub(crate) struct Client(pub(crate) BufReader<net::TcpStream>);

impl Client {
    #[track_caller]
    pub(crate) fn connect(address: SocketAddr) -> Client {
        let stream = net::TcpStream::connect(address).expect("the server listens");
        stream.set_read_timeout(Some(GUARD)).expect("a valid limit");
        Client(BufReader::new(stream))
    }

    /// Sends what need not be a line.
    #[track_caller]
    pub(crate) fn send(&mut self, text: &str) {
        self.0.get_mut().write_all(text.as_bytes()).expect("the server reads");
    }

    /// Sends a line.
    #[track_caller]
    pub(crate) fn say(&mut self, line: &str) {
        self.send(&format!("{line}\n"));
    }

    /// The next line, without its end; empty if there is none.
    pub(crate) fn try_hear(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.0.read_line(&mut line)?;
        Ok(line.trim_end().to_owned())
    }

    /// The same, of a server that answers or ends in order.
    #[track_caller]
    pub(crate) fn hear(&mut self) -> String {
        self.try_hear().expect("a line, or the end")
    }

    #[track_caller]
    pub(crate) fn ask(&mut self, line: &str) -> String {
        self.say(line);
        self.hear()
    }

    /// Sends a line; says whether the answer came. It may be missing where the machine was so busy that we were silent for longer than
    /// `limit`, `since` then.
    #[track_caller]
    pub(crate) fn asks_in_time(&mut self, line: &str, answer: &str, since: Instant, limit: Duration) -> bool {
        let _ = self.0.get_mut().write_all(format!("{line}\n").as_bytes()); // what is wrong is heard
        match self.try_hear() {
            Ok(heard) if heard == answer => true,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => panic!("{line}: nothing in {GUARD:?}"),
            ended => {
                assert!(since.elapsed() >= limit, "{line}: {ended:?}");
                false
            }
        }
    }

    pub(crate) fn finish(&self) {
        self.0.get_ref().shutdown(Shutdown::Write).expect("it is connected");
    }

    /// Waits for the end, which must be one.
    #[track_caller]
    pub(crate) fn expect_end(mut self) {
        assert_eq!(self.hear(), "");
    }

    /// Finishes, and waits for the end.
    #[track_caller]
    pub(crate) fn leave(self) {
        self.finish();
        self.expect_end();
    }

    /// Ends the connection by a reset.
    pub(crate) fn reset(self) {
        socket2::SockRef::from(self.0.get_ref()).set_linger(Some(Duration::ZERO)).expect("a valid time");
    }
}
