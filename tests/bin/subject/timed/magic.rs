//! TCP whose connections begin with a handshake: the client has to say one of a few words.

use socketserver::{
    Bind, BindOptions, Child, Connection, FirstWord, PeerAddress, Request, StreamRequest, Transport,
    prelude::*,
};
use std::{io, net::SocketAddr, os::fd::BorrowedFd};

/// With `ASKS` the server says the first word.
pub(crate) struct Magic<const ASKS: bool>(Tcp);

pub(crate) struct Player<const ASKS: bool>(TcpStream);

impl<const ASKS: bool> Player<ASKS> {
    pub(crate) fn stream(&mut self) -> &mut TcpStream {
        &mut self.0
    }
}

impl<const ASKS: bool> Request for Player<ASKS> {
    type Address = SocketAddr;
    fn connection(&self) -> Option<Connection> {
        Some(StreamRequest::connection(self))
    }
    fn begins_with_handshake(&self) -> Option<FirstWord> {
        Some(if ASKS { FirstWord::FromServer } else { FirstWord::FromClient })
    }
    fn handshake(&mut self, client_address: &mut SocketAddr) -> io::Result<()> {
        if ASKS {
            self.0.sendall(b"?")?;
        }
        let mut word = [0; 4];
        self.0.read_exact(&mut word)?;
        match &word {
            b"PLAY" => {}
            b"LONG" => while self.0.read(&mut word[..1])? == 1 && word[0] != b'\n' {},
            b"PROX" => *client_address = ([192, 0, 2, 1], 99).into(),
            b"DIES" => panic!("as was asked"),
            _ => return Err(io::Error::new(io::ErrorKind::InvalidData, "not the word")),
        }
        Ok(())
    }
}

impl<const ASKS: bool> StreamRequest for Player<ASKS> {
    fn connection(&self) -> Connection {
        StreamRequest::connection(&self.0)
    }
}

impl<const ASKS: bool> Transport for Magic<ASKS> {
    type Request = Player<ASKS>;
    type Address = SocketAddr;

    fn get_request(&self) -> io::Result<(Player<ASKS>, PeerAddress<Self>)> {
        self.0.get_request().map(|(stream, peer)| (Player(stream), peer))
    }
    fn readiness(&self) -> BorrowedFd<'_> {
        self.0.readiness()
    }
    fn server_address(&self) -> SocketAddr {
        self.0.server_address()
    }
    fn server_activate(&self, request_queue_size: i32) -> io::Result<()> {
        self.0.server_activate(request_queue_size)
    }
    fn shutdown_request(request: &mut Player<ASKS>) {
        Tcp::shutdown_request(&mut request.0);
    }
    fn close_in_child(&self, child: &Child) {
        self.0.close_in_child(child);
    }
}

impl<const ASKS: bool> Bind<&str> for Magic<ASKS> {
    fn server_bind(address: &str, options: &BindOptions) -> Result<Self, ServerError> {
        Tcp::server_bind(address, options).map(Magic)
    }
}
