//! The two ends, and the calls that may be made.

use crate::states::{Row, settled};
use examples_support::Result;
use socketserver::TcpStream;
use std::{
    io::{ErrorKind, Read},
    net::{Shutdown, SocketAddr, TcpListener},
    time::Duration,
};

const HELP: &str = "client|server connect|accept|send TEXT|recv|fill|drain|shutdown|close";

pub(crate) struct Ends {
    listener: TcpListener,
    server: SocketAddr,
    /// The client's address, once it has connected.
    client: Option<SocketAddr>,
    sockets: Sockets,
    /// The end that has filled the other's buffers, so that what it has said can't arrive.
    stuck: Option<SocketAddr>,
}

#[derive(Default)]
struct Sockets {
    client: Option<TcpStream>,
    server: Option<TcpStream>,
}

impl Ends {
    pub(crate) fn listen(address: &str) -> Result<Self> {
        let listener = TcpListener::bind(address).map_err(|error| format!("bind {address}: {error}"))?;
        let server = listener.local_addr()?;
        if !server.is_ipv4() {
            return Err("an IPv4 address is wanted".into());
        }
        Ok(Ends { listener, server, client: None, sockets: Sockets::default(), stuck: None })
    }

    /// Makes the call that `line` names.
    pub(crate) fn call(&mut self, line: &str) -> Result {
        let (end, call) = line.split_once(' ').ok_or(HELP)?;
        let socket = match end {
            "client" => &mut self.sockets.client,
            "server" => &mut self.sockets.server,
            _ => return Err(HELP.into()),
        };
        let (call, text) = call.split_once(' ').unwrap_or((call, ""));
        match (end, call, socket) {
            ("client", "connect", socket @ None) => {
                let client = TcpStream::connect(self.server)?;
                self.client = Some(client.getsockname()?);
                *socket = Some(client);
            }
            ("server", "accept", socket @ None) => {
                self.client.ok_or("there is no client")?;
                *socket = Some(self.listener.accept()?.0.into());
            }
            (_, "send", Some(socket)) => socket.sendall(text.as_bytes())?,
            (_, "recv", Some(socket)) => {
                // A call that waits would wait for ever, since the other end is in this very thread.
                socket.setblocking(false);
                let mut buf = [0; 1024];
                let length = socket.recv(&mut buf)?;
                println!("received {:?}", String::from_utf8_lossy(&buf[..length]));
            }
            (_, "fill", Some(socket)) => {
                fill(socket)?;
                self.stuck = Some(socket.getsockname()?);
            }
            (_, "drain", Some(socket)) => {
                drain(socket)?;
                self.stuck = None;
            }
            (_, "shutdown", Some(socket)) => socket.shutdown(Shutdown::Write)?,
            (_, "close", socket @ Some(_)) => *socket = None,
            (_, _, None) => return Err(format!("the {end} has no socket").into()),
            _ => return Err(HELP.into()),
        }
        Ok(())
    }

    /// The states of both ends, as soon as all that was said has arrived.
    pub(crate) fn states(&self) -> Result<String> {
        let rows = settled(self.server, self.client, self.stuck)?;
        let names = |is_wanted: &dyn Fn(&Row) -> bool| {
            let names: Vec<_> = rows.iter().filter(|row| is_wanted(row)).map(|row| row.state).collect();
            if names.is_empty() { "-".to_owned() } else { names.join(", ") }
        };
        let client = names(&|row| Some(row.local) == self.client);
        let server = names(&|row| row.local == self.server);
        Ok(format!("client: {client} | server: {server}"))
    }
}

/// Sends until nothing more can be taken, neither by the other end nor by this one.
fn fill(socket: &TcpStream) -> Result {
    // The other end's system takes a while to say that it has no more room.
    socket.settimeout(Some(Duration::from_secs(1)));
    loop {
        match socket.send(&[b'.'; 64 * 1024]) {
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::TimedOut => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}

/// Receives to the end; or, if the other end has not said that it has no more, until nothing has come for a while.
fn drain(socket: &mut TcpStream) -> Result {
    socket.settimeout(Some(Duration::from_secs(10)));
    let mut buf = [0; 64 * 1024];
    loop {
        match socket.read(&mut buf) {
            Ok(0) => return Ok(()),
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::TimedOut => return Ok(()),
            Err(error) => return Err(error.into()),
        }
    }
}
