//! Clients of servers that answer in upper case, over every transport.

use crate::util::GUARD;
use socketserver::{
    Address, TcpStream, UdpSocket, UnixAddress,
    net::{UnixDatagram, UnixStream},
};
use std::{
    io::{BufRead, BufReader, Read, Write},
    net::Shutdown,
    path::Path,
};

/// Has a conversation of several requests with the server at `address`, and checks each answer. Unix datagram clients have their own
/// address in `place`, by `name`.
#[track_caller]
pub(crate) fn converse(transport: &str, address: &Address, place: &Path, name: &str) {
    match (transport, address) {
        ("tcp", Address::Inet(to)) => {
            let stream = TcpStream::connect(to).unwrap();
            stream.settimeout(Some(GUARD));
            talk(&stream, || stream.shutdown(Shutdown::Write).unwrap());
        }
        ("unix", Address::Unix(to)) => {
            let stream = UnixStream::connect(to.clone()).unwrap();
            stream.settimeout(Some(GUARD));
            talk(&stream, || stream.shutdown(Shutdown::Write).unwrap());
        }
        ("udp", Address::Inet(to)) => {
            let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
            socket.settimeout(Some(GUARD));
            for question in ["hello", "again", "and again"] {
                socket.sendto(question.as_bytes(), to).unwrap();
                let mut buf = [0; 100];
                let (n, from) = socket.recvfrom(&mut buf).unwrap();
                assert_eq!((&buf[..n], from), (question.to_uppercase().as_bytes(), *to));
            }
        }
        ("unixgram", Address::Unix(UnixAddress::Path(to))) => {
            let socket = UnixDatagram::bind(place.join(name)).unwrap();
            socket.settimeout(Some(GUARD));
            for question in ["hello", "again", "and again"] {
                socket.sendto(question.as_bytes(), to.clone()).unwrap();
                let mut buf = [0; 100];
                let (n, _) = socket.recvfrom(&mut buf).unwrap();
                assert_eq!(&buf[..n], question.to_uppercase().as_bytes());
            }
        }
        _ => panic!("{transport} isn't at {address}"),
    }
}

fn talk<'a, S>(stream: &'a S, finish: impl FnOnce())
where
    &'a S: Read + Write,
{
    let mut reader = BufReader::new(stream);
    let mut writer = stream;
    for question in ["hello\n", "again\n", "and again\n"] {
        writer.write_all(question.as_bytes()).unwrap();
        let mut answer = String::new();
        reader.read_line(&mut answer).unwrap();
        assert_eq!(answer, question.to_uppercase());
    }
    finish();
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).unwrap();
    assert_eq!(rest, b"");
}
