use crate::checks;
use std::{fs, path::Path};

/// Runs the check on each seed. (A published package has no `fuzz/`.)
#[test]
fn seeds_of_senders() {
    let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
    if !fuzz.exists() {
        return;
    }
    let seeds = fs::read_dir(fuzz.join("corpus/senders")).unwrap();
    let count = seeds.map(|seed| checks::senders(&fs::read(seed.unwrap().path()).unwrap())).count();
    assert!(count > 0, "no seeds");
}

#[test]
fn names_at_the_limits() {
    for length in [0, 1, 2, 106, 107, 108, 109, 200] {
        for first in *b"a@\0/" {
            for last in *b"a\0" {
                let mut bytes = vec![b'x'; length];
                bytes.last_mut().iter_mut().for_each(|it| **it = last);
                bytes.first_mut().iter_mut().for_each(|it| **it = first);
                checks::name(&bytes);
            }
        }
    }
}

/// Clients of each kind, with names of each length.
#[test]
fn clients_with_names_at_the_limits() {
    for kind in 0..3 {
        for length in [0, 1, 2, 50, 106, 107, 108] {
            for (ahead, byte) in [(0, b'n'), (16, b'n'), (17, 0), (0, 0xFF)] {
                let one = [&[kind, length, 5][..], &vec![byte; usize::from(length)], b"hello"].concat();
                checks::senders(&[&[4, ahead][..], &one, &one].concat());
            }
        }
    }
}
