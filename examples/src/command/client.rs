//! The client's end of a conversation.

use super::{MAX_COMMAND, Options};
use crate::{Result, client::prompt_to};
use socketserver::{Socket, TcpStream, framing::FrameReader};
use std::{
    io::{self, Read, Write},
    time::Duration,
};

/// Connects to where the options say.
///
/// # Errors
/// Nobody listens there.
pub fn connect(options: &Options) -> Result<TcpStream> {
    let address = &*options.address;
    Ok(TcpStream::connect(address).map_err(|error| format!("connect to {address}: {error}"))?)
}

/// Prompts for commands, has the server at the other end of `server` run them, and shows what they write. `socket` is what lies
/// beneath.
///
/// # Errors
/// The server closes the connection, or sends what is no reply.
pub fn converse(server: &mut (impl Read + Write), socket: &Socket, options: &Options) -> Result {
    prompt_to(|line, output| {
        let Some(command) = options.encoding.encode_typed(line).filter(|it| it.len() <= MAX_COMMAND) else {
            eprintln!("a command has at most {MAX_COMMAND} bytes, all of them characters of the encoding");
            return Ok(());
        };
        // From here on until the reply is complete, leaving means a reset: the server then knows at once that nobody waits for
        // the command any more.
        socket.setsockopt(|socket| socket.set_linger(Some(Duration::ZERO)))?;
        server.write_all(&command)?;
        let mut reply = FrameReader::new(&mut *server, options.header).with_max_len(u64::MAX);
        let mut payload = reply.read_stream()?.ok_or("the server has closed the connection")?;
        // Shown as it arrives: it may be longer than memory.
        let mut shown = options.encoding.decoder(output);
        io::copy(&mut payload, &mut shown)?;
        shown.end()?;
        Ok(socket.setsockopt(|socket| socket.set_linger(None))?)
    })
}
