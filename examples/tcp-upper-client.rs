//! A client of the upper servers over TCP.
//!
//! ```text
//! cargo run --example tcp-upper-server
//! cargo run --example tcp-upper-client                      # [ADDRESS]
//! ```

use examples_support::{Arguments, Result, prompt};
use socketserver::TcpStream;
use std::io::Read;

fn main() -> Result {
    let mut server = TcpStream::connect(Arguments::of_client("127.0.0.1:8080"))?;
    prompt(|line| {
        server.sendall(line)?;
        // TCP keeps no boundaries, so one recv may bring less than one send put in. The reply is as long as the line.
        let mut reply = vec![0; line.len()];
        server.read_exact(&mut reply)?;
        Ok(reply)
    })
}
