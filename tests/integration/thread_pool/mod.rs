//! Threads that accept for themselves: who serves whom, how many there are, and that each client finds one.

mod busy;
mod closing;
mod crowd;
mod house;
mod queue;
mod size;
mod workers;
