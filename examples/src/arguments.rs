//! `[--mixin NAME] [ADDRESS]`.

use std::{env, process::exit};

/// The arguments of a server example.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// Which of the mix-ins that the example offers.
    pub(crate) mixin: usize,
    pub(crate) address: String,
}

/// Reads `[--mixin NAME] [ADDRESS]`. Ends the program with status 2 if the arguments are wrong.
pub(crate) fn of_server(default_address: &str, mixins: &[&str]) -> Arguments {
    parse(env::args().skip(1), default_address, mixins)
        .unwrap_or_else(|problem| usage(&problem, &format!("[--mixin {}] [ADDRESS]", mixins.join("|"))))
}

/// Reads `[ADDRESS]`: the arguments of a client, and of a server that runs with one mix-in only. Ends the program with status 2
/// if they are wrong.
pub fn address(default: &str) -> String {
    match parse(env::args().skip(1), default, &[]) {
        Ok(arguments) => arguments.address,
        Err(problem) => usage(&problem, "[ADDRESS]"),
    }
}

/// Threading is the default if it is offered, else the first.
fn parse(
    mut given: impl Iterator<Item = String>,
    default_address: &str,
    mixins: &[&str],
) -> Result<Arguments, String> {
    let find = |name: &str| {
        let found = mixins.iter().position(|it| *it == name);
        found.ok_or_else(|| format!("there is no mix-in {name:?} here"))
    };
    let (mut mixin, mut address) = (find("threading").unwrap_or(0), None);
    while let Some(argument) = given.next() {
        if argument == "--mixin" {
            mixin = find(&given.next().ok_or("--mixin wants a name")?)?;
        } else if let Some(name) = argument.strip_prefix("--mixin=") {
            mixin = find(name)?;
        } else if argument.starts_with('-') || address.is_some() {
            return Err(format!("what is {argument:?}?"));
        } else {
            address = Some(argument);
        }
    }
    Ok(Arguments { mixin, address: address.unwrap_or_else(|| default_address.to_owned()) })
}

pub(crate) fn usage(problem: &str, arguments: &str) -> ! {
    eprintln!("{problem}\nusage: {} {arguments}", env::args().next().unwrap_or_default());
    exit(2)
}

#[cfg(test)]
mod tests {
    const MIXINS: [&str; 3] = ["sequential", "threading", "forking"];

    fn parse(arguments: &[&str], mixins: &[&str]) -> Result<(usize, String), String> {
        super::parse(arguments.iter().map(|it| it.to_string()), "127.0.0.1:8080", mixins)
            .map(|it| (it.mixin, it.address))
    }

    #[test]
    fn arguments_come_in_any_order() {
        for given in [&["--mixin", "forking", "[::1]:9"][..], &["[::1]:9", "--mixin=forking"]] {
            assert_eq!(parse(given, &MIXINS), Ok((2, "[::1]:9".into())));
        }
    }

    #[test]
    fn the_defaults_are_threading_and_the_examples_address() {
        assert_eq!(parse(&[], &MIXINS), Ok((1, "127.0.0.1:8080".into())));
        assert_eq!(parse(&[], &["sequential"]).unwrap().0, 0);
        assert_eq!(parse(&["@upper"], &[]).unwrap().1, "@upper");
    }

    #[test]
    fn wrong_arguments_are_named() {
        let problem = |arguments: &[&str], mixins: &[&str]| parse(arguments, mixins).unwrap_err();
        assert_eq!(problem(&["--mixin", "fibers"], &MIXINS), "there is no mix-in \"fibers\" here");
        assert_eq!(problem(&["--mixin=threading"], &[]), "there is no mix-in \"threading\" here");
        assert_eq!(problem(&["a:1", "b:2"], &MIXINS), "what is \"b:2\"?");
        assert_eq!(problem(&["-v"], &[]), "what is \"-v\"?");
        assert_eq!(problem(&["--mixin"], &MIXINS), "--mixin wants a name");
    }
}
