//! The project's benchmark: peers and ourselves side by side, in one run, with one load generator.
//!
//! `cargo run --release -p socketserver-bench` runs all cases and prints their tables; `-- --help` says what else it can. Each server
//! is a process of its own, so that its CPU time and memory can be told from those of the load generator. `docs/performance.md` holds what
//! it printed last.
#![forbid(unsafe_code)]

pub mod arguments;
pub mod cost;
pub mod goal;
pub mod growth;
pub mod idle;
pub mod load;
pub mod peers;
pub mod process;
pub mod rate_cases;
pub mod rates;
pub mod report;
pub mod server;
pub mod tools;
pub mod work;

/// What the benchmark fails with: always the end of the program.
pub type Error = Box<dyn std::error::Error + Send + Sync>;
