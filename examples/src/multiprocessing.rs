//! What `multiprocessing-listener` and `multiprocessing-client` have in common: their options.

use crate::{Result, arguments::usage};
use lexopt::prelude::*;
use socketserver::auth::Key;
use std::path::PathBuf;

/// The options of either end.
#[derive(Debug)]
pub struct PeerOptions {
    /// Python's `authkey`.
    pub authkey: Key,
    /// Whether the peer may prove the key by HMAC-MD5, as Python 3.11 and older do.
    pub allow_legacy_md5: bool,
    /// Which of the mix-ins that a listener offers.
    pub mixin: &'static str,
    /// Where to listen, or to connect.
    pub address: String,
}

impl PeerOptions {
    /// Reads `--authkey-file FILE [--allow-legacy-md5] [--mixin NAME] [ADDRESS]`; where no mix-ins are offered there is no `--mixin`, else
    /// the first is the default. Ends the program with status 2 if they are wrong.
    ///
    /// # Errors
    /// There is no key in the file.
    pub fn from_env(mixins: &[&'static str]) -> Result<Self> {
        let given = Given::parse(lexopt::Parser::from_env(), mixins).unwrap_or_else(|problem| {
            let mixin = if mixins.is_empty() { "" } else { &*format!("[--mixin {}] ", mixins.join("|")) };
            usage(&problem.to_string(), &format!("--authkey-file FILE [--allow-legacy-md5] {mixin}[ADDRESS]"))
        });
        let Given { file, allow_legacy_md5, mixin, address } = given;
        let authkey = Key::from_file(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        Ok(PeerOptions { authkey, allow_legacy_md5, mixin, address })
    }
}

#[derive(Debug)]
struct Given {
    file: PathBuf,
    allow_legacy_md5: bool,
    mixin: &'static str,
    address: String,
}

impl Given {
    fn parse(mut given: lexopt::Parser, mixins: &[&'static str]) -> std::result::Result<Self, lexopt::Error> {
        let (mut file, mut address) = (None, None);
        let (mut allow_legacy_md5, mut mixin) = (false, mixins.first().copied().unwrap_or_default());
        while let Some(argument) = given.next()? {
            match argument {
                Long("authkey-file") => file = Some(given.value()?.into()),
                Long("allow-legacy-md5") => allow_legacy_md5 = true,
                Long("mixin") if !mixins.is_empty() => {
                    let name = given.value()?.string()?;
                    let known = mixins.iter().find(|it| **it == name);
                    mixin = known.ok_or_else(|| format!("there is no mix-in {name:?} here"))?;
                }
                Value(value) if address.is_none() => address = Some(value.string()?),
                other => return Err(other.unexpected()),
            }
        }
        let file = file.ok_or("--authkey-file is missing")?;
        Ok(Given {
            file,
            allow_legacy_md5,
            mixin,
            address: address.unwrap_or_else(|| "127.0.0.1:8080".into()),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str], mixins: &[&'static str]) -> std::result::Result<Given, String> {
        Given::parse(lexopt::Parser::from_args(arguments), mixins).map_err(|error| error.to_string())
    }

    #[test]
    fn options_come_in_any_order() {
        let given = ["[::1]:9", "--mixin=b", "--allow-legacy-md5", "--authkey-file", "key"];
        let given = parse(&given, &["a", "b"]).unwrap();
        assert_eq!((given.file, given.allow_legacy_md5), (PathBuf::from("key"), true));
        assert_eq!((given.mixin, &*given.address), ("b", "[::1]:9"));
        let given = parse(&["--authkey-file=key"], &["a", "b"]).unwrap();
        assert_eq!((given.allow_legacy_md5, given.mixin, &*given.address), (false, "a", "127.0.0.1:8080"));
    }

    #[test]
    fn mistakes_are_named() {
        let problem = |arguments: &[&str], mixins: &[&'static str]| parse(arguments, mixins).unwrap_err();
        assert_eq!(problem(&[], &[]), "--authkey-file is missing");
        assert_eq!(problem(&["--mixin=c"], &["a", "b"]), "there is no mix-in \"c\" here");
        assert_eq!(problem(&["--mixin=a"], &[]), "invalid option '--mixin'");
        assert_eq!(problem(&["a:1", "b:2"], &[]), "unexpected argument \"b:2\"");
    }
}
