use crate::checks::{self, frames_of_any_split, lines_of_any_split};
use crate::util::Choppy;
use proptest::collection::vec;
use proptest::prelude::*;
use socketserver_framing::{FrameWriter, Header, LineError, LineWriter};

const DELIMITERS: &[&[u8]] = &[b"a", b"ab", b"aa", b"aba", b"aab"];

fn header() -> impl Strategy<Value = Header> {
    proptest::sample::select(Header::ALL)
}

/// Mostly short messages, now and then one that needs several steps of memory.
fn messages() -> impl Strategy<Value = Vec<Vec<u8>>> {
    let message = prop_oneof![8 => vec(any::<u8>(), 0..200), 1 => vec(any::<u8>(), 0..20_000)];
    vec(message, 0..6)
}

/// See `Split` and `Choppy`: interrupted, timed out, single bytes, small and larger pieces.
fn pattern() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![vec(0u8..=3, 0..12), vec(any::<u8>(), 0..12)]
}

/// The wire, written in one of three ways by a writer that is interrupted and takes little at a time.
fn write(header: Header, messages: &[Vec<u8>], pattern: &[u8]) -> Vec<u8> {
    let mut writer = FrameWriter::new(Choppy::new(pattern), header);
    for (i, message) in messages.iter().enumerate() {
        let (a, b) = message.split_at(message.len() / 3);
        match i % 3 {
            0 => writer.write_frame(message),
            1 => writer.write_parts(&[a, b"", b]),
            _ => writer.write_from(&message[..], message.len() as u64),
        }
        .unwrap();
    }
    writer.into_inner().wire
}

fn fitting(header: Header, mut messages: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
    messages.iter_mut().for_each(|message| message.truncate(header.max_len().min(1 << 20) as usize));
    messages
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_split_gives_the_messages_that_were_written(
        header in header(), messages in messages(), pattern in pattern(), cut in any::<prop::sample::Index>(),
    ) {
        let messages = fitting(header, messages);
        let wire = write(header, &messages, &pattern);
        let expected: Vec<u8> = messages
            .iter()
            .flat_map(|message| [&header.encode(message.len() as u64).unwrap()[..], message].concat())
            .collect();
        prop_assert!(wire == expected);
        frames_of_any_split(header, u64::MAX, &wire, &pattern);
        // The stream may end anywhere, and the limit may cut in.
        frames_of_any_split(header, 100, &wire[..cut.index(wire.len() + 1)], &pattern);
    }

    #[test]
    fn one_byte_at_a_time_with_every_disturbance(header in header(), messages in messages()) {
        let messages = fitting(header, messages.into_iter().map(|mut m| { m.truncate(3000); m }).collect());
        let wire = write(header, &messages, &[0, 1]);
        frames_of_any_split(header, u64::MAX, &wire, &[2, 0, 2, 1]);
    }

    #[test]
    fn garbage_is_judged_alike_however_it_is_split(data in vec(any::<u8>(), 0..300)) {
        checks::frames(&data);
        checks::lines(&data);
    }

    #[test]
    fn any_split_gives_the_lines_that_were_written(
        delimiter in prop::sample::select(DELIMITERS),
        candidates in vec("[abc]{0,20}", 0..8), max in 0usize..20, pattern in pattern(),
    ) {
        let mut writer = LineWriter::new(Choppy::new(&pattern)).with_delimiter(delimiter);
        let mut lines = Vec::new();
        for line in &candidates {
            match writer.write_line(line.as_bytes()) {
                Ok(()) => lines.push(line.as_bytes()),
                Err(LineError::DelimiterInside { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        let wire = writer.into_inner().wire;
        let mut reader = socketserver_framing::LineReader::new(&wire[..]).with_delimiter(delimiter);
        for line in lines {
            prop_assert_eq!(reader.read_line().unwrap(), Some(line));
        }
        prop_assert_eq!(reader.read_line().unwrap(), None);
        lines_of_any_split(delimiter, max, false, &wire, &pattern);
    }

    #[test]
    fn lines_over_few_letters_are_split_alike(
        delimiter in prop::sample::select(DELIMITERS),
        wire in "[abc]{0,60}", max in 0usize..12, reject in any::<bool>(), pattern in pattern(),
    ) {
        lines_of_any_split(delimiter, max, reject, wire.as_bytes(), &pattern);
    }
}
