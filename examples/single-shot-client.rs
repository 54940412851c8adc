//! The shortest client: it says one thing, prints the answer, and ends.
//!
//! It shows the four calls of every TCP client: connect, sendall, recv, close.
//!
//! ```text
//! cargo run --example single-shot-server
//! cargo run --example single-shot-client                                # => HELLO
//! ```

use examples_support::{Result, address};
use socketserver::TcpStream;

fn main() -> Result {
    let address = address("127.0.0.1:8080");
    let server = TcpStream::connect(&address).map_err(|error| format!("connect to {address}: {error}"))?;
    println!("connected to {}, from {}", server.getpeername()?, server.getsockname()?);

    server.sendall(b"hello")?;
    let mut buf = [0; 1024];
    let length = server.recv(&mut buf)?; // waits for the answer
    println!("received {:?}", String::from_utf8_lossy(&buf[..length]));
    Ok(()) // the socket is closed as its variable ends
}
