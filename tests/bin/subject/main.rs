//! What is tested in a process of its own, from outside: it forks, is adopted, lacks permissions, counts its descriptors.

mod accepting;
mod adopted;
mod asking;
mod bind;
mod deaf;
mod draining;
mod forking;
mod kinds;
mod linger;
mod panics;
mod pool;
mod prefork;
mod signalled;
mod sockets;
mod spans;
mod threading;
mod timed;

use std::{env, error::Error, fs};

/// How many descriptors, threads and children this process has.
fn left() -> [usize; 3] {
    let entries = |folder: &str| fs::read_dir(folder).map_or(0, |it| it.count());
    let children = fs::read_to_string("/proc/thread-self/children").unwrap_or_default();
    [entries("/proc/self/fd"), entries("/proc/self/task"), children.split_whitespace().count()]
}

fn main() -> Result<(), Box<dyn Error>> {
    // A test that fails leaves nobody behind, be it that a tracer stands in between.
    #[cfg(target_os = "linux")]
    rustix::process::set_parent_process_death_signal(Some(rustix::process::Signal::KILL))?;
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.split_first() {
        Some((case, rest)) if case == "accepting" => accepting::serve(rest),
        Some((case, rest)) if case == "bind" => bind::once(rest),
        Some((case, _)) if case == "failed-binds" => bind::fail_often(),
        Some((case, rest)) if case == "adopted" => adopted::serve(rest),
        Some((case, _)) if case == "asking" => asking::serve(),
        Some((case, rest)) if case == "forking" => forking::serve(rest),
        Some((case, rest)) if case == "deaf" => deaf::serve(rest),
        Some((case, rest)) if case == "draining" => draining::serve(rest),
        Some((case, rest)) if case == "linger" => linger::serve(rest),
        Some((case, rest)) if case == "matrix" => kinds::serve(rest),
        Some((case, rest)) if case == "panics" => panics::serve(rest),
        Some((case, rest)) if case == "pool" => pool::run(rest),
        Some((case, rest)) if case == "prefork" => prefork::serve(rest),
        Some((case, rest)) if case == "signalled" => signalled::serve(rest),
        Some((case, rest)) if case == "sockets" => sockets::serve(rest),
        Some((case, rest)) if case == "spans" => spans::serve(rest),
        Some((case, _)) if case == "scarce-threads" => threading::scarce(),
        Some((case, rest)) if case == "timed" => timed::serve(rest),
        _ => {
            let cases = "accepting|bind|failed-binds|adopted|asking|deaf|draining|forking|linger|matrix|panics|pool|prefork";
            Err(format!("subject {cases}|signalled|sockets|spans|scarce-threads|timed …").into())
        }
    }
}
