//! What the command servers and their clients share: commands run by the shell, replies behind a length header.
//!
//! The conversation is that of the usual Python tutorial, which a learner's program can hold at either end: what one `send` of the
//! client brings, up to [`MAX_COMMAND`] bytes, is a command; the server runs it and answers with the length of its output and the output.

mod auth;
mod client;
mod encoding;
mod follow;
mod listen;
mod options;
mod output;
mod process;
mod sealed;
mod shell;

pub use auth::{Admitted, Channel, Gate};
pub use client::{connect, converse};
pub use encoding::Encoding;
pub use listen::serve;
pub use options::Options;
pub use sealed::Sealed;
pub use shell::{MAX_COMMAND, Shell};
