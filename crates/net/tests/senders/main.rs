//! Whom Unix datagrams are from, whatever they call themselves.

#![forbid(unsafe_code)]

// What must hold for any names and packets; shared with the fuzz target.
mod checks;
// The fuzz target's seeds, and what is written by hand.
mod corpus;
