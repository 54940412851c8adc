//! What `.ci/run` installs, against what the tests ask for: a program that nobody installs would be a test that nobody runs.

use std::{collections::BTreeSet, fs, path::Path};

#[test]
fn ci_installs_every_program_that_a_test_asks_for() {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut wanted = BTreeSet::new();
    collect(&here.join("integration"), &mut wanted);
    assert!(wanted.len() > 3, "{wanted:?}");
    let script = fs::read_to_string(here.join("../.ci/run")).expect("the script");
    let (_, list) = script.split_once("<<'END'\n").expect("the list of programs");
    let list = list.split_once("\nEND\n").expect("its end").0;
    let installed: BTreeSet<_> = list.lines().filter_map(|line| line.split(' ').next()).collect();
    // There on every system that runs these tests; nc comes in several kinds, of which the list names the one that is meant.
    let is_there = |name: &String| ["sh"].contains(&&**name) || installed.iter().any(|it| is_same(it, name));
    wanted.retain(|name| !is_there(name));
    assert!(wanted.is_empty(), "neither essential nor in .ci/run: {wanted:?}");
}

fn is_same(listed: &str, wanted: &str) -> bool {
    listed == wanted || listed.split_once('.').is_some_and(|(name, _)| name == wanted)
}

/// The names in all calls of `tool` in a folder's sources.
fn collect(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder").flatten() {
        let path = entry.path();
        if path.is_dir() {
            collect(&path, names);
        } else if path.extension().is_some_and(|it| it == "rs") {
            let source = fs::read_to_string(&path).expect("a source");
            let calls = source.split("tool(\"").skip(1);
            names.extend(calls.filter_map(|it| it.split('"').next()).map(str::to_owned));
        }
    }
}
