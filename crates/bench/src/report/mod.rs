//! What is printed: Markdown, plots, and the figures in the documentation.

pub mod bars;
pub mod curves;
mod docs;
mod machine;
mod svg;

pub use docs::{docs_file, insert};
pub use machine::machine;

use crate::Error;
use std::{fs, path::Path};

/// What came of a case.
#[derive(Debug)]
pub struct Report {
    /// As on the command line.
    pub name: &'static str,
    /// Above its tables.
    pub title: &'static str,
    /// Its tables.
    pub body: String,
    /// Its plots: the file's name without `.svg`, and what is in it.
    pub plots: Vec<(&'static str, String)>,
}

impl Report {
    /// The tables and the plots, which lie in `folder`, without the title.
    pub fn markdown(&self, folder: &str) -> String {
        let mut text = self.body.clone();
        for (name, _) in &self.plots {
            text.push_str(&format!("\n![{}]({folder}{name}.svg)\n", self.title));
        }
        text
    }

    /// Writes the plots.
    ///
    /// # Errors
    /// If that isn't possible.
    pub fn write_plots(&self, folder: &Path) -> Result<(), Error> {
        for (name, svg) in &self.plots {
            fs::write(folder.join(name).with_extension("svg"), svg)?;
        }
        Ok(())
    }
}

/// A Markdown table: the first column's cells are aligned to the left, the others to the right.
pub fn table(heads: &[&str], rows: impl Iterator<Item = Vec<String>>) -> String {
    let mut text = format!("| {} |\n|---|{}\n", heads.join(" | "), "---:|".repeat(heads.len() - 1));
    for row in rows {
        text.push_str(&format!("| {} |\n", row.join(" | ")));
    }
    text
}
