//! Who hears what happens in a server.

mod log;
#[cfg(feature = "metrics")]
mod metrics;
mod several;
#[cfg(feature = "tracing")]
mod tracing;

pub use self::log::LogObserver;
#[cfg(feature = "metrics")]
pub use self::metrics::MetricsObserver;
#[cfg(feature = "tracing")]
pub use self::tracing::TracingObserver;

use crate::Event;

/// Hears what happens in a server. Called where it happens, so it should be quick; a panic in it is swallowed.
///
/// An observer is for one server, whose numbers tell its connections and requests apart. Several observers of one server are one: a tuple
/// of them, or a `Vec<Box<dyn Observer>>`. `()` hears nothing.
///
/// ```
/// use socketserver_core::{Event, LogObserver, Observer, TcpServer};
/// use socketserver_handlers::StreamContext;
/// use std::{io::Write, sync::mpsc};
///
/// struct Slow(mpsc::Sender<String>);
/// impl Observer for Slow {
///     fn event(&self, event: &Event<'_>) {
///         if let Event::ConnectionEnded { peer, outcome, duration, traffic, .. } = event {
///             let _ = self.0.send(format!("{peer}: {} after {duration:?}, {} bytes out", outcome.name(), traffic.bytes_out));
///         }
///     }
/// }
///
/// let (sender, heard) = mpsc::channel();
/// let server = TcpServer::<_>::builder()
///     .handler_factory(|_| socketserver_handlers::HandlerFn::new(|cx: &mut StreamContext<'_>| Ok(cx.wfile.write_all(b"hello")?)))
///     .observer((LogObserver, Slow(sender)))
///     .bind("127.0.0.1:0")?;
/// let client = std::net::TcpStream::connect(server.server_address())?;
/// server.handle_request()?;
/// let told = heard.recv()?;
/// assert!(told.starts_with(&format!("{}: completed after ", client.local_addr()?)) && told.ends_with(", 5 bytes out"));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Observer: Send + Sync + 'static {
    /// Something happened.
    fn event(&self, event: &Event<'_>);

    /// Whether the starts and ends of connections and requests are wanted. If not, they aren't made, and nothing is spent on them. As
    /// provided, they are. Asked once for each connection or datagram, when it is accepted: of one whose start was told, all is told.
    fn wants_requests(&self) -> bool {
        true
    }

    /// The calling thread begins to run what belongs to the connection, or the datagram, with this number: its handler, its hooks. Only for
    /// one whose start was told; [`leave`](Self::leave) follows on the same thread. A reactor does so for each
    /// request, on whichever thread. For those who keep a thread's context; as provided, does nothing.
    fn enter(&self, _id: u64) {}

    /// The calling thread has done what it [entered](Self::enter) for. As provided, does nothing.
    fn leave(&self, _id: u64) {}
}
