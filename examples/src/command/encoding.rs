//! How text is written on the wire.

use encoding_rs::{Decoder, GBK};
use std::{
    borrow::Cow,
    io::{self, Write},
};

/// What `--encoding` names: the bytes of the program's own words, and for a client also of what is typed and shown.
///
/// A server passes commands and their output on as they are: what they are in is between the client and the programs it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, as most shells are today; nothing is checked or changed.
    Utf8,
    /// GBK, as Chinese Windows shells are.
    Gbk,
}

impl Encoding {
    /// `text` as it goes on the wire; `None` if a character has no place in this encoding.
    pub fn encode(self, text: &str) -> Option<Cow<'_, [u8]>> {
        match self {
            Encoding::Utf8 => Some(text.as_bytes().into()),
            // What has no code would become "&#128512;", which a shell takes for something else.
            Encoding::Gbk => match GBK.encode(text) {
                (bytes, _, false) => Some(bytes),
                _ => None,
            },
        }
    }

    /// A line that was typed, in UTF-8, as it goes on the wire.
    pub(super) fn encode_typed(self, line: &[u8]) -> Option<Cow<'_, [u8]>> {
        match self {
            Encoding::Utf8 => Some(line.into()),
            Encoding::Gbk => self.encode(std::str::from_utf8(line).ok()?),
        }
    }

    /// Shows on `output`, which is UTF-8, what comes from the wire.
    pub(super) fn decoder<W: Write>(self, output: W) -> Decoding<W> {
        let decoder = match self {
            Encoding::Utf8 => None,
            Encoding::Gbk => Some(GBK.new_decoder_without_bom_handling()),
        };
        Decoding { output, decoder }
    }
}

/// A writer that decodes. What is no character becomes U+FFFD.
pub(super) struct Decoding<W> {
    output: W,
    decoder: Option<Decoder>,
}

impl<W: Write> Decoding<W> {
    /// There is no more to come: half a character at the end is shown too.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.decode(b"", true)
    }

    fn decode(&mut self, mut bytes: &[u8], last: bool) -> io::Result<()> {
        let Some(decoder) = &mut self.decoder else { return self.output.write_all(bytes) };
        let mut text = [0; 4096];
        loop {
            let (result, read, written, _) = decoder.decode_to_utf8(bytes, &mut text, last);
            self.output.write_all(&text[..written])?;
            bytes = &bytes[read..];
            if result == encoding_rs::CoderResult::InputEmpty {
                return Ok(());
            }
        }
    }
}

impl<W: Write> Write for Decoding<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.decode(bytes, false)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.output.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gbk_is_what_python_calls_gbk() {
        let wire = b"\xd6\xb4\xd0\xd0\xb3\xc9\xb9\xa6"; // '执行成功'.encode('gbk')
        assert_eq!(&*Encoding::Gbk.encode("执行成功").unwrap(), wire);
        assert_eq!(Encoding::Gbk.encode("😀"), None);
        assert_eq!(Encoding::Gbk.encode_typed(b"\xff"), None);
    }

    #[test]
    fn a_character_may_arrive_in_pieces() {
        let mut shown = Vec::new();
        let mut decoding = Encoding::Gbk.decoder(&mut shown);
        for byte in b"ls \xd6\xb4\xd0" {
            decoding.write_all(&[*byte]).unwrap();
        }
        decoding.end().unwrap();
        assert_eq!(String::from_utf8(shown).unwrap(), "ls 执\u{fffd}");
    }

    #[test]
    fn utf8_is_left_alone_even_if_it_is_none() {
        let mut shown = Vec::new();
        let mut decoding = Encoding::Utf8.decoder(&mut shown);
        decoding.write_all(b"\xff\0").unwrap();
        decoding.end().unwrap();
        assert_eq!(shown, b"\xff\0");
    }
}
