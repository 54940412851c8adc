//! A client of the HMAC command server: proves the key, and has the server prove it, before the first command is asked for.
//!
//! It takes the server's options. With `--legacy-md5` the server proves nothing, and the client can't know whether it was let in until
//! the first reply.
//!
//! ```text
//! (umask 077; head -c 32 /dev/urandom | base64 > /tmp/key)
//! cargo run --example hmac-command-server -- --key-file /tmp/key
//! cargo run --example hmac-command-client -- --key-file /tmp/key    # [--legacy-md5] [--header i32-native|u32-be]
//!                                              # [--encoding utf-8|gbk] [ADDRESS]; type a command
//! printf 'echo hello\nquit\n' | cargo run --example hmac-command-client -- --key-file /tmp/key      # => >>: hello
//! ```

use examples_support::{
    Result,
    command::{Admitted, Options, converse},
};

fn main() -> Result {
    let options = Options::hmac();
    let (mut admitted, server) = Admitted::connect(&options)?;
    let mut channel = admitted.channel(&server);
    converse(&mut channel, &server, &options)?;
    Ok(channel.close()?)
}
