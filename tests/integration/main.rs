//! Integration tests, against real sockets on loopback. One module a topic.

mod examples;
// CPython's own test suite, case by case.
mod cpython;
// Runs the helper program.
mod helper;
// Ending a server, from everywhere.
mod shutdown;
mod util;
