//! Requests of one keep-alive connection, by clients and observers of the same process.

use crate::allocations;
use parking_lot::Mutex;
use socketserver::{Event, Observer, prelude::*};
use std::{error::Error, net::SocketAddr, thread};

/// Notes how often memory had been allocated by each request.
#[derive(Default)]
struct Counts(Mutex<Vec<usize>>);
impl ServerHooks<Tcp> for Counts {}

#[derive(Default)]
struct Echo(Vec<u8>);
impl KeepAliveRequestHandler<Counts> for Echo {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, Counts>) -> HandlerResult<KeepAlive> {
        self.0.clear();
        cx.rfile.read_until(b'\n', &mut self.0)?;
        cx.wfile.write_all(&self.0)?;
        cx.server.state().0.lock().push(allocations());
        Ok(KeepAlive::Yes)
    }
}

/// Hears all, and does nothing.
struct Ear;
impl Observer for Ear {
    fn event(&self, _: &Event<'_>) {}
}

/// Prints how often memory was allocated by `count` requests after some first ones: with the default observer, with none, with one.
pub(crate) fn count(count: usize) -> Result<(), Box<dyn Error>> {
    println!("{} {} {}", by(socketserver::LogObserver, count)?, by((), count)?, by(Ear, count)?);
    Ok(())
}

fn by(observer: impl Observer, count: usize) -> Result<usize, Box<dyn Error>> {
    const FIRST: usize = 10;
    let server = TcpServer::<Echo, socketserver::Sequential, Counts>::builder().observer(observer);
    let server = server.bind("127.0.0.1:0")?;
    server.state().0.lock().reserve(FIRST + count);
    let address = server.server_address();
    let client = thread::spawn(move || ask(address, FIRST + count));
    server.handle_request()?;
    client.join().expect("the client doesn't panic")?;
    let counts = server.state().0.lock();
    Ok(counts[FIRST + count - 1] - counts[FIRST - 1])
}

fn ask(server: SocketAddr, times: usize) -> std::io::Result<()> {
    let mut client = std::net::TcpStream::connect(server)?;
    for _ in 0..times {
        client.write_all(b"hello\n")?;
        client.read_exact(&mut [0; 6])?;
    }
    Ok(())
}
