//! What `docs/reliability.md` names as the proof of what it promises: it is there.

use crate::tables::{self, Tests};
use std::{collections::BTreeSet, path::Path};

const DOCUMENT: &str = "docs/reliability.md";

/// Beside tests and their modules these are parts of the document itself, and files of other test programs.
#[test]
fn the_proofs_of_all_guarantees_exist() {
    let document = tables::document(DOCUMENT);
    let (table, headings, tests) =
        (tables::tables(&document, "| Guarantee | Mix-ins |"), tables::headings(&document), Tests::all());
    assert!(table.len() > 40, "{} guarantees", table.len());
    for row in table {
        let [guarantee, mixins, proofs] = row[..] else { panic!("not three cells: {row:?}") };
        assert!(!guarantee.is_empty() && !mixins.is_empty(), "{row:?}");
        let proofs = without_remarks(proofs);
        let (named, linked): (Vec<_>, Vec<_>) =
            (tables::quoted(&proofs).collect(), tables::links(&proofs).collect());
        assert!(!named.is_empty() || !linked.is_empty(), "there is no proof of {guarantee:?}");
        for heading in linked {
            assert!(headings.contains(heading), "there is no heading {heading}");
        }
        for name in named {
            let is_file = name.ends_with(".rs");
            assert!(
                if is_file { tables::has_tests(name) } else { tests.has(name) },
                "there is no test {name}"
            );
        }
    }
}

/// What is in parentheses, but for what links lead to, says how the tests are run.
fn without_remarks(cell: &str) -> String {
    let mut parts = cell.split(" (");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |all, part| all + part.split_once(')').map_or("", |(_, rest)| rest))
}

#[test]
fn no_guarantee_is_given_twice() {
    let document = tables::document(DOCUMENT);
    let mut given = BTreeSet::new();
    for row in tables::tables(&document, "| Guarantee | Mix-ins |") {
        assert!(given.insert(row[0]), "twice: {}", row[0]);
    }
}

#[test]
fn the_models_exist() {
    let document = tables::document(DOCUMENT);
    let table = tables::table(&document, "| What | Models |");
    assert!(table.len() > 5, "{} models", table.len());
    for file in table.iter().flat_map(|row| tables::quoted(row[1])) {
        assert!(tables::has_tests(file), "there is no model {file}");
    }
}

/// The files of which the document says that they are changed are those that the script changes.
#[test]
fn the_files_that_mutants_are_made_of_are_those_of_the_script() {
    let (document, script) = (tables::document(DOCUMENT), tables::document(".ci/mutants"));
    let table = tables::table(&document, "| What | Files |");
    let told: Vec<_> = table.iter().flat_map(|row| tables::quoted(row[1])).collect();
    let changed: Vec<_> = script.lines().filter_map(|line| line.trim().strip_prefix("crates/")).collect();
    assert!(told.len() > 10, "{told:?}");
    let is_same = |file: &str, path: &str| path.strip_suffix(file).is_some_and(|start| start.ends_with('/'));
    for file in &told {
        let folder = Path::new(file).parent().map(|it| format!("{}.rs", it.display())); // changed with the file of its name
        let is_changed =
            |path: &&str| is_same(file, path) || folder.as_ref().is_some_and(|it| is_same(it, path));
        assert!(changed.iter().any(is_changed), "{file} isn't changed");
    }
    for path in changed {
        assert!(told.iter().any(|file| is_same(file, path)), "nothing is told of {path}");
    }
}
