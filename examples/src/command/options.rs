//! What the command servers and their clients are told on the command line.

use super::Encoding;
use crate::arguments::usage;
use lexopt::prelude::*;
use socketserver::framing::Header;
use std::{path::PathBuf, process::exit, time::Duration};

/// The options of a command server or its client. A client takes its server's options, so that both can be given the same, and
/// leaves alone what only a server does.
#[derive(Debug, Clone)]
pub struct Options {
    pub(super) mixin: MixInName,
    pub(super) address: String,
    pub(super) header: Header,
    pub(super) encoding: Encoding,
    pub(super) deadline: Duration,
    pub(super) half_close: Duration,
    pub(super) max_output: u64,
    /// May only be true where there is no authentication.
    pub(super) insecure_no_auth: bool,
    pub(super) key: Option<KeyOptions>,
}

/// What only the programs with authentication are told.
#[derive(Debug, Clone)]
pub(super) struct KeyOptions {
    pub(super) file: PathBuf,
    pub(super) legacy_md5: bool,
    pub(super) deadline: Duration,
}

/// What `--mixin` names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MixInName {
    Sequential,
    Threading,
    ThreadPool,
    Forking,
    Prefork,
    Reactor,
}

const REMOTE: &str = "  --insecure-no-auth            lets a server listen beyond the loopback interface, where whoever can reach it runs commands
";

const HMAC: &str = "  --key-file FILE               the shared key; required
  --legacy-md5                  the tutorial's handshake: HMAC-MD5 of 32 random bytes, and nothing is protected afterwards
  --handshake-deadline SECONDS  for the whole handshake (default: 10)
";

const COMMON: &str = "  --header i32-native|u32-be    the length in front of a reply: struct's 'i' (default) or '!I'
  --encoding utf-8|gbk          of the program's own words, and of what a client's person types and sees (default: utf-8)
  --mixin sequential|threading|threadpool|forking|prefork|reactor
                                where a server runs its requests (default: threading)
  --deadline SECONDS            a command that takes longer is killed, with its process group (default: 30)
  --half-close SECONDS          how long a command may go on when its client sends no more, so may be gone (default: 3)
  --max-output BYTES            a command that writes more is killed (default, and at most: what the header can announce)
  ADDRESS                       where to listen, or to connect (default: 127.0.0.1:8080)
A client takes its server's options, and leaves alone what only a server does.";

impl Options {
    /// The options of the programs without authentication. Ends the program for `--help`, and with status 2 for a mistake.
    pub fn remote() -> Self {
        Self::from_env(false)
    }

    /// The options of the programs with authentication. Ends the program for `--help`, and with status 2 for a mistake.
    pub fn hmac() -> Self {
        Self::from_env(true)
    }

    fn from_env(with_key: bool) -> Self {
        match Self::parse(lexopt::Parser::from_env(), with_key) {
            Ok(Some(options)) => options,
            Ok(None) => {
                println!("[OPTIONS] [ADDRESS]\n{}{COMMON}", if with_key { HMAC } else { REMOTE });
                exit(0)
            }
            Err(problem) => usage(&problem.to_string(), "[OPTIONS] [ADDRESS], and --help tells which"),
        }
    }

    /// `None` if help is asked for.
    fn parse(mut given: lexopt::Parser, with_key: bool) -> Result<Option<Self>, lexopt::Error> {
        let mut this = Options {
            mixin: MixInName::Threading,
            address: "127.0.0.1:8080".into(),
            header: Header::I32Native,
            encoding: Encoding::Utf8,
            deadline: Duration::from_secs(30),
            half_close: Duration::from_secs(3),
            max_output: u64::MAX,
            insecure_no_auth: false,
            key: None,
        };
        let mut key =
            KeyOptions { file: PathBuf::new(), legacy_md5: false, deadline: Duration::from_secs(10) };
        let mut has_address = false;
        while let Some(argument) = given.next()? {
            match argument {
                Short('h') | Long("help") => return Ok(None),
                Long("header") => this.header = given.value()?.parse_with(header)?,
                Long("encoding") => this.encoding = given.value()?.parse_with(encoding)?,
                Long("mixin") => this.mixin = given.value()?.parse_with(mixin)?,
                Long("deadline") => this.deadline = given.value()?.parse_with(seconds)?,
                Long("half-close") => this.half_close = given.value()?.parse_with(seconds)?,
                Long("max-output") => this.max_output = given.value()?.parse()?,
                Long("insecure-no-auth") if !with_key => this.insecure_no_auth = true,
                Long("key-file") if with_key => key.file = given.value()?.into(),
                Long("legacy-md5") if with_key => key.legacy_md5 = true,
                Long("handshake-deadline") if with_key => {
                    key.deadline = given.value()?.parse_with(seconds)?
                }
                Value(address) if !has_address => {
                    this.address = address.string()?;
                    has_address = true;
                }
                other => return Err(other.unexpected()),
            }
        }
        if with_key {
            if key.file.as_os_str().is_empty() {
                return Err("--key-file is missing".into());
            }
            this.key = Some(key);
        }
        Ok(Some(this))
    }
}

