//! A client of a server that steers itself.

use crate::util::GUARD;
use socketserver::BaseServer;
use std::{
    io::{self, BufRead, BufReader, Read, Write},
    net::Shutdown,
};

/// A client in the middle of its request, which goes on for as long as this lives.
pub(crate) struct Client(BufReader<std::net::TcpStream>);

impl Client {
    /// Connects. Fails where nobody listens any more.
    pub(crate) fn connect(server: &dyn BaseServer) -> io::Result<Self> {
        let address = server.server_address().as_inet().expect("a TCP server");
        let stream = std::net::TcpStream::connect(address)?;
        stream.set_read_timeout(Some(GUARD))?;
        Ok(Client(BufReader::new(stream)))
    }

    /// Sends a line, and waits for the answer; the handler is at work then, and stays so.
    pub(crate) fn ask(&mut self, line: &str) -> io::Result<String> {
        self.0.get_mut().write_all(line.as_bytes())?;
        let mut answer = String::new();
        self.0.read_line(&mut answer)?;
        Ok(answer)
    }

    /// Says that there is no more to come, and waits until the server has closed.
    pub(crate) fn finish(mut self) -> io::Result<Vec<u8>> {
        let _ = self.0.get_mut().shutdown(Shutdown::Write); // the server may have closed already
        let mut rest = Vec::new();
        self.0.read_to_end(&mut rest)?;
        Ok(rest)
    }
}

/// Checks that a server which is being served serves.
pub(crate) fn expect_service(server: &dyn BaseServer) {
    let mut client = Client::connect(server).expect("it listens");
    assert_eq!(client.ask("still there?\n").expect("it serves"), "still there?\n");
    client.finish().expect("it closes");
}
