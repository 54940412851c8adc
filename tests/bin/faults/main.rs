//! The server that the tests of faults are done to, and clients that must be processes of their own.

mod lossy;
mod slow;

use std::{env, error::Error};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.split_first() {
        Some((case, rest)) if case == "serve" => reliability::serve(rest),
        Some((case, [address])) if case == "ask" => reliability::ask(address),
        Some((case, [mixin])) if case == "lossy" => lossy::run(mixin),
        Some((case, [mixin, enough])) if case == "slow" => slow::run(mixin, enough.parse()?),
        _ => Err("faults serve MIXIN … | ask ADDRESS | lossy MIXIN | slow MIXIN SHARE".into()),
    }
}
