//! The example programs, as a user runs them: each as a process of its own, with clients that know nothing of Rust, and with its own.

mod bytes_datagram;
mod bytes_stream;
mod chat;
mod ci;
pub(crate) mod client_process;
mod custom;
mod guide;
mod headers;
mod own_clients;
pub(crate) mod programs;
pub(crate) mod server_process;
mod sockets;
mod stopping;
mod tools;
