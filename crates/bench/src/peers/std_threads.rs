//! What one writes with the standard library alone: `std::thread::spawn` for each connection.

use super::{cannot, ready, socket_path};
use crate::{
    Error,
    work::{Place, SIZE, Work},
};
use std::{
    io::{self, BufRead, BufReader, BufWriter, Read, Write},
    net::{TcpListener, UdpSocket},
    os::unix::net::UnixListener,
    thread,
};

pub(super) fn run(work: Work, place: Place) -> Result<(), Error> {
    match (work, place) {
        (Work::Datagrams, Place::Inet) => datagrams(),
        (Work::Datagrams, Place::Unix) => Err(cannot(work, place)),
        (_, Place::Inet) => {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            ready(listener.local_addr()?)?;
            for stream in listener.incoming() {
                let stream = stream?;
                thread::spawn(move || serve(&stream, work));
            }
            Ok(())
        }
        (_, Place::Unix) => {
            let path = socket_path();
            let listener = UnixListener::bind(&path)?;
            ready(path.display())?;
            for stream in listener.incoming() {
                let stream = stream?;
                thread::spawn(move || serve(&stream, work));
            }
            Ok(())
        }
    }
}

fn serve<S>(stream: &S, work: Work) -> io::Result<()>
where
    for<'a> &'a S: Read + Write,
{
    if work == Work::Lines {
        return lines(stream);
    }
    let mut message = [0; SIZE];
    loop {
        { stream }.read_exact(&mut message)?;
        { stream }.write_all(&message)?;
        if work == Work::Once {
            return Ok(());
        }
    }
}

fn lines<S>(stream: &S) -> io::Result<()>
where
    for<'a> &'a S: Read + Write,
{
    let (mut reader, mut writer) = (BufReader::new(stream), BufWriter::new(stream));
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        writer.write_all(&line)?;
        if reader.buffer().is_empty() {
            writer.flush()?;
        }
    }
}

fn datagrams() -> Result<(), Error> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    ready(socket.local_addr()?)?;
    let mut packet = [0; 8192];
    loop {
        let (n, from) = socket.recv_from(&mut packet)?;
        let _ = socket.send_to(&packet[..n], from); // the client may have gone
    }
}
