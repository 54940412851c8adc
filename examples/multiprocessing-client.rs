//! A client of Python's `multiprocessing.connection.Listener`, and of `multiprocessing-listener`: it proves the `authkey` and has it
//! proved, then sends each line that is typed as a message and prints the one that comes back. `quit` ends it.
//!
//! ```text
//! (umask 077; head -c 32 /dev/urandom | base64 > /tmp/authkey)
//! cargo run --example multiprocessing-listener -- --authkey-file /tmp/authkey
//! cargo run --example multiprocessing-client -- --authkey-file /tmp/authkey      # [--allow-legacy-md5] [ADDRESS]; type a line
//! printf 'hello\nquit\n' | cargo run --example multiprocessing-client -- --authkey-file /tmp/authkey      # => >>: hello
//! ```

use examples_support::{Result, multiprocessing::PeerOptions, prompt};
use socketserver::{
    TcpStream,
    auth::multiprocessing::Client,
    framing::{Framed, Header},
};

fn main() -> Result {
    let PeerOptions { authkey, allow_legacy_md5, address, .. } = PeerOptions::from_env(&[])?;
    let mut server =
        TcpStream::connect(&address).map_err(|error| format!("connect to {address}: {error}"))?;
    let client = Client::new(authkey).allow_legacy_md5(allow_legacy_md5);
    client.handshake(&mut server).map_err(|error| format!("{error}: {}", error.cause()))?;
    let mut messages = Framed::new(server, Header::Multiprocessing);
    prompt(|line| {
        messages.write_frame(line)?;
        Ok(messages.read_frame()?.ok_or("the server has closed the connection")?.to_vec())
    })
}
