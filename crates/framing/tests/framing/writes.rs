use crate::util::{Choppy, Failing, Plain};
use socketserver_framing::{FrameError, FrameWriter, Header, LineError, LineWriter};
use std::io::{self, BufWriter, ErrorKind};

#[test]
fn header_and_payload_leave_in_one_write() {
    for &header in Header::ALL {
        for len in [0, 1, 100, 255, 4095, 4096, 4097, 65_535, 65_536, 1 << 20] {
            if len > header.max_len() {
                continue;
            }
            let payload = vec![7; len as usize];
            let (a, b) = payload.split_at(payload.len() / 2);
            let head = header.encode(len).unwrap();

            let mut whole = FrameWriter::new(Choppy::default(), header);
            whole.write_frame(&payload).unwrap();
            let mut parts = FrameWriter::new(Choppy::default(), header);
            parts.write_parts(&[a, b"", b]).unwrap();
            for writer in [whole, parts] {
                let sent = writer.into_inner();
                assert_eq!(sent.writes, 1, "{header:?} {len}");
                assert!(sent.wire == [&head[..], &payload].concat());
            }

            let mut from = FrameWriter::new(Choppy::default(), header);
            from.write_from(&payload[..], len).unwrap();
            let sent = from.into_inner();
            assert!(sent.writes == 1 || len > 65_536);
            assert!(sent.wire == [&head[..], &payload].concat());
        }
    }
}

#[test]
fn a_short_message_is_one_write_even_where_only_the_first_slice_is_taken() {
    for len in [0, 1, 1000, 4092] {
        let mut writer = FrameWriter::new(Plain::default(), Header::U32Be);
        writer.write_parts(&[&vec![7; len], b""]).unwrap();
        assert_eq!(writer.into_inner().0.writes, 1);
    }
    let mut writer = FrameWriter::new(Plain::default(), Header::U32Be);
    writer.write_frame(&[7; 5000]).unwrap();
    assert_eq!(writer.into_inner().0.wire, [&b"\0\0\x13\x88"[..], &[7; 5000]].concat());

    let mut writer = LineWriter::new(Plain::default());
    writer.write_line(b"hello").unwrap();
    assert_eq!(writer.into_inner().0.writes, 1);
}

#[test]
fn many_slices_leave_together_up_to_what_the_system_takes() {
    for count in [14usize, 15, 16, 17, 1000, 1023, 1024, 3000] {
        let (big, small) = (vec![1; 5000], vec![2; 3]);
        let parts: Vec<&[u8]> = (0..count).map(|i| if i == 3 { &big[..] } else { &small }).collect();
        let mut writer = FrameWriter::new(Choppy::default(), Header::U32Be);
        writer.write_parts(&parts).unwrap();
        let sent = writer.into_inner();
        assert_eq!(sent.writes, (count + 1).div_ceil(1024), "{count}");
        assert!(sent.wire[4..] == parts.concat());
    }
}

#[test]
fn what_does_not_fit_the_header_is_not_written() {
    let mut writer = FrameWriter::new(Vec::new(), Header::U8);
    let error = writer.write_frame(&[0; 256]).unwrap_err();
    assert!(matches!(error, FrameError::Unencodable { len: 256, max: 255 }));
    assert!(matches!(writer.write_parts(&[&[0; 255], b"x"]), Err(FrameError::Unencodable { len: 256, .. })));
    assert!(matches!(writer.write_from(io::repeat(0), 256), Err(FrameError::Unencodable { len: 256, .. })));
    writer.write_frame(b"ok").unwrap();
    assert_eq!(writer.into_inner(), b"\x02ok");
}

#[test]
fn a_frame_cut_off_breaks_the_writer_and_one_not_begun_does_not() {
    for len in [10, 10_000] {
        for error in [ErrorKind::WouldBlock, ErrorKind::BrokenPipe] {
            for room in [0, 3, 9] {
                let mut writer = FrameWriter::new(Failing { room, error }, Header::U32Be);
                let failed = writer.write_frame(&vec![0; len]).unwrap_err();
                assert_eq!(failed.is_timeout(), error == ErrorKind::WouldBlock);
                assert_eq!(writer.is_broken(), room > 0);
                writer.get_mut().room = usize::MAX;
                assert_eq!(writer.write_frame(b"next").is_ok(), room == 0);
            }
        }
    }
    let mut writer = LineWriter::new(Failing { room: 3, error: ErrorKind::TimedOut });
    assert!(writer.write_line(b"hello").unwrap_err().is_timeout());
    assert!(matches!(writer.write_line(b""), Err(LineError::Broken)));
}

#[test]
fn a_writer_that_takes_nothing_is_an_error() {
    let mut none = [];
    let error = FrameWriter::new(&mut none[..], Header::U8).write_frame(b"x").unwrap_err();
    assert_eq!(io::Error::from(error).kind(), ErrorKind::WriteZero);
}

#[test]
fn nothing_is_flushed_until_asked() {
    let mut writer = FrameWriter::new(BufWriter::new(Vec::new()), Header::U8);
    writer.write_frame(b"a").unwrap();
    writer.write_frame(b"b").unwrap();
    assert!(writer.get_ref().get_ref().is_empty());
    writer.flush().unwrap();
    assert_eq!(writer.get_ref().get_ref(), b"\x01a\x01b");
}
