//! The room: who is in it, who must not come in, and how something is said to all.

use parking_lot::Mutex;
use socketserver::{Address, Connection, ServerHooks, Tcp, TcpStream};
use std::{
    collections::{BTreeMap, HashSet},
    net::{IpAddr, Shutdown, SocketAddr},
    time::Duration,
};

/// The state of the server. Python: attributes of the server object.
#[derive(Default)]
pub(crate) struct Room {
    members: Mutex<Members>,
    banned: Mutex<HashSet<IpAddr>>,
}

#[derive(Default)]
struct Members {
    last: u64,
    present: BTreeMap<u64, Member>,
}

struct Member {
    connection: Connection,
    address: Address,
}

/// What a Python program would override in a subclass of the server.
impl ServerHooks<Tcp> for Room {
    fn verify_request(&self, _request: &TcpStream, client_address: &SocketAddr) -> bool {
        !self.banned.lock().contains(&client_address.ip().to_canonical())
    }

    fn reject_request(&self, request: &mut TcpStream, _client_address: &SocketAddr) {
        let _ = request.sendall(b"the room is full\n"); // it may have gone already
    }
}

impl Room {
    /// A new member, who has the returned number from now on.
    pub(crate) fn enter(&self, connection: &Connection, address: &Address) -> u64 {
        // A write that can't be done at once fails, so that a member who doesn't read holds nobody up.
        if let Some(socket) = connection.socket() {
            socket.set_write_timeout(Some(Duration::ZERO));
        }
        let mut members = self.members.lock();
        members.last += 1;
        let number = members.last;
        let member = Member { connection: connection.clone(), address: address.clone() };
        members.present.insert(number, member);
        number
    }

    pub(crate) fn leave(&self, number: u64) {
        self.members.lock().present.remove(&number);
    }

    /// Says something to all but the speaker. Who doesn't take it is shown the door.
    pub(crate) fn say(&self, speaker: u64, text: &str) {
        let line = format!("guest {speaker}: {text}\n");
        // Locked while it is written, so that all members read the same lines in the same order.
        for (number, member) in &self.members.lock().present {
            if *number != speaker && member.connection.sendall(line.as_bytes()).is_err() {
                let _ = member.connection.shutdown(Shutdown::Both); // its handler reads end-of-file, and does the rest
            }
        }
    }

    pub(crate) fn who(&self) -> Vec<String> {
        let members = self.members.lock();
        members.present.iter().map(|(number, it)| format!("guest {number} ({})", it.address)).collect()
    }

    /// Turns an address out, and lets nobody in from there.
    pub(crate) fn ban(&self, speaker: u64, address: IpAddr) {
        self.banned.lock().insert(address);
        for member in self.members.lock().present.values() {
            if member.address.ip() == Some(address) {
                let _ = member.connection.shutdown(Shutdown::Both);
            }
        }
        self.say(speaker, &format!("bans {address}"));
    }
}
