//! Integration tests, against real sockets on loopback. One module a topic.

// The command servers and their clients.
mod commands;
mod examples;
// CPython's own test suite, case by case.
mod cpython;
// Runs the helper program.
mod helper;
// Ending a server, from everywhere.
mod shutdown;
mod util;
