//! A server and its clients in one network, which may lose packets.

use reliability::{Builder, Client, wait_for};
use std::{error::Error, io::Read, net::TcpStream, thread};

const CLIENTS: usize = 8;
const LARGE: usize = 200_000;

/// All clients get all their replies; all requests end.
pub(crate) fn run(mixin: &str) -> Result<(), Box<dyn Error>> {
    let server = Builder::this(mixin)?.start();
    let address = server.address;
    let whole = thread::scope(|scope| {
        let talk = || {
            let mut client = Client::connect(address);
            let answers = (0..3).all(|_| client.echoes("hello"));
            client.say(&format!("big {LARGE}")).expect("the server reads");
            client.0.read_exact(&mut vec![0; LARGE]).is_ok() && answers
        };
        let clients: Vec<_> = (0..CLIENTS).map(|_| scope.spawn(talk)).collect();
        clients.into_iter().map(|it| it.join().is_ok_and(|whole| whole)).filter(|whole| *whole).count()
    });
    wait_for("all to end", || server.counts().active == 0);
    let counts = server.stop();
    if whole != CLIENTS || counts.accepted != counts.completed || counts.completed < CLIENTS as u64 {
        return Err(format!("{mixin}: {whole} whole replies, {counts:?}").into());
    }
    // Nobody listens any more.
    if TcpStream::connect(address).is_ok() { Err("it still listens".into()) } else { Ok(()) }
}
