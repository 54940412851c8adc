use crate::checks::Split;
use socketserver_framing::{FrameError, FrameReader, FrameWriter, Header};
use std::io::{self, BufRead, ErrorKind, Read};

const TWO: &[u8] = b"\x05hello\x05world";

#[test]
fn a_payload_knows_its_rest_and_ends_where_it_ends() {
    let mut reader = FrameReader::new(TWO, Header::U8);
    let mut payload = reader.read_stream().unwrap().unwrap();
    let mut buf = [0; 100];
    assert_eq!(payload.read(&mut []).unwrap(), 0);
    assert_eq!(payload.read(&mut buf).unwrap(), 5);
    assert_eq!((payload.frame_len(), payload.remaining()), (5, 0));
    assert_eq!(payload.read(&mut buf).unwrap(), 0);
    assert!(payload.fill_buf().unwrap().is_empty());
    let mut payload = reader.read_stream().unwrap().unwrap();
    assert_eq!(payload.fill_buf().unwrap(), b"world");
    payload.consume(3);
    assert_eq!(payload.fill_buf().unwrap(), b"ld");
    assert_eq!(payload.remaining(), 2);
    payload.skip().unwrap();
    assert!(reader.read_stream().unwrap().is_none());
}

#[test]
fn lines_can_be_read_within_a_payload() {
    let mut reader = FrameReader::new(&b"\x08one\ntwo\n\x03end"[..], Header::U8);
    let lines: Vec<_> = reader.read_stream().unwrap().unwrap().lines().map(Result::unwrap).collect();
    assert_eq!(lines, ["one", "two"]);
    assert_eq!(reader.read_frame().unwrap(), Some(&b"end"[..]));
}

#[test]
fn an_unread_rest_is_passed_over_by_whatever_reads_next() {
    for read in [0, 1, 4, 5] {
        for way in 0..3 {
            let mut reader = FrameReader::new(TWO, Header::U8);
            reader.read_stream().unwrap().unwrap().read_exact(&mut vec![0; read]).unwrap();
            assert_eq!(reader.mid_frame(), read < 5);
            let mut world = Vec::new();
            match way {
                0 => world.extend(reader.read_frame().unwrap().unwrap()),
                1 => assert_eq!(reader.read_into(&mut world).unwrap(), Some(5)),
                _ => drop(reader.read_stream().unwrap().unwrap().read_to_end(&mut world).unwrap()),
            }
            assert_eq!(world, b"world");
        }
    }
}

#[test]
fn a_stream_that_ends_too_early_is_an_error_in_every_way_of_reading() {
    let start = || FrameReader::new(&b"\x05he"[..], Header::U8);
    let expect =
        |error: FrameError| assert!(matches!(error, FrameError::TruncatedPayload { missing: 3, len: 5 }));

    let error = io::read_to_string(start().read_stream().unwrap().unwrap()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    expect(error.into());

    let mut reader = start();
    let mut payload = reader.read_stream().unwrap().unwrap();
    payload.consume(2);
    expect(payload.fill_buf().unwrap_err().into());
    expect(payload.skip().unwrap_err());
    expect(reader.read_frame().unwrap_err());
    expect(reader.read_stream().unwrap_err());
}

#[test]
fn the_limit_holds_for_streams_too() {
    let mut reader = FrameReader::new(TWO, Header::U8).with_max_len(4);
    assert!(matches!(reader.read_stream(), Err(FrameError::TooLong { len: 5, max: 4 })));
}

#[test]
fn a_source_that_is_too_short_leaves_the_wire_alone_if_it_can() {
    let mut writer = FrameWriter::new(Vec::new(), Header::U32Be);
    let error = writer.write_from(&[7; 1000][..], 1 << 30).unwrap_err();
    assert!(matches!(error, FrameError::SourceEnded { missing } if missing == (1 << 30) - 1000));
    assert!(!writer.is_broken());
    assert!(writer.get_ref().is_empty());

    let error = writer.write_from(&[7; 100_000][..], 100_001).unwrap_err();
    assert!(matches!(error, FrameError::SourceEnded { missing: 1 }));
    assert!(writer.is_broken());
    assert!(matches!(writer.write_frame(b""), Err(FrameError::Broken)));
}

#[test]
fn a_source_is_read_no_further_than_told() {
    let mut source = &[7; 200_000][..];
    let mut writer = FrameWriter::new(Vec::new(), Header::U32Be);
    writer.write_from(&mut source, 100_000).unwrap();
    assert_eq!(source.len(), 100_000);
    writer.write_from(&mut source, 0).unwrap();
    assert_eq!(writer.get_ref().len(), 4 + 100_000 + 4);
}

#[test]
fn a_source_may_be_interrupted_and_give_little_at_a_time() {
    let content = vec![7; 70_000];
    let mut writer = FrameWriter::new(Vec::new(), Header::U32Be);
    writer.write_from(Split::new(&content, &[0, 200]), 70_000).unwrap();
    assert!(writer.get_ref()[4..] == content);
}

#[test]
fn a_source_that_fails_is_an_error_of_its_own_kind() {
    struct Fails;
    impl Read for Fails {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            Err(ErrorKind::PermissionDenied.into())
        }
    }
    for (good, broken) in [(0u64, false), (70_000, true)] {
        let mut writer = FrameWriter::new(Vec::new(), Header::U32Be);
        let error = writer.write_from(io::repeat(7).take(good).chain(Fails), 80_000).unwrap_err();
        assert_eq!(io::Error::from(error).kind(), ErrorKind::PermissionDenied);
        assert_eq!(writer.is_broken(), broken);
    }
}
