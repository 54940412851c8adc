use crate::checks::Split;
use socketserver_framing::{FrameReader, Framed, Header, LineReader};
use std::io::{self, BufRead, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::time::Duration;

/// One byte, then a timeout, and so on.
const DRIBBLE: &[u8] = &[1, 2];

#[test]
fn a_frame_outlasts_a_timeout_at_every_byte() {
    for &header in Header::ALL {
        let wire = [&header.encode(5).unwrap()[..], b"hello", &header.encode(0).unwrap()].concat();
        let mut reader = FrameReader::new(Split::new(&wire, DRIBBLE), header);
        let mut timeouts = 0;
        let mut buf = b"old".to_vec();
        while let Err(error) = reader.read_into(&mut buf) {
            assert!(error.is_timeout());
            assert!(buf.is_empty());
            assert_eq!(reader.mid_frame(), timeouts > 0, "before the first byte the peer is only idle");
            timeouts += 1;
        }
        assert_eq!(buf, b"hello");
        assert_eq!(timeouts, header.encode(5).unwrap().len() + 5);
        assert!(!reader.mid_frame());
    }
}

#[test]
fn what_one_call_began_another_way_of_reading_completes() {
    let mut reader = FrameReader::new(Split::new(b"\x05hello\x05world", &[2, 2, 2, 1, 9]), Header::U8);
    assert!(reader.read_frame().unwrap_err().is_timeout());
    let mut payload = reader.read_stream().unwrap().unwrap();
    assert_eq!((payload.frame_len(), payload.remaining()), (5, 5));
    let mut first = [0; 3];
    payload.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"hel");
    // The rest is passed over; a timeout on the way there is no loss either.
    let world = loop {
        match reader.read_frame() {
            Err(error) => assert!(error.is_timeout()),
            Ok(frame) => break frame.unwrap().to_vec(),
        }
    };
    assert_eq!(world, b"world");
}

#[test]
fn what_one_call_began_can_be_passed_over() {
    for read in 0..=5 {
        // "hel", a timeout, then the rest.
        let mut reader = FrameReader::new(Split::new(b"\x05hello\x05world", &[2, 4, 1, 9, 9]), Header::U8);
        assert!(reader.read_frame().unwrap_err().is_timeout());
        let mut payload = reader.read_stream().unwrap().unwrap();
        let mut start = vec![0; read];
        payload.read_exact(&mut start).unwrap();
        assert_eq!(start, b"hello"[..read]);
        assert_eq!(payload.remaining(), 5 - read as u64);
        assert_eq!(reader.read_frame().unwrap(), Some(&b"world"[..]));
        assert_eq!(reader.read_frame().unwrap(), None);
    }
}

#[test]
fn what_one_call_began_can_be_looked_at_in_place() {
    let mut reader = FrameReader::new(Split::new(b"\x05hello", &[2, 4, 1, 9]), Header::U8);
    assert!(reader.read_frame().unwrap_err().is_timeout());
    let mut payload = reader.read_stream().unwrap().unwrap();
    for expected in [&b"hel"[..], b"el", b"l", b"lo", b"o", b""] {
        assert_eq!(payload.fill_buf().unwrap(), expected);
        payload.consume(expected.len().min(1));
    }
}

#[test]
fn a_stream_outlasts_a_timeout_kept_or_dropped() {
    let mut reader = FrameReader::new(Split::new(b"\x05hello", &[2, 1]), Header::U8);
    let mut all = Vec::new();
    let mut payload = reader.read_stream().unwrap().unwrap();
    assert_eq!(payload.read_to_end(&mut all).unwrap_err().kind(), ErrorKind::WouldBlock);
    assert_eq!(payload.read_to_end(&mut all).unwrap_err().kind(), ErrorKind::WouldBlock);
    while let Some(mut payload) = reader.unfinished() {
        assert_eq!(payload.remaining(), 5 - all.len() as u64);
        let _ = payload.read_to_end(&mut all);
    }
    assert_eq!(all, b"hello");
    assert!(!reader.mid_frame());
}

#[test]
fn a_line_outlasts_a_timeout_at_every_byte() {
    let mut lines = LineReader::new(Split::new(b"hello\r\nworld\r\n", DRIBBLE)).with_delimiter(b"\r\n");
    let mut timeouts = 0;
    while let Err(error) = lines.read_line() {
        assert!(error.is_timeout());
        assert_eq!(lines.mid_line(), timeouts > 0);
        timeouts += 1;
    }
    assert_eq!(timeouts, 7);
    assert!(!lines.mid_line());
}

#[test]
fn a_real_socket_with_a_read_timeout() {
    let (ours, mut theirs) = UnixStream::pair().unwrap();
    ours.set_read_timeout(Some(Duration::from_millis(1))).unwrap();
    let mut framed = Framed::new(&ours, Header::U32Be);
    let mut expect_timeout = |mid_frame| {
        assert!(framed.read_frame().unwrap_err().is_timeout());
        assert_eq!(framed.mid_frame(), mid_frame);
    };
    expect_timeout(false);
    theirs.write_all(b"\0\0").unwrap();
    expect_timeout(true);
    theirs.write_all(b"\0\x05he").unwrap();
    expect_timeout(true);
    theirs.write_all(b"llo").unwrap();
    assert_eq!(framed.read_frame().unwrap(), Some(&b"hello"[..]));
    theirs.shutdown(std::net::Shutdown::Write).unwrap();
    assert_eq!(framed.read_frame().unwrap(), None);
}

#[test]
fn other_errors_pass_through_with_their_kind() {
    struct Reset;
    impl Read for Reset {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(ErrorKind::ConnectionReset.into())
        }
    }
    let error = FrameReader::new(Reset, Header::U8).read_frame().unwrap_err();
    assert!(!error.is_timeout());
    assert_eq!(io::Error::from(error).kind(), ErrorKind::ConnectionReset);
}
