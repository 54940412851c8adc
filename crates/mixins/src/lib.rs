//! Ways to run a handler.
//!
//! | Mix-in | a request runs | Python |
//! |---|---|---|
//! | [`ThreadingMixIn`] | on a thread of its own; threads are used again | `ThreadingMixIn` |
//! | [`ThreadPoolMixIn`] | on one of a bounded number of threads, of which each accepts | – |
//! | [`ForkingMixIn`] | in a child process of its own | `ForkingMixIn` |
//! | [`PreforkMixIn`] | in one of several processes that accept side by side, each by a mix-in of its own | – |
//! | [`ReactorMixIn`] | on one of a few threads; a connection between two requests has none | – |
#![forbid(unsafe_code)]

mod at_end;
mod forking;
mod prefork;
mod reactor;
mod sync;
mod thread_pool;
mod threading;

pub use forking::ForkingMixIn;
pub use prefork::PreforkMixIn;
pub use reactor::ReactorMixIn;
pub use thread_pool::ThreadPoolMixIn;
pub use threading::ThreadingMixIn;
