//! Blocks that aren't sessions: excerpts of the examples, Python, and what may be there at all.

use super::markdown::{Block, Chapter, workspace};
use crate::{examples::client_process::output_of, util::tool};
use std::{fs, process::Command};

pub(super) fn check(chapter: &Chapter) {
    for block in &chapter.blocks {
        match &*block.kind {
            "rust" | "rust,no_run" | "console" | "text" => {}
            "rust,ignore" => check_excerpt(block),
            "python" => check_python(block),
            other => panic!("{}: what is a block of {other:?}?", block.place),
        }
    }
}

fn check_excerpt(block: &Block) {
    let name = block.remark.as_ref().and_then(|it| it.strip_prefix("file: "));
    let name = name.unwrap_or_else(|| panic!("{}: an excerpt of which file?", block.place));
    let source = fs::read_to_string(workspace().join(name));
    let source = source.unwrap_or_else(|error| panic!("{}: {name}: {error}", block.place));
    let source: Vec<_> = source.lines().collect();
    assert!(!block.lines.is_empty(), "{}: an empty excerpt", block.place);
    let found = source.windows(block.lines.len()).any(|lines| is_shown_as(lines, &block.lines));
    assert!(found, "{}: these lines aren't in {name}", block.place);
}

/// Whether `shown` is `lines`, but for an indentation that all of them have.
fn is_shown_as(lines: &[&str], shown: &[String]) -> bool {
    let Some(indentation) = lines[0].strip_suffix(&*shown[0]) else { return false };
    indentation.trim().is_empty()
        && lines.iter().zip(shown).all(|(line, shown)| match shown.is_empty() {
            true => line.is_empty(),
            false => line.strip_prefix(indentation) == Some(shown),
        })
}

fn check_python(block: &Block) {
    let Some(python) = tool("python3") else { return };
    let mut command = Command::new(python);
    command.args(["-c", &block.lines.join("\n")]);
    output_of(command, b"");
}
