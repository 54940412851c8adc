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
// What accepting fails with, by a script.
mod accept_errors;
// What other servers test.
mod anchors;
// What is promised, and the tests that hold it.
mod guarantees;
// What an observer hears of servers, connections and requests.
mod spans;
// Faults that really happen: to system calls, descriptors, connections, processes.
mod faults;
// Who waits in the backlog when the server stops.
mod backlog;
// The same, where it isn't TCP.
mod backlog_others;
// The port is closed for a while.
mod close_port;
// Sockets that are open already.
mod adopt;
// Datagrams received several at a time.
mod batches;
// Clients that put up with what their servers do.
mod clients;
// Clients that take their time.
mod deadlines;
// What a server says when it can't be made, and what it logs.
mod errors;
// How handlers come to be.
mod factories;
// `rfile` and `wfile`.
mod files;
// Children, one a request.
mod forking;
// One request at a time.
mod handle_request;
// setup, handle, finish.
mod handlers;
// Hooks are called in Python's order.
mod hooks;
// One request after another on a connection.
mod keep_alive;
// How many connections at once.
mod limits;
// Clients that send more than they are asked for get their replies.
mod linger;
// Connections, counts and limits, while the server serves.
mod control;
// Accepting nothing for a while.
mod suspend;
// Datagrams that are empty, too long, or from nobody.
mod odd_datagrams;
// Clients that reset, say nothing, half-close or vanish.
mod odd_moments;
// Datagrams whose senders never read the replies.
mod never_readers;
// What overriding hooks can do.
mod overrides;
// A socket for each thread of a pool.
mod own_sockets;
// A transport that somebody else has written.
mod own_transport;
// Panics in any piece of user code.
mod panics;
// Supervised children that share a listener.
mod prefork;
// What a builder sets.
mod settings;
// The vocabulary of sockets.
mod sockets;
// Every kind of handler, on every transport, by every mix-in.
mod matrix;
// Runs the program that is tested from outside.
mod subject;
// Workers that accept for themselves.
mod thread_pool;
// Threads whose thread-locals take their time.
mod thread_locals;
// Threads, one a request, which are used again.
mod threading;
// TCP and UDP, IPv4 and IPv6.
mod transports;
// Files of Unix sockets.
mod unix_files;
// Tables of the documents, which name tests.
mod tables;
// Time limits, handshakes and drains, by every mix-in.
mod timed;
// The tutorial: its programs, and what it shows them print.
mod tutorial;
// Unix streams and datagrams.
mod unix_transports;
// Clients of the upper servers.
mod upper_clients;
mod util;
