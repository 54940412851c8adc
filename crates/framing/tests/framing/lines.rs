use socketserver_framing::{DEFAULT_MAX_LINE_LEN, LineError, LineReader, LineWriter, Unterminated};
use std::io::{self, BufRead, BufReader, Read};

fn all<R: BufRead>(mut lines: LineReader<R>) -> Vec<Result<Vec<u8>, String>> {
    let mut seen = Vec::new();
    // An error may repeat itself for ever; no test here has so many lines.
    while seen.len() < 20 {
        match lines.read_line() {
            Ok(Some(line)) => seen.push(Ok(line.to_vec())),
            Ok(None) => return seen,
            Err(error) => seen.push(Err(error.to_string())),
        }
    }
    seen
}

fn ok(line: &str) -> Result<Vec<u8>, String> {
    Ok(line.into())
}

#[test]
fn a_limit_of_n_takes_n_bytes_and_not_one_more() {
    let too_long = || Err("a line is longer than the limit of 3 bytes".to_owned());
    for delimiter in [&b"\n"[..], b"\r\n", b"--cut--"] {
        let wire = ["abc", "abcd", "", "a", "abcdefghijklmnop", "abc"]
            .map(|line| [line.as_bytes(), delimiter].concat())
            .concat();
        let lines = LineReader::new(&wire[..]).with_delimiter(delimiter).with_max_len(3);
        assert_eq!(all(lines), [ok("abc"), too_long(), ok(""), ok("a"), too_long(), ok("abc")]);
    }
}

#[test]
fn a_limit_is_known_to_be_passed_as_soon_as_it_is() {
    // Not a byte more is asked for: the peer may wait for an answer now.
    struct Waits;
    impl Read for Waits {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            panic!("waits for ever")
        }
    }
    for (wire, delimiter) in
        [("abcd", &b"\n"[..]), ("abcd", b"\r\n"), ("abc\rx", b"\r\n"), ("ab\r\rx", b"\r\n")]
    {
        let mut lines = LineReader::new(BufReader::new(wire.as_bytes().chain(Waits)))
            .with_max_len(3)
            .with_delimiter(delimiter);
        assert!(matches!(lines.read_line(), Err(LineError::TooLong { max: 3 })), "{wire:?}");
    }
}

#[test]
fn an_endless_line_holds_no_more_than_the_limit() {
    // 64 MiB without a newline, then one good line.
    let stream = BufReader::new(io::repeat(b'x').take(1 << 26).chain(&b"\nok\n"[..]));
    let mut lines = LineReader::new(stream);
    let mut buf = Vec::new();
    assert!(matches!(lines.read_into(&mut buf), Err(LineError::TooLong { max: DEFAULT_MAX_LINE_LEN })));
    assert!(lines.mid_line());
    assert_eq!(lines.read_into(&mut buf).unwrap(), Some(2));
    assert_eq!(buf, b"ok");
    assert!(buf.capacity() <= 4 * DEFAULT_MAX_LINE_LEN, "{}", buf.capacity());
}

#[test]
fn a_last_line_without_a_delimiter_is_a_line_as_for_python_unless_rejected() {
    assert_eq!(all(LineReader::new(&b"one\ntwo"[..])), [ok("one"), ok("two")]);
    assert_eq!(all(LineReader::new(&b"one\n"[..])), [ok("one")]);
    assert_eq!(all(LineReader::new(&b"one\r\ntwo\r"[..]).with_delimiter(b"\r\n")), [ok("one"), ok("two\r")]);

    let mut lines = LineReader::new(&b"one\ntwo"[..]).unterminated(Unterminated::Reject);
    assert_eq!(lines.read_line().unwrap(), Some(&b"one"[..]));
    for _ in 0..2 {
        let error = lines.read_line().unwrap_err();
        assert!(matches!(error, LineError::Unterminated { len: 3 }));
        assert_eq!(io::Error::from(error).kind(), io::ErrorKind::UnexpectedEof);
    }
    assert_eq!(all(LineReader::new(&b"one\n"[..]).unterminated(Unterminated::Reject)), [ok("one")]);
}

#[test]
fn a_last_line_that_only_seemed_to_end_is_too_long() {
    let lines = LineReader::new(&b"abc\r"[..]).with_delimiter(b"\r\n").with_max_len(3);
    assert_eq!(all(lines), [Err("a line is longer than the limit of 3 bytes".to_owned())]);
}

#[test]
fn kept_delimiters_do_not_count_for_the_limit() {
    let lines =
        LineReader::new(&b"abc\r\n\r\nab"[..]).with_delimiter(b"\r\n").keep_delimiter(true).with_max_len(3);
    assert_eq!(all(lines), [ok("abc\r\n"), ok("\r\n"), ok("ab")]);
}

#[test]
fn nothing_is_read_past_a_line() {
    let mut rest = &b"HELO\r\n\x05frame"[..];
    assert_eq!(LineReader::new(&mut rest).read_line().unwrap(), Some(&b"HELO\r"[..]));
    assert_eq!(rest, b"\x05frame");
}

#[test]
fn a_delimiter_made_at_run_time() {
    let boundary = format!("--{}--", 42).into_bytes();
    let mut writer = LineWriter::new(Vec::new()).with_delimiter(boundary.clone());
    writer.write_line(b"a").unwrap();
    assert!(matches!(writer.write_line(b"b--42--"), Err(LineError::DelimiterInside { at: 1 })));
    let wire = writer.into_inner();
    assert_eq!(all(LineReader::new(&wire[..]).with_delimiter(boundary)), [ok("a")]);
}

#[test]
#[should_panic(expected = "at least one byte")]
fn an_empty_delimiter_is_a_mistake_found_at_once() {
    LineReader::new(io::empty()).with_delimiter(b"");
}
