//! How the examples' servers run.

use crate::Result;
use socketserver::BaseServer;
use std::{
    io::{self, Write},
    time::Duration,
};

/// Says where the server listens, and serves until SIGTERM or SIGINT; clients that are being served then have a second to finish.
///
/// # Errors
/// What ends the server.
pub fn run(server: &dyn BaseServer) -> Result {
    let _ = env_logger::Builder::from_env(env_logger::Env::default().default_filter_or("warn")).try_init();
    let _signals = server.shutdown_on_signals(Duration::from_secs(1))?;
    println!("listening on {}", server.server_address());
    io::stdout().flush()?;
    server.serve_forever()?;
    server.server_close();
    Ok(())
}
