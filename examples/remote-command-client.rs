//! A client of the remote command server: sends each line that is typed as a command, shows what it wrote. `quit` ends it.
//!
//! It shows a reply of any size as it arrives, without holding it, and takes the server's options.
//!
//! ```text
//! cargo run --example remote-command-server
//! cargo run --example remote-command-client    # [--header i32-native|u32-be] [--encoding utf-8|gbk] [ADDRESS]; type a command
//! printf 'echo hello\nquit\n' | cargo run --example remote-command-client     # => >>: hello
//! ```

use examples_support::{
    Result,
    command::{Options, connect, converse},
};

fn main() -> Result {
    let options = Options::remote();
    let server = connect(&options)?;
    converse(&mut &server, &server, &options)
}
