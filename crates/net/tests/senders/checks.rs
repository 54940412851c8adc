//! What must hold of names, and of datagrams from those who bear them. Shared with the fuzz target in `fuzz/`.

use socketserver_net::{Address, Datagram, DatagramRequest, DatagramSource, UnixAddress};
use std::{
    ffi::OsStr,
    io,
    os::{
        linux::net::SocketAddrExt,
        unix::{
            ffi::OsStrExt,
            net::{SocketAddr, UnixDatagram},
        },
    },
    path::Path,
};

/// The longest name, with the NUL in front of an abstract one or behind a path.
const LONGEST: usize = 108;
/// Not more than the system keeps for a socket that nobody reads.
const MOST: usize = 8;

/// A name is one that sockets can have, and comes back from there as it was; or it isn't, and that is told.
pub(crate) fn name(bytes: &[u8]) {
    let name = UnixAddress::from(Path::new(OsStr::from_bytes(bytes)));
    let can_be = match &name {
        UnixAddress::Unnamed => false,
        UnixAddress::Path(path) => {
            let path = path.as_os_str().as_bytes();
            path.len() < LONGEST && !path.contains(&0)
        }
        UnixAddress::Abstract(name) => name.len() < LONGEST,
    };
    match name.to_sock_addr() {
        Ok(raw) => {
            assert!(can_be, "{name:?}");
            assert_eq!(UnixAddress::from(&raw), name);
            assert_eq!(Address::from(&raw), Address::Unix(name.clone()));
        }
        Err(error) => assert!(!can_be && error.kind() == io::ErrorKind::InvalidInput, "{name:?}: {error}"),
    }
    let _ = (name.to_string(), Address::from(name).to_string());
}

/// A client with a name of its own, if it can have that: by the system's own calls, not by ours.
fn bind(kind: u8, name: &[u8], folder: &Path) -> Option<(UnixDatagram, Option<UnixAddress>)> {
    let (client, named) = match kind % 3 {
        0 => {
            let bound = UnixDatagram::bind_addr(&SocketAddr::from_abstract_name(name).ok()?).ok()?;
            (bound, Some(UnixAddress::Abstract(name.into())))
        }
        1 => {
            let path = folder.join(OsStr::from_bytes(name));
            let is_inside = !name.is_empty() && !name.contains(&b'/') && ![&b"."[..], b".."].contains(&name);
            (is_inside.then(|| UnixDatagram::bind(&path).ok())??, Some(UnixAddress::Path(path)))
        }
        _ => (UnixDatagram::unbound().ok()?, None),
    };
    client.set_nonblocking(true).expect("a socket");
    Some((client, named))
}

/// Takes so many bytes, or all that there are.
fn take<'a>(data: &mut &'a [u8], length: usize) -> &'a [u8] {
    let (taken, rest) = data.split_at(length.min(data.len()));
    *data = rest;
    taken
}

/// The first bytes say how long a datagram may be and whether several are received at once; then there are clients, each with a kind, a name
/// and what it says, with their lengths. All are heard in order, by their names, and each hears its own reply.
pub(crate) fn senders(mut data: &[u8]) {
    name(data);
    let [max_packet_size, ahead, ..] = *take(&mut data, 2) else { return };
    let folder = tempfile::tempdir().expect("a place for sockets");
    let path = folder.path().join("the server");
    let server = UnixDatagram::bind(&path).expect("it is free");
    server.set_nonblocking(true).expect("a socket");
    let max = usize::from(max_packet_size);
    let source = DatagramSource::<UnixAddress>::new(server, max).max_prefetch(usize::from(ahead));
    let mut sent = Vec::new();
    while sent.len() < MOST
        && let [kind, name_length, packet_length] = *take(&mut data, 3)
    {
        let bytes = take(&mut data, usize::from(name_length) % (LONGEST + 2));
        name(bytes);
        let packet = take(&mut data, usize::from(packet_length));
        if let Some((client, named)) = bind(kind, bytes, folder.path()) {
            client.send_to(packet, &path).expect("there is room");
            sent.push((client, named, packet));
        }
    }
    for (number, (client, named, packet)) in sent.iter().enumerate() {
        if ahead % 2 == 1 {
            source.prefetch();
        }
        let (datagram, from): (Datagram<UnixAddress>, _) = source.receive().expect("it has been sent");
        assert_eq!(from, *named);
        assert_eq!(datagram.packet(), &packet[..packet.len().min(max)]);
        assert_eq!(datagram.is_truncated(), packet.len() > max);
        let (reply, mut heard) = ([number as u8; 3], [0; 10]);
        match (datagram.reply(&from, &reply), named) {
            (replied, Some(_)) => {
                replied.expect("it has a name");
                assert_eq!(client.recv(&mut heard).expect("a reply"), reply.len());
                assert_eq!(heard[..3], reply);
            }
            (replied, None) => {
                assert_eq!(replied.expect_err("it has none").kind(), io::ErrorKind::InvalidInput);
                assert!(client.recv(&mut heard).is_err());
            }
        }
    }
    assert_eq!(source.receive().expect_err("no more was sent").kind(), io::ErrorKind::WouldBlock);
}
