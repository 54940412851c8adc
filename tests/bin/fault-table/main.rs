//! Does each fault to a server of ours and, by the same script, to one of CPython's (`python3`), and prints what came of it, as Markdown.
//! With `--write-docs` it rewrites the table in `docs/reliability.md`; with other words, only the faults that are named by one of them are
//! done. Needs strace, ss, ip, nft, unshare and root.

mod faults;
mod scene;

use faults::{FAULTS, Fault, behind_loss};
use scene::{Scene, Seen};
use std::{env, error::Error, fmt::Write as _, fs, path::Path};

const BEGIN: &str = "<!-- The table is printed by the program fault-table. -->\n";
const END: &str = "<!-- Here it ends. -->\n";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["serve", ..] => return reliability::serve(&arguments[1..]),
        // Once more, in a network of its own.
        ["one", name, whose] => {
            let fault = FAULTS.iter().find(|it| it.name == name).ok_or("no such fault")?;
            let Seen { client, operator } = run(fault, whose)?;
            println!("{client}\n{operator}");
            return Ok(());
        }
        _ => {}
    }
    let writes = arguments.iter().any(|it| it == "--write-docs");
    let mut table =
        String::from("| Fault | What a client sees | What an operator sees | CPython: clients; operator |\n");
    table.push_str("|---|---|---|---|\n");
    for fault in FAULTS {
        if !writes && !arguments.is_empty() && !arguments.iter().any(|word| fault.name.contains(word)) {
            continue;
        }
        eprintln!("{} …", fault.name);
        let [ours, theirs] =
            ["ours", "theirs"].map(|it| if fault.lost > 0 { behind_loss(fault, it) } else { run(fault, it) });
        let (ours, theirs) = (ours?, theirs?);
        writeln!(
            table,
            "| {} | {} | {} | {}; {} |",
            fault.name, ours.client, ours.operator, theirs.client, theirs.operator
        )?;
    }
    if writes {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/reliability.md");
        let document = fs::read_to_string(&path)?;
        let (before, rest) = document.split_once(BEGIN).ok_or("no place for the table")?;
        let (_, after) = rest.split_once(END).ok_or("no end of that place")?;
        fs::write(&path, format!("{before}{BEGIN}\n{table}\n{END}{after}"))?;
    } else {
        print!("{table}");
    }
    Ok(())
}

fn run(fault: &Fault, whose: &str) -> Result<Seen, Box<dyn Error>> {
    let mut scene = if whose == "ours" { Scene::ours(fault.server)? } else { Scene::cpython(fault.server) };
    let client = (fault.run)(&mut scene);
    Ok(Seen { client, operator: scene.operator() })
}
