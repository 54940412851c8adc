//! How the examples' servers run.

use crate::{Result, arguments};
use socketserver::BaseServer;
use std::{
    io::{self, Write},
    time::Duration,
};

/// A name for `--mixin`, and what makes a server with this mix-in and runs it.
pub type MixInChoice = (&'static str, fn(&str) -> Result);

/// The `main` of a server: reads `[--mixin NAME] [ADDRESS]`, and makes and runs the server that they ask for.
///
/// # Errors
/// What ends the server.
pub fn serve(default_address: &str, choices: &[MixInChoice]) -> Result {
    let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
    let arguments = arguments::of_server(default_address, &names);
    let (_, make_and_run) = choices[arguments.mixin];
    make_and_run(&arguments.address)
}

/// Says where the server listens, and serves until SIGTERM or SIGINT; clients that are being served then have a second to finish.
///
/// # Errors
/// What ends the server.
pub fn run(server: &dyn BaseServer) -> Result {
    env_logger::init_from_env(env_logger::Env::default().default_filter_or("warn"));
    let _signals = server.shutdown_on_signals(Duration::from_secs(1))?;
    writeln!(io::stdout(), "listening on {}", server.server_address())?;
    server.serve_forever()?;
    server.server_close();
    Ok(())
}
