//! The end of a server, by a call or a signal, and of its socket.

use super::Server;
use crate::{MixIn, ServerError, ServerHooks, Signals, Transport};
use std::time::Duration;

impl<T: Transport, H, M: MixIn, S: ServerHooks<T>> Server<T, H, M, S> {
    /// Stops [`serve_forever`](Self::serve_forever), and waits until it has returned; requests that the mix-in runs elsewhere
    /// go on. For an end with a deadline, see [`Handle::shutdown`](crate::Handle::shutdown).
    ///
    /// Takes effect at once (Python: within half a second). From the serving thread or from a handler it only asks, and doesn't
    /// wait (Python: a deadlock). Before the server has ever served, it is remembered and the next `serve_forever` returns at once; it doesn't
    /// wait for that (Python: it does). After the server has stopped, it does nothing (Python: the next `serve_forever`
    /// returns at once).
    pub fn shutdown(&self) {
        self.handle().stop_and_wait();
    }

    /// Closes the listening socket, having turned away who still waits in its backlog (see [`Backlog`](crate::Backlog)), and waits for what the mix-in waits for: threads, children. Ends `serve_forever` if it is
    /// running (Python: it goes on, with an error). From the serving thread or from a handler it doesn't wait for
    /// those themselves; another call, from outside, does. In a worker process it asks the parent to shut down, whose server it is.
    /// Dropping the server does the same.
    pub fn server_close(&self) {
        let core = &self.shared.core;
        if core.worker().is_some() {
            core.request_stop(None); // the server is the parent's
            return;
        }
        core.close();
        if !core.is_inside() {
            core.wait_until_closed();
        }
        self.listening.close();
        core.hook("server_close", || self.mixin.server_close());
    }

    /// From now on SIGINT and SIGTERM stop the server, for as long as the returned value lives: requests in progress may go on for
    /// `grace`, the rest is then ended by force, and [`serve_forever`](Self::serve_forever) returns. In Python a program writes this by hand, or dies of
    /// `KeyboardInterrupt`.
    ///
    /// # Errors
    /// [`ServerError::Start`].
    ///
    /// ```no_run
    /// # use socketserver_core::TcpServer;
    /// # use socketserver_handlers::StreamContext;
    /// # use std::time::Duration;
    /// let server = TcpServer::<_>::bind_fn("127.0.0.1:8080", |_: &mut StreamContext<'_>| Ok(()))?;
    /// let _signals = server.shutdown_on_signals(Duration::from_secs(5))?;
    /// server.serve_forever()?;
    /// # Ok::<(), socketserver_core::ServerError>(())
    /// ```
    pub fn shutdown_on_signals(&self, grace: Duration) -> Result<Signals, ServerError> {
        Signals::watch(&self.shared.core, grace, self.mixin.forks())
    }
}
