//! A network that loses packets: a namespace in which this program runs once more, for one server.

use super::Fault;
use crate::scene::{Scene, Seen, count};
use reliability::Client;
use std::{env, error::Error, io::Read, process::Command, thread};

const LARGE: usize = 200_000;

/// A fault of such a network, done to `whose` server.
pub(crate) fn behind_loss(fault: &Fault, whose: &str) -> Result<Seen, Box<dyn Error>> {
    let rules = format!(
        "add table inet lossy; add chain inet lossy input {{ type filter hook input priority 0 ; }}; \
         add rule inet lossy input numgen random mod 100 < {} counter drop",
        fault.lost
    );
    let script = r#"ip link set lo up && nft "$1" && shift && exec "$@""#;
    let mut command = Command::new("unshare");
    command.args(["-rn", "sh", "-c", script, "sh", &rules]);
    let output = command.arg(env::current_exe()?).args(["one", fault.name, whose]).output()?;
    let said = String::from_utf8(output.stdout)?;
    match said.lines().collect::<Vec<_>>()[..] {
        [client, operator] => Ok(Seen { client: client.into(), operator: operator.into() }),
        _ => Err(format!("{said}{}", String::from_utf8_lossy(&output.stderr)).into()),
    }
}

/// Several at once, who ask for small replies and a large one.
pub(super) fn crowd(scene: &mut Scene) -> String {
    let address = scene.server.address;
    let talk = || {
        let mut client = Client::try_connect(address).ok()?;
        let answers = (0..3).all(|_| client.echoes("hello"));
        client.say(&format!("big {LARGE}")).ok()?;
        client.0.read_exact(&mut vec![0; LARGE]).ok()?;
        answers.then_some(())
    };
    let fates: Vec<_> = thread::scope(|scope| {
        let clients: Vec<_> = (0..8).map(|_| scope.spawn(talk)).collect();
        let served = clients.into_iter().map(|it| it.join().ok().flatten().is_some());
        served.map(|it| if it { "get all of their replies" } else { "lack some of their replies" }).collect()
    });
    count(&fates)
}
