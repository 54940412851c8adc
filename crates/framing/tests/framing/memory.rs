use socketserver_framing::{FrameError, FrameReader, Header};
use std::io::{self, Read};

/// Delivers `left` zeros, and checks that it is never offered much more memory than it has filled.
struct Wary {
    header: io::Cursor<[u8; 8]>,
    left: usize,
    delivered: usize,
}

impl Read for Wary {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.header.position() < 8 {
            return self.header.read(buf);
        }
        assert!(
            buf.len() <= self.delivered.max(8192),
            "{} bytes on the strength of {}",
            buf.len(),
            self.delivered
        );
        let n = buf.len().min(self.left).min(3000);
        self.left -= n;
        self.delivered += n;
        Ok(n)
    }
}

#[test]
fn memory_follows_what_arrives_not_what_is_announced() {
    // To believe this header would be the end of the process, or at least an error.
    let announced = isize::MAX as u64;
    let stream = Wary { header: io::Cursor::new(announced.to_be_bytes()), left: 1_000_000, delivered: 0 };
    let mut reader = FrameReader::new(stream, Header::U64Be).with_max_len(u64::MAX);
    let missing = announced - 1_000_000;
    let mut buf = Vec::new();
    let error = reader.read_into(&mut buf).unwrap_err();
    assert!(matches!(error, FrameError::TruncatedPayload { missing: m, .. } if m == missing));
    assert_eq!(buf.capacity(), 0);
}

#[test]
fn a_reused_buffer_is_not_allocated_again() {
    let wire = [&b"\x03abc\x00\x05hello\x01x"[..]; 3].concat();
    let mut reader = FrameReader::new(&wire[..], Header::U8);
    let mut buf = Vec::with_capacity(100);
    let place = buf.as_ptr();
    for expected in [&b"abc"[..], b"", b"hello", b"x"].repeat(3) {
        assert_eq!(reader.read_into(&mut buf).unwrap(), Some(expected.len()));
        assert_eq!((&buf[..], buf.as_ptr(), buf.capacity()), (expected, place, 100));
    }
    assert_eq!(reader.read_into(&mut buf).unwrap(), None);
    assert!(buf.is_empty());
    assert_eq!(buf.as_ptr(), place);
}

/// Notes how much each read asks for, and gives it.
struct Noting<'a>(&'a [u8], Vec<usize>);

impl Read for Noting<'_> {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        self.1.push(buf.len());
        self.0.read(buf)
    }
}

#[test]
fn memory_doubles_at_first_and_then_one_read_takes_the_whole_frame() {
    let frame = [&40_000u16.to_be_bytes()[..], &[7; 40_000]].concat();
    let short = b"\0\x01x";
    let wire = [&frame[..], &frame, short, &frame].concat();

    let mut reader = FrameReader::new(Noting(&wire, Vec::new()), Header::U16Be);
    let mut into = FrameReader::new(Noting(&wire, Vec::new()), Header::U16Be);
    let mut buf = Vec::new();
    while let Some(frame) = reader.read_frame().unwrap() {
        let len = frame.len();
        assert_eq!(into.read_into(&mut buf).unwrap(), Some(len));
    }
    let expected = [2, 8192, 8192, 16_384, 7232, 2, 40_000, 2, 1, 2, 40_000, 2];
    assert_eq!(reader.into_inner().1, expected);
    assert_eq!(into.into_inner().1, expected[..expected.len() - 1]);
    assert_eq!(buf.capacity(), 40_000);
}
