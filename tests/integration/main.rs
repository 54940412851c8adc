//! Integration tests, against real sockets on loopback. One module a topic.

// The command servers and their clients.
mod commands;
mod examples;
// CPython's own test suite, case by case.
mod cpython;
// What a user is promised to be able to write.
mod design;
// The same clients, served by CPython and by us.
mod differential;
// Servers of different types, steered as one.
mod group;
// Runs the helper program.
mod helper;
// Connections that wait without a thread.
mod reactor;
// What must not compile.
mod misuse;
// Ending a server, from everywhere.
mod shutdown;
// Time, messages and many clients: the rest of the examples.
mod systems;
mod util;
