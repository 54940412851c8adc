//! Memory for datagrams, used again and again.

use parking_lot::Mutex;

/// The memory of one request.
#[derive(Default)]
pub(super) struct Buffers {
    /// One byte longer than what is wanted: portable evidence that there was more.
    pub(super) packet: Vec<u8>,
    pub(super) reply: Vec<u8>,
}

/// Buffers for datagrams, of one size.
pub(super) struct Pool {
    max_packet_size: usize,
    free: Mutex<Vec<Buffers>>,
}

/// More than this many idle buffers are given back to the allocator: what a burst needed isn't kept for ever.
const KEPT: usize = 256;

/// No system sends datagrams as large as this; "no limit" must not ask for all the memory there is.
const LARGEST: usize = 16 << 20;

impl Pool {
    /// For datagrams of up to `max_packet_size` bytes; more than 16 MiB is as much as that.
    pub(super) fn new(max_packet_size: usize) -> Self {
        Pool { max_packet_size: max_packet_size.min(LARGEST), free: Mutex::default() }
    }

    pub(super) fn max_packet_size(&self) -> usize {
        self.max_packet_size
    }

    pub(super) fn take(&self) -> Buffers {
        let free = self.free.lock().pop();
        free.unwrap_or_else(|| self.fresh())
    }

    /// Fills `buffers` up to `count`, if there are fewer.
    pub(super) fn fill(&self, buffers: &mut Vec<Buffers>, count: usize) {
        let missing = count.saturating_sub(buffers.len());
        if missing == 0 {
            return;
        }
        let mut free = self.free.lock();
        let kept = free.len().saturating_sub(missing);
        buffers.extend(free.drain(kept..));
        drop(free);
        buffers.resize_with(count, || self.fresh());
    }

    pub(super) fn give_back(&self, mut buffers: Buffers) {
        buffers.reply.clear();
        let mut free = self.free.lock();
        if free.len() < KEPT {
            free.push(buffers);
        }
    }

    /// Zeroed by the allocator, which leaves memory that it has fresh from the system untouched.
    fn fresh(&self) -> Buffers {
        Buffers { packet: vec![0; self.max_packet_size + 1], reply: Vec::new() }
    }
}
