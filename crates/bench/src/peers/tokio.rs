//! tokio, as its documentation shows: the multi-thread runtime with its default settings, a task for each connection.

use super::{cannot, ready, socket_path};
use crate::{
    Error,
    work::{Place, SIZE, Work},
};
use std::io;
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader, BufWriter, split},
    net::{TcpListener, UdpSocket, UnixListener},
    runtime::Runtime,
};

pub(super) fn run(work: Work, place: Place) -> Result<(), Error> {
    Runtime::new()?.block_on(async {
        match (work, place) {
            (Work::Datagrams, Place::Inet) => datagrams().await,
            (Work::Datagrams, Place::Unix) => Err(cannot(work, place)),
            (_, Place::Inet) => {
                let listener = TcpListener::bind("127.0.0.1:0").await?;
                ready(listener.local_addr()?)?;
                loop {
                    tokio::spawn(serve(listener.accept().await?.0, work));
                }
            }
            (_, Place::Unix) => {
                let path = socket_path();
                let listener = UnixListener::bind(&path)?;
                ready(path.display())?;
                loop {
                    tokio::spawn(serve(listener.accept().await?.0, work));
                }
            }
        }
    })
}

async fn serve(mut stream: impl AsyncRead + AsyncWrite + Unpin, work: Work) -> io::Result<()> {
    if work == Work::Lines {
        return lines(stream).await;
    }
    let mut message = [0; SIZE];
    loop {
        stream.read_exact(&mut message).await?;
        stream.write_all(&message).await?;
        if work == Work::Once {
            return Ok(());
        }
    }
}

async fn lines(stream: impl AsyncRead + AsyncWrite) -> io::Result<()> {
    let (reader, writer) = split(stream);
    let (mut reader, mut writer) = (BufReader::new(reader), BufWriter::new(writer));
    let mut line = Vec::new();
    loop {
        line.clear();
        if reader.read_until(b'\n', &mut line).await? == 0 {
            return Ok(());
        }
        writer.write_all(&line).await?;
        if reader.buffer().is_empty() {
            writer.flush().await?;
        }
    }
}

async fn datagrams() -> Result<(), Error> {
    let socket = UdpSocket::bind("127.0.0.1:0").await?;
    ready(socket.local_addr()?)?;
    let mut packet = [0; 8192];
    loop {
        let (n, from) = socket.recv_from(&mut packet).await?;
        let _ = socket.send_to(&packet[..n], from).await; // the client may have gone
    }
}
