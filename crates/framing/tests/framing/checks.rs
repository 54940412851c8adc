//! What must hold for any bytes at all, however they are split. Shared with the fuzz targets in `fuzz/`.

use socketserver_framing::{DEFAULT_MAX_LEN, Decoded, FrameError, FrameReader, Header};
use socketserver_framing::{LineError, LineReader, Unterminated};
use std::io::{self, BufRead, ErrorKind, Read};

/// Hands out `data` in pieces as `pattern` says: 0 is `Interrupted`, 1 is `WouldBlock` (either at most once in a row),
/// n is up to n − 1 bytes. Without a pattern there is one piece.
pub(crate) struct Split<'a> {
    data: &'a [u8],
    pattern: &'a [u8],
    step: usize,
    /// What is left of the piece that was shown last.
    shown: usize,
    failed: bool,
}

impl<'a> Split<'a> {
    pub(crate) fn new(data: &'a [u8], pattern: &'a [u8]) -> Self {
        Self { data, pattern, step: 0, shown: 0, failed: false }
    }
}

impl BufRead for Split<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.shown == 0 {
            let size =
                self.pattern.get(self.step % self.pattern.len().max(1)).map_or(usize::MAX, |&n| n.into());
            self.step += 1;
            if size < 2 && !self.failed {
                self.failed = true;
                return Err([ErrorKind::Interrupted, ErrorKind::WouldBlock][size].into());
            }
            self.failed = false;
            self.shown = (size.max(2) - 1).min(self.data.len());
        }
        Ok(&self.data[..self.shown])
    }

    fn consume(&mut self, amount: usize) {
        self.data = &self.data[amount..];
        self.shown -= amount;
    }
}

impl Read for Split<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(buf)?;
        self.consume(n);
        Ok(n)
    }
}

/// Calls until it is something else than a timeout.
pub(crate) fn patiently<T>(
    mut call: impl FnMut() -> Result<Option<T>, FrameError>,
) -> Result<Option<T>, FrameError> {
    loop {
        match call() {
            Err(error) if error.is_timeout() => {}
            result => return result,
        }
    }
}

/// The messages in `wire`, and how it ends, read in the simplest way.
fn frames_of(header: Header, max: u64, mut wire: &[u8]) -> (Vec<&[u8]>, String) {
    let mut frames = Vec::new();
    loop {
        let end: Result<(), _> = match header.decode(wire) {
            Err(error) => Err(error),
            Ok(Decoded::Incomplete { .. }) if wire.is_empty() => Ok(()),
            Ok(Decoded::Incomplete { missing }) => Err(FrameError::TruncatedHeader { missing }),
            Ok(Decoded::Complete { len, .. }) if len > max => Err(FrameError::TooLong { len, max }),
            Ok(Decoded::Complete { len, header_len }) => {
                let rest = &wire[header_len..];
                if len <= rest.len() as u64 {
                    let (frame, rest) = rest.split_at(len as usize);
                    frames.push(frame);
                    wire = rest;
                    continue;
                }
                let missing = len - rest.len() as u64;
                Err(FrameError::TruncatedPayload { missing, len })
            }
        };
        return (frames, format!("{end:?}"));
    }
}

