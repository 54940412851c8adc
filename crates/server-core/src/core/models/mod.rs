//! What threads do to one another here, in all orders: loom runs each model again and again, and finds a thread that nobody wakes, a
//! place that is lost, a stop that isn't seen. It is the server's own code that runs, with real descriptors; locks, shared numbers and
//! the moment of each system call are loom's (see `socketserver_sys::sync`). Time limits never pass.
//!
//! ```sh
//! RUSTFLAGS='--cfg loom' cargo test -p socketserver-core --lib --release --target-dir target/loom -- models
//! ```

mod drain;
mod idle;
mod life;
mod permits;
mod registry;
mod room;
mod wake;

use super::{Core, CoreOptions};
use crate::{Event, Limit, Observer, Ticket, time_limits::TimeLimits, wake::Wanted};
use socketserver_net::Address;
use socketserver_sys::sync::loom::{model::Builder, thread::JoinHandle};
use std::{net::SocketAddr, sync::Arc, time::Duration};

/// Runs a model in all orders; with the bound that the environment sets (`LOOM_MAX_PREEMPTIONS`), or three.
fn explore(model: impl Fn() + Send + Sync + 'static) {
    let mut builder = Builder::new();
    builder.preemption_bound = builder.preemption_bound.or(Some(3));
    builder.check(model);
}

fn join(threads: impl IntoIterator<Item = JoinHandle<()>>) {
    threads.into_iter().for_each(|thread| thread.join().unwrap());
}

struct Deaf;

impl Observer for Deaf {
    fn event(&self, _: &Event<'_>) {}
    fn wants_requests(&self) -> bool {
        false
    }
}

fn nobody() -> Address {
    SocketAddr::from(([127, 0, 0, 1], 9)).into()
}

fn core(limit: Limit) -> Arc<Core> {
    let options = CoreOptions {
        limit,
        max_per_peer: None,
        alarm_at: None,
        alarm_cool_down: Duration::ZERO,
        observer: Box::new(Deaf),
        poll_interval: None,
        reserve_descriptor: false,
        backlog: crate::Backlog::Keep,
        request_queue_size: 5,
        linger: crate::Linger::default(),
        time_limits: TimeLimits::DEFAULT,
        max_handshakes: None,
    };
    Arc::new(Core::new(nobody(), options).unwrap())
}

/// A request in progress, if there is room for it.
fn request(core: &Arc<Core>) -> Option<Ticket> {
    core.gate.try_enter().then(|| Ticket::new(core, nobody, None, true))
}

/// What an acceptor does while no client comes.
fn wait_for_the_end(core: &Core) {
    while !core.is_stopping() {
        let ready = core.wait(Wanted::default(), || true).unwrap();
        core.note(ready);
    }
}
