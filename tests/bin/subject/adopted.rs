//! Serving a socket that somebody else has opened, and passed down as a bare number.

use socketserver::{Tcp, Udp, UnixDatagram, UnixStream, adopt_fd, prelude::*};
use std::{error::Error, time::Duration};

/// Answers with the server's address.
#[derive(Default)]
struct Where;
impl StreamRequestHandler for Where {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        Ok(write!(cx.wfile, "{}", cx.server.server_address())?)
    }
}
impl DatagramRequestHandler for Where {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        Ok(write!(cx.wfile, "{}", cx.server.server_address())?)
    }
}

/// Serves the descriptor of that number until SIGTERM.
pub(crate) fn serve(arguments: &[String]) -> Result<(), Box<dyn Error>> {
    let [transport, number] = arguments else { return Err("adopted tcp|udp|unix|unixgram NUMBER".into()) };
    let number = number.parse()?;
    let fd = adopt_fd(number)?;
    let server: Box<dyn BaseServer> = match &**transport {
        "tcp" => Box::new(ThreadingTcpServer::<Where>::builder().serve_on(Tcp::from_fd(fd)?)?),
        "udp" => Box::new(ThreadingUdpServer::<Where>::builder().serve_on(Udp::from_fd(fd, 8192)?)?),
        "unix" => Box::new(ThreadingUnixStreamServer::<Where>::builder().serve_on(UnixStream::from_fd(fd)?)?),
        _ => Box::new(UnixDatagramServer::<Where>::builder().serve_on(UnixDatagram::from_fd(fd, 8192)?)?),
    };
    // It has an owner now.
    println!("serving {} on {}, {}", server.server_address(), server.fileno(), adopt_fd(number).is_err());
    let _signals = server.shutdown_on_signals(Duration::ZERO)?;
    server.serve_forever()?;
    server.server_close();
    println!("closed");
    Ok(())
}
