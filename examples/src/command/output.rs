//! What a command writes, kept until its length is known.

use std::io::{self, Read, Seek, SeekFrom, Write};
use tempfile::SpooledTempFile;

/// Up to this many bytes are kept in memory, more in a temporary file without a name, which is gone when nobody holds it open,
/// whatever becomes of this process.
const IN_MEMORY: usize = 1024 * 1024;

/// The output of one command: what it wrote to stderr, or if that is nothing, what it wrote to stdout.
pub(super) struct Output {
    /// Until the first byte on stderr.
    from_stdout: bool,
    kept: SpooledTempFile,
    len: u64,
    limit: u64,
    last: u8,
}

/// Where a piece of output comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    Stdout,
    Stderr,
}

/// There was no room for all of it.
#[derive(Debug)]
pub(super) struct Full;

impl Output {
    /// An output of at most `limit` bytes.
    pub(super) fn new(limit: u64) -> Self {
        Output { from_stdout: true, kept: tempfile::spooled_tempfile(IN_MEMORY), len: 0, limit, last: b'\n' }
    }

    /// Takes a piece.
    ///
    /// # Errors
    /// What the temporary file fails with: the disk is full.
    pub(super) fn push(&mut self, source: Source, piece: &[u8]) -> io::Result<Result<(), Full>> {
        match source {
            Source::Stdout if !self.from_stdout => return Ok(Ok(())),
            Source::Stderr if self.from_stdout => {
                *self = Output { from_stdout: false, ..Output::new(self.limit) };
            }
            _ => {}
        }
        let room = usize::try_from(self.limit - self.len).unwrap_or(usize::MAX);
        let taken = &piece[..piece.len().min(room)];
        self.append(taken)?;
        Ok(if taken.len() == piece.len() { Ok(()) } else { Err(Full) })
    }

    /// Adds a line of our own, if need be in place of the end.
    ///
    /// # Errors
    /// What the temporary file fails with.
    pub(super) fn push_note(&mut self, note: &str) -> io::Result<()> {
        let mut line = format!("{note}\n");
        let fits = self.limit - self.len > line.len() as u64;
        if self.last != b'\n' || !fits {
            line.insert(0, '\n');
        }
        let line = &line.as_bytes()[..line.len().min(usize::try_from(self.limit).unwrap_or(usize::MAX))];
        if !fits {
            self.len = self.limit - line.len() as u64;
            self.kept.set_len(self.len)?;
            self.kept.seek(SeekFrom::End(0))?;
        }
        self.append(line)
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.kept.write_all(bytes)?;
        self.len += bytes.len() as u64;
        self.last = bytes.last().copied().unwrap_or(self.last);
        Ok(())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The whole, from its beginning, and its length.
    ///
    /// # Errors
    /// What the temporary file fails with.
    pub(super) fn into_reader(mut self) -> io::Result<(impl Read, u64)> {
        self.kept.rewind()?;
        Ok((self.kept, self.len))
    }
}

#[cfg(test)]
mod tests {
    use super::{Output, Source::*};
    use std::io::Read;

    fn whole(output: Output) -> Vec<u8> {
        let (mut reader, len) = output.into_reader().unwrap();
        let mut bytes = Vec::new();
        reader.read_to_end(&mut bytes).unwrap();
        assert_eq!(bytes.len() as u64, len);
        bytes
    }

    #[test]
    fn stderr_takes_the_place_of_stdout() {
        let mut output = Output::new(100);
        for (source, piece) in [(Stdout, b"out"), (Stderr, b"err"), (Stdout, b"out"), (Stderr, b"or!")] {
            output.push(source, piece).unwrap().unwrap();
        }
        assert_eq!(whole(output), b"error!");
    }

    #[test]
    fn what_is_on_disk_comes_back_too() {
        let mut output = Output::new(u64::MAX);
        let pieces: Vec<[u8; 1000]> = (0..3000).map(|i| [i as u8; 1000]).collect();
        for piece in &pieces {
            output.push(Stdout, piece).unwrap().unwrap();
        }
        assert!(output.kept.is_rolled());
        assert!(whole(output) == pieces.concat());
    }

    #[test]
    fn at_the_limit_a_note_takes_the_place_of_the_end() {
        for (limit, expected) in [
            (26, &b"0123456789\nabcd\n[cut off]\n"[..]),
            (25, b"0123456789\nabc\n[cut off]\n"),
            (16, b"01234\n[cut off]\n"),
            (3, b"\n[c"),
        ] {
            let mut output = Output::new(limit);
            let is_cut = output.push(Stdout, b"0123456789\nabcd").unwrap().is_err();
            assert_eq!(is_cut, limit < 15);
            output.push_note("[cut off]").unwrap();
            assert_eq!(whole(output), expected);
        }
        let mut output = Output::new(100);
        output.push(Stdout, b"a line\n").unwrap().unwrap();
        output.push_note("[and a note]").unwrap();
        assert_eq!(whole(output), b"a line\n[and a note]\n");
    }
}