/// Whichever way `wire` is split and read, it must give the same messages and the same end.
pub(crate) fn frames_of_any_split(header: Header, max: u64, wire: &[u8], pattern: &[u8]) {
    let (expected, end) = frames_of(header, max, wire);
    for way in 0..5 {
        let mut reader = FrameReader::new(Split::new(wire, pattern), header).with_max_len(max);
        let mut frames = expected.iter();
        let mut buf = Vec::new();
        let mut calls = 0;
        let result = loop {
            let frame = patiently(|| {
                calls += 1;
                // The last way changes at every timeout: whole to piecemeal, and the other way round.
                match if way == 4 { [0, 2, 1, 3][calls % 4] } else { way } {
                    0 => Ok(reader.read_frame()?.map(|frame| buf = frame.to_vec())),
                    1 => Ok(reader.read_into(&mut buf)?.map(|len| assert_eq!(len, buf.len()))),
                    2 => stream(&mut reader, &mut buf, |payload, buf| payload.take(7).read_to_end(buf)),
                    _ => stream(&mut reader, &mut buf, |payload, buf| {
                        let piece = payload.fill_buf()?;
                        let n = piece.len().min(9);
                        buf.extend(&piece[..n]);
                        payload.consume(n);
                        Ok(n)
                    }),
                }
            });
            match frame {
                Ok(Some(())) => {
                    assert_eq!(frames.next().map(|frame| &frame[..]), Some(&buf[..]), "way {way}")
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        assert_eq!(frames.next(), None, "way {way}");
        // More than memory can hold is an error of its own, and only where the payload is wanted whole.
        if !matches!(result, Err(FrameError::TooLong { max, .. }) if max == isize::MAX as u64) {
            assert_eq!(format!("{result:?}"), end, "way {way}");
        }
        assert!(buf.capacity() <= (2 * wire.len()).max(8192), "{} bytes held", buf.capacity());
    }
}

type Piece<'a> = dyn FnMut(&mut dyn BufRead, &mut Vec<u8>) -> io::Result<usize> + 'a;

/// Reads a payload piece by piece, dropping and taking up the stream at every timeout.
fn stream(
    reader: &mut FrameReader<Split<'_>>,
    buf: &mut Vec<u8>,
    mut piece: impl FnMut(&mut dyn BufRead, &mut Vec<u8>) -> io::Result<usize>,
) -> Result<Option<()>, FrameError> {
    let piece: &mut Piece<'_> = &mut piece;
    let Some(payload) = reader.read_stream()? else { return Ok(None) };
    let len = payload.frame_len();
    buf.clear();
    while let Some(mut payload) = reader.unfinished() {
        assert_eq!(payload.remaining(), len - buf.len() as u64);
        match piece(&mut payload, buf) {
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            result => assert_ne!(result?, 0),
        }
    }
    assert_eq!(buf.len() as u64, len);
    Ok(Some(()))
}

/// The lines in `wire`, read in the simplest way; then the reader's way must give the same.
pub(crate) fn lines_of_any_split(
    delimiter: &'static [u8],
    max: usize,
    reject: bool,
    wire: &[u8],
    pattern: &[u8],
) {
    let unterminated = if reject { Unterminated::Reject } else { Unterminated::Deliver };
    let mut lines = LineReader::new(Split::new(wire, pattern))
        .with_delimiter(delimiter)
        .with_max_len(max)
        .unterminated(unterminated);
    let mut rest = wire;
    let mut buf = Vec::new();
    for turn in 0.. {
        let found = rest.windows(delimiter.len()).position(|window| window == delimiter);
        let line = &rest[..found.unwrap_or(rest.len())];
        let result = loop {
            let result = if turn % 2 == 0 {
                lines.read_into(&mut buf)
            } else {
                lines.read_line().map(|line| line.map(|line| buf = line.to_vec()).map(|()| buf.len()))
            };
            if !result.as_ref().is_err_and(LineError::is_timeout) {
                break result;
            }
        };
        match result {
            Ok(None) => return assert!(rest.is_empty()),
            Ok(Some(_)) => assert!(buf == line && line.len() <= max && !(found.is_none() && reject)),
            Err(LineError::TooLong { .. }) => assert!(line.len() > max),
            Err(LineError::Unterminated { len }) => {
                return assert!(reject && found.is_none() && len == line.len() && len > 0);
            }
            Err(error) => panic!("{error}"),
        }
        rest = found.map_or(&[], |at| &rest[at + delimiter.len()..]);
    }
}

/// Takes a header, a limit and a pattern from the front of `data`, and the rest for the wire.
pub(crate) fn frames(data: &[u8]) {
    let Some((&[header, max, pattern], rest)) = data.split_first_chunk() else { return };
    let header = Header::ALL[usize::from(header) % Header::ALL.len()];
    let max = [DEFAULT_MAX_LEN, u64::MAX, 0, 1, 100, 70_000][usize::from(max) % 6];
    let (pattern, wire) = rest.split_at(rest.len().min(usize::from(pattern) % 16));
    frames_of_any_split(header, max, wire, pattern);
}

/// Takes a delimiter, a limit, a switch and a pattern from the front of `data`, and the rest for the wire.
pub(crate) fn lines(data: &[u8]) {
    let Some((&[delimiter, max, reject, pattern], rest)) = data.split_first_chunk() else { return };
    let delimiter =
        [&b"\n"[..], b"\r\n", b"\0", b"aa", b"aba", b"\r\n\r\n", b"aab"][usize::from(delimiter) % 7];
    let max = [65_536, 0, 1, 2, 5, 64][usize::from(max) % 6];
    let (pattern, wire) = rest.split_at(rest.len().min(usize::from(pattern) % 16));
    lines_of_any_split(delimiter, max, reject % 2 == 1, wire, pattern);
}
