//! The server that the tests of faults are done to.

use std::{env, error::Error};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.split_first() {
        Some((case, rest)) if case == "serve" => reliability::serve(rest),
        _ => Err("faults serve MIXIN …".into()),
    }
}
