//! `[--mixin NAME] [ADDRESS]`.

use std::{fmt, process::exit, str::FromStr};

/// The arguments of a server example, or of a client, which has no `--mixin`.
#[derive(Debug, Clone)]
pub struct Arguments {
    /// Where requests run.
    pub mixin: MixInName,
    /// Where to listen, or to connect.
    pub address: String,
}

/// The names that `--mixin` takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MixInName {
    /// In the loop, one after another.
    Sequential,
    /// A thread each.
    Threading,
    /// A child process each.
    Forking,
}

impl MixInName {
    const ALL: [(&'static str, MixInName); 3] = [
        ("sequential", MixInName::Sequential),
        ("threading", MixInName::Threading),
        ("forking", MixInName::Forking),
    ];
}

impl Arguments {
    /// Reads a server's arguments; the mix-in is threading if none is named. Ends the program with status 2 if they are wrong.
    pub fn of_server(default_address: &str) -> Self {
        let names = MixInName::ALL.map(|(name, _)| name).join("|");
        Self::parse(std::env::args().skip(1), default_address)
            .unwrap_or_else(|problem| usage(&problem, &format!("[--mixin {names}] [ADDRESS]")))
    }

    /// Reads a client's arguments: at most an address. Ends the program with status 2 if they are wrong.
    pub fn of_client(default_address: &str) -> String {
        let given: Vec<_> = std::env::args().skip(1).collect();
        match &given[..] {
            [] => default_address.to_owned(),
            [address] if !address.starts_with('-') => address.clone(),
            _ => usage("at most one address is wanted", "[ADDRESS]"),
        }
    }

    fn parse(mut given: impl Iterator<Item = String>, default_address: &str) -> Result<Self, String> {
        let mut this = Arguments { mixin: MixInName::Threading, address: default_address.to_owned() };
        let mut has_address = false;
        while let Some(argument) = given.next() {
            if argument == "--mixin" {
                this.mixin = given.next().ok_or("--mixin wants a name")?.parse()?;
            } else if let Some(name) = argument.strip_prefix("--mixin=") {
                this.mixin = name.parse()?;
            } else if argument.starts_with('-') || has_address {
                return Err(format!("what is {argument}?"));
            } else {
                this.address = argument;
                has_address = true;
            }
        }
        Ok(this)
    }
}

fn usage(problem: &str, arguments: &str) -> ! {
    eprintln!("{problem}\nusage: {} {arguments}", std::env::args().next().unwrap_or_default());
    exit(2)
}

impl FromStr for MixInName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        let found = Self::ALL.iter().find(|(it, _)| *it == name);
        found.map(|(_, mixin)| *mixin).ok_or_else(|| format!("no mix-in is called {name}"))
    }
}

impl fmt::Display for MixInName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let found = Self::ALL.iter().find(|(_, mixin)| mixin == self);
        f.write_str(found.map_or("", |(name, _)| name))
    }
}

#[cfg(test)]
mod tests {
    use super::{Arguments, MixInName};

    fn parse(arguments: &[&str]) -> Result<Arguments, String> {
        Arguments::parse(arguments.iter().map(|it| it.to_string()), "127.0.0.1:8080")
    }

    #[test]
    fn arguments_come_in_any_order() {
        for given in [["--mixin", "forking", "[::1]:9"], ["[::1]:9", "--mixin", "forking"]] {
            let parsed = parse(&given).unwrap();
            assert_eq!((parsed.mixin, &*parsed.address), (MixInName::Forking, "[::1]:9"));
        }
        assert_eq!(parse(&[]).unwrap().address, "127.0.0.1:8080");
        assert_eq!(parse(&["--mixin=sequential"]).unwrap().mixin, MixInName::Sequential);
    }

    #[test]
    fn wrong_arguments_are_named() {
        assert_eq!(parse(&["--mixin", "fibers"]).unwrap_err(), "no mix-in is called fibers");
        assert_eq!(parse(&["a:1", "b:2"]).unwrap_err(), "what is b:2?");
        assert!(parse(&["--mixin"]).is_err());
    }
}
