//! 2 GiB and more, of which no one holds any.

use socketserver_framing::{FrameError, FrameReader, FrameWriter, Header};
use std::io::{self, IoSlice, Read, Write};

const LEN: u64 = 0x8000_0000;
const HEADER: &[u8; 12] = b"\xff\xff\xff\xff\0\0\0\0\x80\0\0\0";

/// As many bytes as are asked for, without touching them.
struct Sparse(u64);

impl Read for Sparse {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let n = buf.len().min(usize::try_from(self.0).unwrap());
        self.0 -= n as u64;
        Ok(n)
    }
}

/// Keeps the first bytes and counts the rest.
#[derive(Default)]
struct Counting {
    start: Vec<u8>,
    len: u64,
}

impl Write for Counting {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(buf)])
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        let n = bufs.iter().map(|buf| buf.len()).sum::<usize>();
        self.start
            .extend(bufs.iter().flat_map(|buf| &**buf).take(HEADER.len().saturating_sub(self.start.len())));
        self.len += n as u64;
        Ok(n)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn the_long_form_begins_where_the_short_one_ends() {
    assert_eq!(*Header::Multiprocessing.encode(LEN - 1).unwrap(), *b"\x7f\xff\xff\xff");
    assert_eq!(*Header::Multiprocessing.encode(LEN).unwrap(), *HEADER);
}

#[test]
fn a_payload_of_2_gib_is_read_as_a_stream() {
    let wire = HEADER.chain(Sparse(LEN)).chain(&b"\0\0\0\x02ok"[..]);
    let mut reader = FrameReader::new(wire, Header::Multiprocessing).with_max_len(u64::MAX);
    let mut payload = reader.read_stream().unwrap().unwrap();
    assert_eq!(payload.remaining(), LEN);
    let mut buf = vec![0; 1 << 20];
    for _ in 0..1024 {
        payload.read_exact(&mut buf).unwrap();
    }
    assert_eq!(payload.remaining(), LEN - (1 << 30));
    payload.skip().unwrap();
    assert_eq!(reader.read_frame().unwrap(), Some(&b"ok"[..]));
}

#[test]
fn a_payload_of_2_gib_is_written_from_a_stream() {
    let mut writer = FrameWriter::new(Counting::default(), Header::Multiprocessing);
    writer.write_from(Sparse(LEN), LEN).unwrap();
    let sent = writer.into_inner();
    assert_eq!(sent.start, HEADER);
    assert_eq!(sent.len, 12 + LEN);
}

#[test]
fn the_long_form_is_not_believed_either() {
    let mut reader = FrameReader::new(&HEADER[..], Header::Multiprocessing);
    assert!(matches!(reader.read_frame(), Err(FrameError::TooLong { len: LEN, max: 0x100_0000 })));
    let mut reader = FrameReader::new(&HEADER[..], Header::Multiprocessing).with_max_len(u64::MAX);
    assert!(matches!(reader.read_frame(), Err(FrameError::TruncatedPayload { missing: LEN, len: LEN })));
    let mut reader = FrameReader::new(&[0xff; 12][..], Header::Multiprocessing).with_max_len(u64::MAX);
    assert!(matches!(reader.read_frame(), Err(FrameError::TooLong { len: u64::MAX, .. })));
}

#[test]
fn the_long_form_of_a_short_length_is_taken_as_python_takes_it() {
    let wire = b"\xff\xff\xff\xff\0\0\0\0\0\0\0\x02ok";
    let mut reader = FrameReader::new(&wire[..], Header::Multiprocessing);
    assert_eq!(reader.read_frame().unwrap(), Some(&b"ok"[..]));
}
