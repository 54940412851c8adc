//! Tests of the handshakes through their public API. Nothing sleeps to synchronise, and no limit is one that
//! a busy machine can miss: deadlines are compared with each other or run on a simulated clock.

// Streams that misbehave on purpose, and both ends of a handshake in one call.
mod util;

// One failure for everybody.
mod errors;
// Key files.
mod key;

// Deadlines: silent peers, dripping peers, timeouts put back.
mod deadline;
// Halves, buffered halves, streams without timeouts.
mod streams;
// The streams that servers hand to their handlers.
#[cfg(feature = "net")]
mod net_streams;

// The mutual handshake: who passes.
mod mutual;
// The mutual handshake under attack.
mod mutual_attacks;
// Sealed frames.
mod sealed;
// Sealed frames under attack.
mod sealed_attacks;

// CPython's handshake: both sides against each other.
mod multiprocessing;
// CPython's handshake: what must be refused.
mod multiprocessing_attacks;
// The tutorials' handshake.
mod oneway;
// Arbitrary input to every parser.
mod properties;

// Throttling.
mod throttle;
// Throttling: memory, and any order of events.
mod throttle_bounds;

// Against real CPython.
mod interop;
// Finding and running it.
mod python;
