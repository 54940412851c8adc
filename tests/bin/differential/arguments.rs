//! The command line, which is that of `reference_server.py`.

use std::{str::FromStr, time::Duration};

/// What fails on purpose: `--fail-in`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stage {
    Verify,
    Refuse,
    Setup,
    Handle,
    Finish,
    None,
}

/// The command line.
#[derive(Debug)]
pub(crate) struct Arguments {
    pub(crate) transport: String,
    pub(crate) mixin: String,
    pub(crate) handler: String,
    pub(crate) fail_in: Stage,
    pub(crate) max_packet_size: Option<usize>,
    /// `handle_request` so often; without it `serve_forever`.
    pub(crate) requests: Option<usize>,
    /// The server's attribute.
    pub(crate) timeout: Option<Duration>,
    pub(crate) address: String,
}

impl Arguments {
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let mut this = Arguments {
            transport: String::new(),
            mixin: String::new(),
            handler: String::new(),
            fail_in: Stage::None,
            max_packet_size: None,
            requests: None,
            timeout: None,
            address: String::new(),
        };
        while let Some(word) = words.next() {
            if !word.starts_with("--") {
                this.address = word;
                continue;
            }
            let value = words.next().ok_or_else(|| format!("{word} wants a value"))?;
            match word.as_str() {
                "--transport" => this.transport = value,
                "--mixin" => this.mixin = value,
                "--handler" => this.handler = value,
                "--fail-in" => this.fail_in = value.parse()?,
                "--max-packet-size" => this.max_packet_size = Some(number(&value)?),
                "--requests" => this.requests = Some(number(&value)?),
                "--timeout" => {
                    let limit = Duration::try_from_secs_f64(number(&value)?);
                    this.timeout = Some(limit.map_err(|wrong| format!("--timeout {value}: {wrong}"))?);
                }
                _ => return Err(format!("no such option: {word}")),
            }
        }
        Ok(this)
    }
}

fn number<N: FromStr>(value: &str) -> Result<N, String> {
    value.parse().map_err(|_| format!("not a number: {value}"))
}

impl FromStr for Stage {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Ok(match name {
            "verify" => Stage::Verify,
            "refuse" => Stage::Refuse,
            "setup" => Stage::Setup,
            "handle" => Stage::Handle,
            "finish" => Stage::Finish,
            "none" => Stage::None,
            _ => return Err(format!("no such stage: {name}")),
        })
    }
}
