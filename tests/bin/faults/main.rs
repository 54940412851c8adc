//! The server that the tests of faults are done to, and clients that must be processes of their own.

mod lossy;

use reliability::Client;
use std::{
    env,
    error::Error,
    io::{Write, stdout},
};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.split_first() {
        Some((case, rest)) if case == "serve" => reliability::serve(rest),
        Some((case, [address])) if case == "ask" => ask(address),
        Some((case, [mixin])) if case == "lossy" => lossy::run(mixin),
        _ => Err("faults serve MIXIN … | ask ADDRESS | lossy MIXIN".into()),
    }
}

/// Asks for one reply after another, says a hundred bytes for each, and ends when nobody listens.
fn ask(address: &str) -> Result<(), Box<dyn Error>> {
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    let mut client = Client::try_connect(address.parse()?)?;
    while client.echoes("hello") {
        stdout().write_all(&[b'.'; 99])?;
        stdout().write_all(b"\n")?;
    }
    Err("not served any more".into())
}
