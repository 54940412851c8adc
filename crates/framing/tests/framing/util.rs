use std::io::{self, ErrorKind, IoSlice, Write};

/// Notes each write. Takes `pattern`'s next number of bytes at a time (0 is `Interrupted`, at most once in a row);
/// without a pattern, everything.
#[derive(Debug, Default)]
pub(crate) struct Choppy {
    pub(crate) wire: Vec<u8>,
    pub(crate) writes: usize,
    pattern: Vec<u8>,
    failed: bool,
}

impl Choppy {
    pub(crate) fn new(pattern: &[u8]) -> Self {
        Self { pattern: pattern.to_vec(), ..Self::default() }
    }
}

impl Write for Choppy {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(buf)])
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        assert!(bufs.len() <= 1024, "Linux refuses more than IOV_MAX slices");
        let limit =
            self.pattern.get(self.writes % self.pattern.len().max(1)).map_or(usize::MAX, |&n| n.into());
        self.writes += 1;
        self.failed = limit == 0 && !self.failed;
        if self.failed {
            return Err(ErrorKind::Interrupted.into());
        }
        let mut room = limit.max(1);
        let before = self.wire.len();
        for buf in bufs {
            let n = buf.len().min(room);
            self.wire.extend(&buf[..n]);
            room -= n;
        }
        Ok(self.wire.len() - before)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Passes on the first slice only, as the default `write_vectored` does.
#[derive(Debug, Default)]
pub(crate) struct Plain(pub(crate) Choppy);

impl Write for Plain {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.0.write(buf)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Takes `room` bytes, then fails with this error for ever.
#[derive(Debug)]
pub(crate) struct Failing {
    pub(crate) room: usize,
    pub(crate) error: ErrorKind,
}

impl Write for Failing {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        if self.room == 0 {
            return Err(self.error.into());
        }
        let n = buf.len().min(self.room);
        self.room -= n;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
