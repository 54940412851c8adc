use crate::checks;
use std::{fs, path::Path};

/// Runs the check on each seed. (A published package has no `fuzz/`.)
#[test]
fn seeds_of_keep_alive() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    if !fuzz.exists() {
        return;
    }
    let seeds = fs::read_dir(fuzz.join("corpus/keep_alive")).unwrap();
    let count = seeds.map(|seed| checks::pipelining(&fs::read(seed.unwrap().path()).unwrap())).count();
    assert!(count > 0, "no seeds");
}
