//! The benchmark. See [`socketserver_bench`].
#![forbid(unsafe_code)]

use socketserver_bench::{Error, arguments, peers};

fn main() -> Result<(), Error> {
    let mut arguments = std::env::args().skip(1).peekable();
    if arguments.next_if_eq("peer").is_some() {
        return peers::run(arguments);
    }
    arguments::run()
}
