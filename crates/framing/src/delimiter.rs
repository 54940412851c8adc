use std::borrow::Cow;

/// The bytes that end a message; at least one.
#[derive(Clone, Debug)]
pub(crate) struct Delimiter(Cow<'static, [u8]>);

impl Delimiter {
    pub(crate) const NEWLINE: Self = Self(Cow::Borrowed(b"\n"));

    pub(crate) fn new(bytes: Cow<'static, [u8]>) -> Self {
        assert!(!bytes.is_empty(), "a delimiter needs at least one byte");
        Self(bytes)
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// The byte that a search stops at.
    pub(crate) fn last(&self) -> u8 {
        self.0[self.0.len() - 1]
    }

    /// Whether `line` ends in the delimiter's beginning, `min` bytes of it or more.
    pub(crate) fn begins_at_end_of(&self, line: &[u8], min: usize) -> bool {
        (min..self.0.len()).any(|n| line.ends_with(&self.0[..n]))
    }

    /// Where a reader would end `line` too early.
    pub(crate) fn inside(&self, line: &[u8]) -> Option<usize> {
        // The fast way out, and the usual one.
        if !line.contains(&self.0[0]) {
            return None;
        }
        // An occurrence may begin in the line and end in the delimiter itself ("xa" with "aa").
        (0..line.len()).find(|&at| {
            let rest = &line[at..];
            let n = rest.len().min(self.0.len());
            rest[..n] == self.0[..n] && self.0.starts_with(&self.0[n..])
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inside_is_where_a_search_of_line_and_delimiter_finds_it_too_early() {
        // Every line of up to six and delimiter of up to three bytes, over two letters.
        let words = |max| {
            (0..=max).flat_map(|n| {
                (0..1u32 << n).map(move |w| (0..n).map(|i| b'a' + (w >> i & 1) as u8).collect())
            })
        };
        for delimiter in words(3).filter(|d: &Vec<u8>| !d.is_empty()) {
            for line in words(6) {
                let whole: Vec<u8> = [&line[..], &delimiter].concat();
                let first = whole.windows(delimiter.len()).position(|w| w == delimiter).unwrap();
                let expected = (first < line.len()).then_some(first);
                assert_eq!(
                    Delimiter::new(delimiter.clone().into()).inside(&line),
                    expected,
                    "{line:?} {delimiter:?}"
                );
            }
        }
    }
}
