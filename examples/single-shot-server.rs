//! The shortest server: it serves one client, with one answer, and ends.
//!
//! It shows the five calls of every TCP server, in their order: bind and listen, which are one in Rust, accept, recv, sendall, close.
//!
//! ```text
//! cargo run --example single-shot-server                # [ADDRESS]
//! cargo run --example single-shot-client                                # => HELLO
//! ```

use examples_support::{Result, address};
use socketserver::TcpStream;
use std::net::TcpListener;

fn main() -> Result {
    let address = address("127.0.0.1:8080");
    let listener = TcpListener::bind(&address).map_err(|error| format!("bind {address}: {error}"))?;
    println!("listening on {}", listener.local_addr()?);

    let (connection, client) = listener.accept()?; // waits for a client
    let connection = TcpStream::from(connection); // the same socket, with Python's vocabulary
    println!("{client} has connected");

    let mut buf = [0; 1024];
    let length = connection.recv(&mut buf)?; // waits until the client says something
    println!("received {:?}", String::from_utf8_lossy(&buf[..length]));
    connection.sendall(&buf[..length].to_ascii_uppercase())?;
    Ok(()) // both sockets are closed as their variables end
}
