//! The sockets of the standard library: the time that remains becomes their timeout.

use super::{HandshakeStream, Timeouts, remaining};
use std::io;
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::Instant;

macro_rules! socket {
    ($($stream:ty),*) => {$(
        impl HandshakeStream for $stream {
            fn set_read_deadline(&mut self, deadline: Instant) -> io::Result<()> {
                self.set_read_timeout(Some(remaining(deadline)?))
            }

            fn set_write_deadline(&mut self, deadline: Instant) -> io::Result<()> {
                self.set_write_timeout(Some(remaining(deadline)?))
            }

            fn save_timeouts(&self) -> io::Result<Timeouts> {
                Ok(Timeouts { read: self.read_timeout()?, write: self.write_timeout()? })
            }

            fn restore_timeouts(&mut self, saved: Timeouts) -> io::Result<()> {
                self.set_read_timeout(saved.read)?;
                self.set_write_timeout(saved.write)
            }
        }
    )*};
}

socket!(TcpStream, &TcpStream);
#[cfg(unix)]
socket!(UnixStream, &UnixStream);
