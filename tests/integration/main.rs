//! Integration tests, against real sockets on loopback. One module a topic.

mod util;
