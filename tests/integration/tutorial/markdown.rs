//! A chapter, and the blocks in it.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

/// The folder of the tutorial.
pub(super) fn folder() -> PathBuf {
    workspace().join("docs/tutorial")
}

/// The folder in which a reader types the commands.
pub(super) fn workspace() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().expect("the workspace is there")
}

pub(super) struct Chapter {
    /// The file's name, with the folder of a translation.
    pub(super) name: String,
    pub(super) text: String,
    pub(super) blocks: Vec<Block>,
}

/// What stands between two fences.
pub(super) struct Block {
    /// The chapter's name and the number of the line, for messages.
    pub(super) place: String,
    /// What follows the fence: `console`, `rust,ignore` …
    pub(super) kind: String,
    /// What the comment line directly before it says.
    pub(super) remark: Option<String>,
    pub(super) lines: Vec<String>,
}

impl Chapter {
    /// Reads a chapter; fails if there is none.
    pub(super) fn read(name: &str) -> Self {
        let path = folder().join(name);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let blocks = blocks(name, &text);
        Chapter { name: name.to_owned(), text, blocks }
    }

    pub(super) fn blocks_of<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = &'a Block> {
        self.blocks.iter().filter(move |block| block.kind == kind)
    }
}

fn blocks(name: &str, text: &str) -> Vec<Block> {
    let (mut blocks, mut before) = (Vec::new(), "");
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        if let Some(kind) = line.strip_prefix("```") {
            let body: Vec<_> =
                lines.by_ref().map(|(_, line)| line).take_while(|line| *line != "```").collect();
            blocks.push(Block {
                place: format!("{name}:{number}"),
                kind: kind.to_owned(),
                remark: before
                    .strip_prefix("<!-- ")
                    .and_then(|it| it.strip_suffix(" -->"))
                    .map(str::to_owned),
                lines: body.into_iter().map(str::to_owned).collect(),
            });
        }
        before = line;
    }
    blocks
}

impl Block {
    /// The number of a console block's terminal.
    pub(super) fn terminal(&self) -> u32 {
        let Some(remark) = &self.remark else { return 1 };
        let number = remark.strip_prefix("terminal ").and_then(|it| it.parse().ok());
        number.unwrap_or_else(|| panic!("{}: which terminal is {remark:?}?", self.place))
    }
}

impl PartialEq for Block {
    fn eq(&self, other: &Self) -> bool {
        (&self.kind, &self.remark, &self.lines) == (&other.kind, &other.remark, &other.lines)
    }
}

impl fmt::Debug for Block {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?} {}\n{}", self.place, self.remark, self.kind, self.lines.join("\n"))
    }
}
