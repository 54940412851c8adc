//! Connections that wait without a thread: who waits, who runs, and what ends them.

mod ahead;
mod before_and_after;
mod closing;
mod deaths;
mod ends;
mod greedy;
mod house;
mod idle;
mod idle_under_load;
mod parked;
mod pipelines;
mod stalls;
mod without_sockets;
