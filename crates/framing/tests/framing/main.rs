//! Tests of socketserver-framing through its public API, one file per topic.

#![forbid(unsafe_code)]

// What must hold for any bytes at all, however they are split; shared with the fuzz targets.
mod checks;
// Writers that misbehave.
mod util;

// The fuzz targets' seeds, run as ordinary tests.
mod corpus;
// Headers above 0x7fff_ffff, without as much memory.
mod extended;
// Limits, bad headers, streams that end too early.
mod frames;
// One end and the other over a real socket.
mod loopback;
// Lines and other delimiters.
mod lines;
// How much memory is taken, and when.
mod memory;
// Python programs at the other end.
mod python;
// Timeouts in the middle of a message.
mod resume;
// Random messages, splits and ends.
mod splits;
// Payloads that are streamed.
mod streams;
// What a writer puts on the wire, and in how many writes.
mod writes;
