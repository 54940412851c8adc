//! Puts the tables where the documentation has a place for them.

use crate::Error;
use std::{fs, path::PathBuf};

/// The documentation of this checkout.
///
/// # Errors
/// If the program was built elsewhere.
pub fn docs_file() -> Result<PathBuf, Error> {
    Ok(fs::canonicalize(concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/performance.md"))?)
}

/// `text` with `body` between `<!-- bench:NAME -->` and the next `<!-- /bench -->`.
///
/// # Errors
/// If it has no such place.
pub fn insert(text: &str, name: &str, body: &str) -> Result<String, Error> {
    let (open, close) = (format!("<!-- bench:{name} -->"), "<!-- /bench -->");
    let start = text.find(&open).ok_or_else(|| format!("there is no {open}"))? + open.len();
    let end = start + text[start..].find(close).ok_or_else(|| format!("{open} has no {close}"))?;
    Ok(format!("{}\n\n{}\n\n{}", &text[..start], body.trim(), &text[end..]))
}

#[cfg(test)]
mod tests {
    use super::insert;

    #[test]
    fn a_table_replaces_the_one_before() {
        let text = "a\n<!-- bench:x -->\nold\n<!-- /bench -->\nb\n<!-- bench:y --><!-- /bench -->";
        let once = insert(text, "x", "new\n").expect("it has a place");
        assert_eq!(once, "a\n<!-- bench:x -->\n\nnew\n\n<!-- /bench -->\nb\n<!-- bench:y --><!-- /bench -->");
        assert_eq!(insert(&once, "x", "new").expect("the same place"), once);
        assert!(insert(text, "z", "").is_err());
    }
}