fn header(name: &str) -> Result<Header, &'static str> {
    match name {
        "i32-native" => Ok(Header::I32Native),
        "u32-be" => Ok(Header::U32Be),
        _ => Err("i32-native or u32-be"),
    }
}

fn encoding(name: &str) -> Result<Encoding, &'static str> {
    match name {
        "utf-8" => Ok(Encoding::Utf8),
        "gbk" => Ok(Encoding::Gbk),
        _ => Err("utf-8 or gbk"),
    }
}

fn mixin(name: &str) -> Result<MixInName, &'static str> {
    match name {
        "sequential" => Ok(MixInName::Sequential),
        "threading" => Ok(MixInName::Threading),
        "threadpool" => Ok(MixInName::ThreadPool),
        "forking" => Ok(MixInName::Forking),
        "prefork" => Ok(MixInName::Prefork),
        "reactor" => Ok(MixInName::Reactor),
        _ => Err("sequential, threading, threadpool, forking, prefork or reactor"),
    }
}

/// Whole seconds or not; at most some thirty years, so that they can be added to any instant.
fn seconds(text: &str) -> Result<Duration, &'static str> {
    let seconds = text.parse().ok().filter(|seconds| (0.0..=1e9).contains(seconds));
    seconds.map(Duration::from_secs_f64).ok_or("a number of seconds")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str], with_key: bool) -> Result<Option<Options>, String> {
        let parser = lexopt::Parser::from_args(arguments);
        Options::parse(parser, with_key).map_err(|error| error.to_string())
    }

    #[test]
    fn options_come_in_any_order_and_both_forms() {
        let given =
            ["--header=u32-be", "[::1]:9", "--encoding", "gbk", "--mixin=forking", "--deadline", "0.5"];
        let options = parse(&given, false).unwrap().unwrap();
        assert_eq!((options.header, options.encoding), (Header::U32Be, Encoding::Gbk));
        assert_eq!((options.mixin, &*options.address), (MixInName::Forking, "[::1]:9"));
        assert_eq!(options.deadline, Duration::from_millis(500));
    }

    #[test]
    fn each_kind_of_program_has_options_of_its_own() {
        assert!(parse(&["--insecure-no-auth"], false).unwrap().unwrap().insecure_no_auth);
        let refused = parse(&["--insecure-no-auth", "--key-file=k"], true).unwrap_err();
        assert_eq!(refused, "invalid option '--insecure-no-auth'");
        assert_eq!(parse(&["--legacy-md5"], false).unwrap_err(), "invalid option '--legacy-md5'");
        let key = parse(&["--legacy-md5", "--key-file=k"], true).unwrap().unwrap().key.unwrap();
        assert_eq!((key.legacy_md5, key.file), (true, PathBuf::from("k")));
    }

    #[test]
    fn mistakes_are_named() {
        let mistakes: [(&[&str], _); 7] = [
            (&[], "--key-file is missing"),
            (&["a:1", "b:2"], "unexpected argument \"b:2\""),
            (&["--header=i32"], "cannot parse argument \"i32\": i32-native or u32-be"),
            (&["--header"], "missing argument for option '--header'"),
            (&["--deadline=-1"], "cannot parse argument \"-1\": a number of seconds"),
            (&["--deadline=NaN"], "cannot parse argument \"NaN\": a number of seconds"),
            (&["--max-output=1k"], "cannot parse argument \"1k\": invalid digit found in string"),
        ];
        for (given, problem) in mistakes {
            assert_eq!(parse(given, true).unwrap_err(), problem);
        }
    }
}
