//! Tables of the documents that name tests, and what of that exists.

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
    process::Command,
};

/// Of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("the tests are in a folder of it")
}

/// A document, by its path in the repository.
pub(crate) fn document(path: &str) -> String {
    fs::read_to_string(root().join(path)).expect("the document is there")
}

/// The rows of the table that begins with `header`, each by its cells.
pub(crate) fn table<'a>(document: &'a str, header: &str) -> Vec<Vec<&'a str>> {
    let rows = document.lines().skip_while(|line| !line.starts_with(header)).skip(2);
    let rows = rows.map_while(|line| line.strip_prefix('|')?.trim_end().strip_suffix('|'));
    rows.map(|row| row.split('|').map(str::trim).collect()).collect()
}

/// The rows of all tables that begin with `header`.
pub(crate) fn tables<'a>(document: &'a str, header: &str) -> Vec<Vec<&'a str>> {
    document.match_indices(header).flat_map(|(at, _)| table(&document[at..], header)).collect()
}

/// What stands between backticks.
pub(crate) fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

/// The headings of the document that links lead to, as they are written in a link.
pub(crate) fn headings(document: &str) -> BTreeSet<String> {
    let headings = document.lines().filter_map(|line| line.strip_prefix("## "));
    let kept = |it: &char| it.is_alphanumeric() || " -".contains(*it);
    headings.map(|it| it.to_lowercase().chars().filter(kept).collect::<String>().replace(' ', "-")).collect()
}

/// Where links lead to in the document itself.
pub(crate) fn links(text: &str) -> impl Iterator<Item = &str> {
    text.split("](#").skip(1).filter_map(|it| it.split(')').next())
}

/// The tests of this program.
pub(crate) struct Tests(BTreeSet<String>);

impl Tests {
    pub(crate) fn all() -> Self {
        let listed = Command::new(env::current_exe().expect("it runs")).arg("--list").output();
        let listed = String::from_utf8(listed.expect("it can be run").stdout).expect("names in ASCII");
        Tests(listed.lines().filter_map(|line| line.strip_suffix(": test")).map(str::to_owned).collect())
    }

    /// Whether this is a test, or a module that has some. An ellipsis stands for the rest of a test's name.
    pub(crate) fn has(&self, name: &str) -> bool {
        match name.strip_suffix('…') {
            Some(start) => self.0.iter().any(|test| test.starts_with(start)),
            None => self.0.iter().any(|test| test.strip_prefix(name).is_some_and(is_end_of_a_name)),
        }
    }
}

fn is_end_of_a_name(rest: &str) -> bool {
    rest.is_empty() || rest.starts_with("::")
}

/// Whether a file of the crates has tests. Its path leaves out where it begins: at the folder of the crates, or that of a crate's sources.
pub(crate) fn has_tests(path: &str) -> bool {
    source(path).is_some_and(|source| source.contains("#[test]"))
}

/// What is in such a file.
pub(crate) fn source(path: &str) -> Option<String> {
    let crates = root().join("crates");
    let folders = fs::read_dir(&crates).expect("the folder of the crates").flatten();
    let folders = folders.map(|it| it.path().join("src"));
    let places: Vec<PathBuf> = folders.chain([crates.clone()]).collect();
    places.iter().find_map(|place| fs::read_to_string(place.join(path)).ok())
}
