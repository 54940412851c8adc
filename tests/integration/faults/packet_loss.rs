//! A network that loses packets, in a namespace of its own: every tenth, in both directions.

use crate::util::tool;
use reliability::MIXINS;
use std::process::Command;

/// Runs the helper, which is server and clients at once, behind a lossy loopback. `None` where there is no such thing.
fn behind_loss(arguments: &[&str]) -> Option<()> {
    let (unshare, nft, ip) = (tool("unshare")?, tool("nft")?, tool("ip")?);
    let rules = "add table inet lossy; add chain inet lossy input { type filter hook input priority 0 ; }; \
                 add rule inet lossy input numgen random mod 100 < 10 counter drop";
    let script = r#""$1" link set lo up && "$2" "$3" && shift 3 && exec "$@""#;
    let mut command = Command::new(unshare);
    command.args(["-rn", "sh", "-c", script, "sh"]).args([ip, nft]).arg(rules);
    let output = command.arg(env!("CARGO_BIN_EXE_faults")).args(arguments).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {errors}");
    Some(())
}

#[test]
fn lost_packets_cost_time_and_no_reply() {
    for mixin in MIXINS {
        if behind_loss(&["lossy", mixin]).is_none() {
            return;
        }
    }
}
