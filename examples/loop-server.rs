//! A server with two loops: the outer one serves one client after another, the inner one answers for as long as the client asks.
//!
//! It shows what becomes of a second client meanwhile: it waits. The servers of `socketserver` are this program's cure.
//!
//! ```text
//! cargo run --example loop-server                       # [ADDRESS]
//! printf 'hello\nquit\n' | cargo run --example tcp-upper-client         # => HELLO
//! printf 'again\nquit\n' | cargo run --example tcp-upper-client         # => AGAIN
//! ```

use examples_support::{Result, address, end_on_signals};
use socketserver::TcpStream;
use std::{io, net::TcpListener};

fn main() -> Result {
    let address = address("127.0.0.1:8080");
    end_on_signals()?;
    let listener = TcpListener::bind(&address).map_err(|error| format!("bind {address}: {error}"))?;
    println!("listening on {}", listener.local_addr()?);

    for number in 1.. {
        let (connection, client) = listener.accept()?;
        println!("client {number}: comes from {client}");
        match serve(&connection.into()) {
            Ok(()) => println!("client {number}: has finished"),
            Err(error) => println!("client {number}: {error}"), // this client's end, not the server's
        }
    }
    Ok(())
}

fn serve(client: &TcpStream) -> io::Result<()> {
    let mut buf = [0; 1024];
    loop {
        match client.recv(&mut buf)? {
            0 => return Ok(()), // the client has said all
            length => client.sendall(&buf[..length].to_ascii_uppercase())?,
        }
    }
}
