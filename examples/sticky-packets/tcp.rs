//! The scenes over TCP.

use super::{MESSAGES, received, sent, title};
use examples_support::Result;
use rustix::net::{RecvFlags, recv};
use socketserver::{
    framing::{FrameWriter, Header},
    net::Connection,
    prelude::*,
};
use std::io;

pub(crate) fn three_sends_arrive_as_one_receive() -> Result {
    title("TCP: three sends arrive as one receive");
    let server = TcpServer::<_>::bind_fn("127.0.0.1:0", |cx: &mut StreamContext<'_>| {
        wait_for(MESSAGES.concat().len(), cx.request)?;
        let mut buf = [0; 1024];
        let length = cx.request.recv(&mut buf)?;
        received(&buf[..length]);
        Ok(())
    })?;
    let client = TcpStream::connect(server.server_address())?;
    for message in MESSAGES {
        client.sendall(message.as_bytes())?;
        sent(message);
    }
    serve(&server)
}

pub(crate) fn one_send_arrives_in_pieces() -> Result {
    title("TCP: one send arrives in pieces, here of what a buffer of 8 bytes takes");
    let message = MESSAGES.concat();
    let length = message.len();
    let server = TcpServer::<_>::bind_fn("127.0.0.1:0", move |cx: &mut StreamContext<'_>| {
        wait_for(length, cx.request)?;
        let mut buf = [0; 8];
        loop {
            match cx.request.recv(&mut buf)? {
                0 => return Ok(()), // the client has finished
                length => received(&buf[..length]),
            }
        }
    })?;
    let client = TcpStream::connect(server.server_address())?;
    client.sendall(message.as_bytes())?;
    sent(&message);
    drop(client);
    serve(&server)
}

pub(crate) fn frames_arrive_whole() -> Result {
    title("TCP with a length in front of each message: they arrive whole");
    let server = TcpServer::<_>::bind_fn("127.0.0.1:0", |cx: &mut StreamContext<'_>| {
        let mut frames = cx.framed(Header::I32Native);
        while let Some(message) = frames.read_frame()? {
            received(message);
        }
        Ok(())
    })?;
    let mut frames = FrameWriter::new(TcpStream::connect(server.server_address())?, Header::I32Native);
    for message in MESSAGES {
        frames.write_frame(message.as_bytes())?;
        sent(message);
    }
    drop(frames);
    serve(&server)
}

/// Waits until so many bytes have arrived, and takes none of them. In a tutorial, `time.sleep` does it, on good days.
fn wait_for(length: usize, connection: &Connection) -> io::Result<()> {
    let socket = connection.socket().ok_or(io::ErrorKind::Unsupported)?;
    recv(socket, &mut vec![0; length], RecvFlags::PEEK | RecvFlags::WAITALL)?;
    Ok(())
}

/// Serves the client that has connected, here and now.
fn serve<H: StreamRequestHandler>(server: &TcpServer<H>) -> Result {
    server.handle_request()?;
    if server.stats().completed == 1 { Ok(()) } else { Err("the handler has failed".into()) }
}
