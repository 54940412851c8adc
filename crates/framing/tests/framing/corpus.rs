use crate::checks;
use std::fs;
use std::path::Path;

/// Runs `check` on each seed. (A published package has no `fuzz/`.)
fn replay(target: &str, check: fn(&[u8])) {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    if !fuzz.exists() {
        return;
    }
    let mut count = 0;
    for seed in fs::read_dir(fuzz.join("corpus").join(target)).unwrap() {
        check(&fs::read(seed.unwrap().path()).unwrap());
        count += 1;
    }
    assert!(count > 0, "no seeds for {target}");
}

#[test]
fn seeds_of_frames() {
    replay("frames", checks::frames);
}

#[test]
fn seeds_of_lines() {
    replay("lines", checks::lines);
}
