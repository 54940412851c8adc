//! What tcpdump prints, read again.

/// A line of a capture.
pub(crate) struct Segment {
    pub(crate) from: String,
    pub(crate) to: String,
    /// As tcpdump writes them: `S`, `S.`, `P.` …, where the dot is an ACK.
    pub(crate) flags: String,
    /// `seq …` and `ack …`, as far as they are there.
    pub(crate) numbers: String,
    /// Of data, in bytes.
    pub(crate) length: u32,
}

impl Segment {
    /// `TIME IP 127.0.0.1.40000 > 127.0.0.1.8080: Flags [S], seq 1, win 2, length 0`; `None` for a line of another kind.
    pub(crate) fn parse(line: &str) -> Option<Self> {
        let (_, line) = line.split_once(" IP ")?;
        let (from, line) = line.split_once(" > ")?;
        let (to, line) = line.split_once(": Flags [")?;
        let (flags, line) = line.split_once("], ")?;
        let is_number = |field: &&str| field.starts_with("seq ") || field.starts_with("ack ");
        let numbers: Vec<_> = line.split(", ").filter(is_number).collect();
        let (_, length) = line.rsplit_once("length ")?;
        Some(Segment {
            from: from.to_owned(),
            to: to.to_owned(),
            flags: flags.to_owned(),
            numbers: numbers.join(" "),
            length: length.split(':').next()?.parse().ok()?,
        })
    }

    pub(crate) fn has(&self, flag: char) -> bool {
        self.flags.contains(flag)
    }

    /// The flags by their names.
    pub(crate) fn names(&self) -> String {
        let all = [('S', "SYN"), ('F', "FIN"), ('R', "RST"), ('P', "PSH"), ('.', "ACK")];
        let names: Vec<_> = all.iter().filter(|(flag, _)| self.has(*flag)).map(|(_, name)| *name).collect();
        names.join(", ")
    }
}
