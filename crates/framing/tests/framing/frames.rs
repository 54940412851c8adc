use socketserver_framing::{Decoded, FrameError, FrameReader, Header};
use std::io;

fn read(header: Header, max: u64, wire: &[u8]) -> Result<Option<Vec<u8>>, FrameError> {
    let mut reader = FrameReader::new(wire, header).with_max_len(max);
    reader.read_frame().map(|frame| frame.map(<[u8]>::to_vec))
}

#[test]
fn every_header_has_the_bytes_that_its_table_row_says() {
    let cases: &[(Header, &[u8])] = &[
        (Header::I32Native, &200i32.to_ne_bytes()),
        (Header::U8, b"\xc8"),
        (Header::U16Le, b"\xc8\0"),
        (Header::U16Be, b"\0\xc8"),
        (Header::U32Le, b"\xc8\0\0\0"),
        (Header::U32Be, b"\0\0\0\xc8"),
        (Header::U64Le, b"\xc8\0\0\0\0\0\0\0"),
        (Header::U64Be, b"\0\0\0\0\0\0\0\xc8"),
        (Header::Multiprocessing, b"\0\0\0\xc8"),
        (Header::Varint, b"\xc8\x01"),
    ];
    assert_eq!(cases.len(), Header::ALL.len());
    for &(header, bytes) in cases {
        assert_eq!(*header.encode(200).unwrap(), *bytes, "{header:?}");
        assert_eq!(header.decode(bytes).unwrap(), Decoded::Complete { len: 200, header_len: bytes.len() });
    }
}

#[test]
fn the_greatest_length_of_each_header_fits_and_one_more_does_not() {
    for &header in Header::ALL {
        let max = header.max_len();
        let bytes = header.encode(max).unwrap();
        assert_eq!(header.decode(&bytes).unwrap(), Decoded::Complete { len: max, header_len: bytes.len() });
        if let Some(len) = max.checked_add(1) {
            assert!(matches!(header.encode(len), Err(FrameError::Unencodable { .. })), "{header:?}");
        }
    }
}

#[test]
fn a_negative_length_is_named() {
    for value in [-1, -2, i32::MIN] {
        let error = read(Header::I32Native, u64::MAX, &value.to_ne_bytes()).unwrap_err();
        assert_eq!(error.to_string(), format!("the header announces a negative length: {value}"));
        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::InvalidData);
    }
    for value in [-2, i32::MIN] {
        let error = read(Header::Multiprocessing, u64::MAX, &value.to_be_bytes()).unwrap_err();
        assert!(matches!(error, FrameError::Negative { value: v } if v == value.into()));
    }
}

#[test]
fn the_default_limit_is_16_mib() {
    let limit = 16 * 1024 * 1024;
    let at =
        read(Header::U32Le, FrameReader::new(&b""[..], Header::U8).max_len(), &(limit as u32).to_le_bytes());
    assert!(matches!(at, Err(FrameError::TruncatedPayload { missing, .. }) if missing == limit));
    let above =
        FrameReader::new(&(limit as u32 + 1).to_le_bytes()[..], Header::U32Le).read_frame().unwrap_err();
    assert_eq!(above.to_string(), "the header announces 16777217 bytes, more than the limit of 16777216");
}

#[test]
fn a_refused_header_is_refused_again_until_the_limit_is_raised() {
    let mut reader = FrameReader::new(&b"\x05hello\x01x"[..], Header::U8).with_max_len(4);
    for _ in 0..3 {
        assert!(matches!(reader.read_frame(), Err(FrameError::TooLong { len: 5, max: 4 })));
        assert!(matches!(reader.read_stream(), Err(FrameError::TooLong { len: 5, max: 4 })));
        assert!(reader.mid_frame());
    }
    reader.set_max_len(5);
    assert_eq!(reader.read_frame().unwrap(), Some(&b"hello"[..]));
    assert_eq!(reader.read_frame().unwrap(), Some(&b"x"[..]));
}

#[test]
fn an_end_inside_a_header_counts_what_is_missing() {
    for &header in Header::ALL {
        let bytes = header.encode(300.min(header.max_len())).unwrap();
        assert!(matches!(read(header, u64::MAX, b""), Ok(None)));
        for cut in 1..bytes.len() {
            let error = read(header, u64::MAX, &bytes[..cut]).unwrap_err();
            assert!(matches!(error, FrameError::TruncatedHeader { missing } if missing == bytes.len() - cut));
            assert_eq!(io::Error::from(error).kind(), io::ErrorKind::UnexpectedEof);
        }
    }
    // The long form of multiprocessing's.
    let error = read(Header::Multiprocessing, u64::MAX, b"\xff\xff\xff\xff\0").unwrap_err();
    assert!(matches!(error, FrameError::TruncatedHeader { missing: 7 }));
}

#[test]
fn an_end_inside_a_payload_counts_what_is_missing() {
    let error = read(Header::U16Be, u64::MAX, b"\x01\0four").unwrap_err();
    assert_eq!(error.to_string(), "the stream ended inside a payload of 256 bytes, 252 missing");
    assert_eq!(io::Error::from(error).kind(), io::ErrorKind::UnexpectedEof);
}

#[test]
fn errors_survive_the_way_through_io_error() {
    let there = io::Error::from(FrameError::Negative { value: -7 });
    assert!(matches!(there.into(), FrameError::Negative { value: -7 }));
    let plain = FrameError::from(io::Error::from(io::ErrorKind::ConnectionReset));
    assert_eq!(io::Error::from(plain).kind(), io::ErrorKind::ConnectionReset);
}

#[test]
fn nothing_is_read_past_a_frame() {
    for &header in Header::ALL {
        let wire = [&header.encode(3).unwrap()[..], b"abcPlain text"].concat();
        let mut rest = &wire[..];
        assert_eq!(FrameReader::new(&mut rest, header).read_frame().unwrap(), Some(&b"abc"[..]));
        assert_eq!(rest, b"Plain text", "{header:?}");
    }
}
