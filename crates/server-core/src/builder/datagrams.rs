//! How datagrams are received and answered.

use super::ServerBuilder;

impl<T, H, M, S, F, FromM, FromS> ServerBuilder<T, H, M, S, F, FromM, FromS> {
    /// The length in bytes beyond which a datagram is cut. Default: 8192. More than any datagram can have (65,535 over UDP, 16 MiB
    /// over a Unix socket) is as much as that. No effect on connections.
    pub fn max_packet_size(mut self, bytes: usize) -> Self {
        self.options.bind.max_packet_size = bytes;
        self
    }

    /// How many datagrams are received by one system call, if so many are there. Default: 16. 1 is one by one; more than 64, or than fit into
    /// 4 MiB, is as much as that. No effect on connections, and none with a mix-in whose threads or processes receive for themselves: a
    /// datagram that one of them has received ahead would wait for it while others have nothing to do.
    ///
    /// A datagram that has been received ahead is in the server, no longer in the socket: a handler that receives from the server's
    /// socket itself, or another process that does, doesn't see it. They need 1. At a shutdown it is served first, if there is time;
    /// it counts as refused if not, or if the server is closed while a worker of a pool is busy with one before it.
    pub fn prefetch(mut self, datagrams: usize) -> Self {
        self.options.bind.prefetch = datagrams;
        self
    }

    /// Whether replies to UDP datagrams that were received by one system call are sent by one too: `wfile` of up to 1400 bytes. Default: no, each is
    /// sent when its handler has ended. For handlers that never wait: a reply is held back while the others' handlers run, until the last
    /// of them begins or 1 ms has passed; a handler that takes long just then holds it up for as long. That a reply could not be
    /// sent is told as an error of a later request. No effect with [`prefetch(1)`](Self::prefetch), nor where that has none.
    pub fn gather_replies(mut self, gather: bool) -> Self {
        self.options.bind.gather_replies = gather;
        self
    }
}
