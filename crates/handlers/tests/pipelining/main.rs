//! Requests that come one behind another on a keep-alive connection, however their bytes arrive.

#![forbid(unsafe_code)]

// What must hold for any bytes at all; shared with the fuzz target.
mod checks;
// The fuzz target's seeds, run as ordinary tests.
mod corpus;
// What is written by hand, and at random.
mod splits;
// A connection of which the test says what arrives when; shared with the fuzz target.
mod wire;
