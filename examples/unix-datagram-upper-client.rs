//! A client of `unix-datagram-upper-server`: sends each line that is typed as one datagram, prints the reply. `quit` ends it.
//!
//! ```text
//! cargo run --example unix-datagram-upper-server
//! cargo run --example unix-datagram-upper-client    # [ADDRESS]: a path or @name; type a line
//! printf 'hello\nquit\n' | cargo run --example unix-datagram-upper-client       # => >>: HELLO
//! ```

use examples_support::{Result, address, prompt};
use socketserver::net::UnixDatagram;
use std::{fs, process, time::Duration};

/// The client's own address, to be answered at. The file goes with the value.
struct OwnAddress(String);

impl Drop for OwnAddress {
    fn drop(&mut self) {
        if !self.0.starts_with('@') {
            let _ = fs::remove_file(&self.0); // somebody may have been faster
        }
    }
}

fn main() -> Result {
    let address = address("/tmp/upper-datagram.sock");
    // Beside the server's, so that it is a file if that is one, and a place where the server can get to.
    let own = format!("{address}.client-{}", process::id());
    let socket = UnixDatagram::bind(&own).map_err(|error| format!("bind to {own}: {error}"))?;
    let _own = OwnAddress(own);
    socket.settimeout(Some(Duration::from_secs(5))); // the server may have gone away
    let mut reply = vec![0; 256 * 1024];
    prompt(|line| {
        let asked = socket.sendto(line, &address).and_then(|_| socket.recvfrom(&mut reply));
        let (length, _) = asked.map_err(|error| format!("ask {address}: {error}"))?;
        Ok(reply[..length].to_vec())
    })
}
