//! Does each fault to a server of ours and, by the same script, to one of CPython's (`python3`), and prints what came of it, as Markdown.
//! With `--write-docs` it rewrites the table in `docs/reliability.md`. Needs strace, ss and root.

mod faults;
mod scene;

use faults::FAULTS;
use scene::{Scene, Seen};
use std::{env, error::Error, fmt::Write as _, fs, path::Path};

const BEGIN: &str = "<!-- The table is printed by the program fault-table. -->\n";
const END: &str = "<!-- Here it ends. -->\n";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match arguments.split_first() {
        Some((case, rest)) if case == "serve" => return reliability::serve(rest),
        _ => {}
    }
    let mut table =
        String::from("| Fault | What a client sees | What an operator sees | CPython: clients; operator |\n");
    table.push_str("|---|---|---|---|\n");
    for fault in FAULTS {
        eprintln!("{} …", fault.name);
        let ours = run(fault, Scene::ours(fault.mixin)?);
        let theirs = run(fault, Scene::cpython(fault.mixin));
        writeln!(
            table,
            "| {} | {} | {} | {}; {} |",
            fault.name, ours.client, ours.operator, theirs.client, theirs.operator
        )?;
    }
    if arguments.iter().any(|it| it == "--write-docs") {
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

fn run(fault: &faults::Fault, mut scene: Scene) -> Seen {
    let client = (fault.run)(&mut scene);
    Seen { client, operator: scene.operator() }
}
