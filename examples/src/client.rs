//! How the examples' clients talk to a person, or to a pipe.

use crate::Result;
use std::io::{self, BufRead, Write};

/// Prompts for lines until `quit` or the end of input, and prints what `ask` answers to each. Empty lines are asked for again.
///
/// # Errors
/// What `ask` fails with, or the terminal.
pub fn prompt(mut ask: impl FnMut(&[u8]) -> Result<Vec<u8>>) -> Result {
    let (mut input, mut output) = (io::stdin().lock(), io::stdout().lock());
    let mut line = Vec::new();
    loop {
        output.write_all(b">>: ")?;
        output.flush()?;
        line.clear();
        if input.read_until(b'\n', &mut line)? == 0 {
            writeln!(output)?; // so that the shell's own prompt starts on a line of its own
            return Ok(());
        }
        let text = line.strip_suffix(b"\n").unwrap_or(&line);
        let text = text.strip_suffix(b"\r").unwrap_or(text);
        match text {
            b"" => continue,
            b"quit" => return Ok(()),
            text => {
                output.write_all(&ask(text)?)?;
                writeln!(output)?;
            }
        }
    }
}
