//! Accepting nothing for a while, with the port open or closed.

use super::Handle;
use std::io;

impl Handle {
    /// Accepts nothing from now on, until [`resume`](Self::resume): clients wait in the backlog, as if the server were slow (datagrams in the
    /// socket's buffer), and those inside are served on. A client that is being accepted at this moment still is. Every mix-in does
    /// this, worker processes too, when they hear of it. Stopping works as ever; a server that is stopped and serves again is
    /// suspended still. [`close_port`](Self::close_port) is for clients who are to be refused instead.
    ///
    /// ```
    /// # use socketserver_core::TcpServer;
    /// # use socketserver_handlers::{HandlerResult, StreamContext};
    /// use std::{io::{Read, Write}, net::TcpStream, thread};
    ///
    /// # let server = TcpServer::<_>::bind_fn("127.0.0.1:0", |cx: &mut StreamContext<'_>| Ok(cx.wfile.write_all(b"hi")?))?;
    /// let handle = server.handle();
    /// handle.suspend();
    /// thread::scope(|scope| {
    ///     scope.spawn(|| server.serve_forever());
    ///
    ///     let mut client = TcpStream::connect(server.server_address())?; // waits
    ///     assert_eq!(handle.stats().accepted, 0);
    ///     handle.resume();
    ///     let mut text = String::new();
    ///     client.read_to_string(&mut text)?;
    ///     assert_eq!(text, "hi");
    ///     server.shutdown();
    ///     std::io::Result::Ok(())
    /// })?;
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn suspend(&self) {
        self.0.suspend(true);
    }

    /// Whether it is [suspended](Self::suspend).
    pub fn is_suspended(&self) -> bool {
        self.0.is_suspended()
    }

    /// Closes the port until [`resume`](Self::resume): clients are refused by the system (ECONNREFUSED), and nobody else can take the port
    /// meanwhile, though the system chose it. Those inside are served on; those who wait in the backlog are served first, none is lost.
    /// (One whose handshake is under way in this very moment may be reset.) Everything else is as with [`suspend`](Self::suspend), which keeps the port open. Does
    /// nothing if it is closed.
    ///
    /// It holds for all processes: worker processes take in who waits, for which they have five seconds. It is closed when this returns.
    ///
    /// # Errors
    /// The port is open then as it was.
    /// - [`Unsupported`](std::io::ErrorKind::Unsupported), with the reason: on other systems than Linux; for all but TCP (a Unix socket that was shut
    ///   down never listens again, a datagram socket doesn't listen); for an adopted socket, which others may serve; without
    ///   SO_REUSEADDR, since connections in progress would keep the port; and from a forked child, whose parent's the port is.
    /// - [`TimedOut`](std::io::ErrorKind::TimedOut) if worker processes don't come to those who wait.
    /// - [`NotConnected`](std::io::ErrorKind::NotConnected) if the server is closed; what the system reports, such as a lack of descriptors for those who wait.
    ///
    /// ```
    /// # use socketserver_core::TcpServer;
    /// # use socketserver_handlers::{HandlerResult, StreamContext};
    /// use std::{io, net::TcpStream};
    ///
    /// # let server = TcpServer::<_>::bind_fn("127.0.0.1:0", |_: &mut StreamContext<'_>| Ok(()))?;
    /// # if cfg!(target_os = "linux") {
    /// let handle = server.handle();
    /// handle.close_port()?;
    /// let refused = TcpStream::connect(server.server_address()).unwrap_err();
    /// assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused);
    ///
    /// handle.resume();
    /// TcpStream::connect(server.server_address())?;
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn close_port(&self) -> io::Result<()> {
        self.0.close_port()
    }

    /// Whether the port is [closed](Self::close_port).
    pub fn is_port_closed(&self) -> bool {
        self.0.is_port_closed()
    }

    /// Accepts again, first of all those who have waited in the backlog; listens again first, if the port was closed. Should that fail,
    /// [`Event::PortNotReopened`](crate::Event::PortNotReopened) tells, and it stays closed; [`try_resume`](Self::try_resume) gives the error. Does nothing if the server
    /// isn't suspended.
    pub fn resume(&self) {
        let _ = self.try_resume(); // it has been told
    }

    /// [`resume`](Self::resume), for those who want to know whether the port could be opened again.
    ///
    /// # Errors
    /// What the system reports. The port is closed then as it was.
    pub fn try_resume(&self) -> io::Result<()> {
        self.0.reopen()
    }
}
