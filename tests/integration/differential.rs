//! CPython's `socketserver` and ours, observed from outside by the same clients; see `tests/differential`.

use crate::util::tool;
use std::{
    collections::HashSet,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("differential")
}

/// The lines of `expected_differences.txt` that say something, as (line number, text).
fn rules() -> Vec<(usize, String)> {
    let text = fs::read_to_string(folder().join("expected_differences.txt")).expect("it is there");
    let lines = text.lines().enumerate().map(|(index, line)| (index + 1, line.trim().to_owned()));
    lines.filter(|(_, line)| !line.is_empty() && !line.starts_with('#')).collect()
}

/// The row of the porting guide that this line names, if it is such a line.
fn row(line: &str) -> Option<&str> {
    line.strip_prefix('[')?.strip_suffix(']')
}

/// All that can be observed is the same in both, but for the differences that are listed.
#[test]
fn behaves_as_cpython_does() {
    let Some(python) = tool("python3") else { return };
    let compiled = tempfile::tempdir().expect("a folder for what Python compiles");
    let output = Command::new(python)
        .arg(folder().join("compare.py"))
        .args(["--server", env!("CARGO_BIN_EXE_differential")])
        .env("PYTHONPYCACHEPREFIX", compiled.path())
        .output()
        .expect("it can be started");
    let told = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    let different: Vec<&str> = told.lines().filter(|line| !line.starts_with("passed ")).collect();
    let result = different.last().copied().unwrap_or_default();
    assert!(
        output.status.success() && result.ends_with(" passed, 0 failed") && !result.starts_with("0 "),
        "{}\n{complaint}",
        different.join("\n")
    );
}

/// Each difference is listed once, below a row of the porting guide that says what differs and why.
#[test]
fn deliberate_differences_are_listed_once_and_explained() {
    let guide = fs::read_to_string(folder().join("../../docs/porting.md")).expect("it is there");
    let lines = rules();
    assert!(row(&lines[0].1).is_some(), "the first rule stands below no row");
    let mut seen = HashSet::new();
    for (number, line) in &lines {
        let key = line.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(seen.insert(key), "line {number} is there twice: {line}");
        if let Some(row) = row(line) {
            let anchor = format!("<a id=\"{row}\"></a>{row} |");
            assert_eq!(
                guide.matches(&anchor).count(),
                1,
                "line {number}: rows of docs/porting.md named {row}"
            );
        }
    }
    for pair in lines.windows(2) {
        let both_are_rows = pair.iter().all(|(_, line)| row(line).is_some());
        assert!(!both_are_rows, "line {}: no rules for this row", pair[0].0);
    }
    assert!(lines.last().is_some_and(|(_, line)| row(line).is_none()), "no rules for the last row");
}
