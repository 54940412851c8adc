//! The guide for those who come from Python: complete, and without dead ends. Its Rust programs are doctests of the facade.

use super::client_process::output_of;
use crate::util::tool;
use std::{collections::BTreeSet, fs, path::Path, process::Command};

fn guide() -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs/porting.md");
    fs::read_to_string(path).expect("the guide")
}

/// What Python's module has: its public names, what is public in each class, and what instances get when they are made.
const NAMES: &str = r#"
import socketserver
names = set(socketserver.__all__)
for each in socketserver.__all__:
    names.update(name for name in vars(getattr(socketserver, each)) if not name.startswith('_'))
names.update('server_address RequestHandlerClass socket request client_address server'.split())
names.update('connection rfile wfile packet bind_and_activate poll_interval'.split())
print(*sorted(names))
"#;

#[test]
fn the_guide_has_every_name_of_the_python_module() {
    let Some(python) = tool("python3") else { return };
    let mut command = Command::new(python);
    command.args(["-c", NAMES]);
    let names = output_of(command, b"");
    let guide = guide();
    let (tables, _) = guide.split_once("## Five programs").expect("the last part");
    let code = tables.split('`').skip(1).step_by(2);
    let words: BTreeSet<_> =
        code.flat_map(|it| it.split(|c: char| !c.is_alphanumeric() && c != '_')).collect();
    let missing: Vec<_> = names.split_whitespace().filter(|name| !words.contains(name)).collect();
    assert!(names.split_whitespace().count() > 50 && missing.is_empty(), "{missing:?}");
}

#[test]
fn every_link_within_the_guide_leads_somewhere() {
    let guide = guide();
    let anchors: Vec<_> =
        guide.split("<a id=\"").skip(1).map(|it| it.split('"').next().unwrap_or_default()).collect();
    let headings = guide.lines().filter(|line| line.starts_with("## "));
    let headings: Vec<_> = headings.map(|line| line[3..].to_lowercase().replace(' ', "-")).collect();
    let all: BTreeSet<_> = anchors.iter().copied().chain(headings.iter().map(|it| &**it)).collect();
    assert_eq!(all.len(), anchors.len() + headings.len(), "each name stands for one thing");
    for link in guide.split("](#").skip(1) {
        let target = link.split(')').next().unwrap_or_default();
        assert!(all.contains(target), "{target}");
    }
    // A row's name is its anchor.
    for row in guide.split("| <a id=\"").skip(1) {
        let (id, rest) = row.split_once("\"></a>").expect("an anchor");
        assert!(rest.starts_with(&format!("{id} | ")), "{id}");
    }
}

#[test]
fn the_programs_in_python_are_python() {
    let Some(python) = tool("python3") else { return };
    let guide = guide();
    let programs: Vec<_> =
        guide.split("```python\n").skip(1).map(|it| it.split("```").next().unwrap_or_default()).collect();
    assert_eq!(programs.len(), 5);
    for program in programs {
        let mut command = Command::new(&python);
        command.args(["-c", "import sys; compile(sys.stdin.read(), 'guide', 'exec')"]);
        output_of(command, program.as_bytes());
    }
}
