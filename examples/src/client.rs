//! How the examples' clients talk to a person, or to a pipe.

use crate::Result;
use std::io::{self, BufRead, Read, Write};

/// Prompts for lines until `quit` or the end of input, and prints what `ask` answers to each. Empty lines are skipped.
///
/// # Errors
/// What `ask` fails with, or the terminal.
pub fn prompt(mut ask: impl FnMut(&[u8]) -> Result<Vec<u8>>) -> Result {
    prompt_to(|line, output| Ok(output.write_all(&ask(line)?)?))
}

/// [`prompt`] for answers that need not be held in memory: `answer` writes them to the terminal.
pub(crate) fn prompt_to(mut answer: impl FnMut(&[u8], &mut dyn Write) -> Result) -> Result {
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
        match text.strip_suffix(b"\r").unwrap_or(text) {
            b"" => {}
            b"quit" => return Ok(()),
            text => {
                answer(text, &mut output)?;
                writeln!(output)?;
            }
        }
    }
}

/// Sends a line to an upper server over a stream and receives the reply, which is as long.
///
/// A stream keeps no boundaries: one read may bring less than one write put in. And a server that answers as it reads stops
/// reading if nobody takes its answers, so a long line goes in pieces.
///
/// # Errors
/// What the stream fails with; an end of the stream before the end of the reply.
pub fn converse(server: &mut (impl Read + Write), line: &[u8]) -> Result<Vec<u8>> {
    let mut reply = vec![0; line.len()];
    for (piece, reply) in line.chunks(16 * 1024).zip(reply.chunks_mut(16 * 1024)) {
        server.write_all(piece)?;
        server.read_exact(reply).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => "the server has closed the connection".into(),
            _ => crate::Failure::from(error),
        })?;
    }
    Ok(reply)
}
