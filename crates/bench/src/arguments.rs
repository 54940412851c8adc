//! The command line.

use crate::{
    Error, cost, growth, idle,
    load::Span,
    rate_cases, rates,
    report::{Report, docs_file, insert, machine},
};
use lexopt::{
    Arg::{Long, Short, Value},
    ValueExt as _,
};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use std::{fs, path::PathBuf, time::Duration};

const HELP: &str = "\
usage: cargo run --release -p socketserver-bench -- [CASE ...] [OPTION ...]

Runs peers and ourselves side by side and prints tables as Markdown. Without a CASE, all of them: about ten minutes.

  --rounds N      rounds in which each server takes its turn; the medians are printed (default: 5)
  --seconds S     how long each server is measured in a round (default: 1)
  --out FOLDER    also write tables.md and a plot for each case (SVG) there
  --write-docs    put the tables into docs/performance.md, and the plots into docs/performance/
  --list          print the names of the cases
";

struct Options {
    cases: Vec<String>,
    rounds: usize,
    span: Span,
    out: Option<PathBuf>,
    writes_docs: bool,
}

/// The other cases, which don't compare rates.
const OTHERS: [&str; 3] = ["idle", "growth", "cost"];

/// How many rounds those have at most: they vary little, and take long.
const FEW: usize = 3;

fn names() -> impl Iterator<Item = &'static str> {
    rate_cases::ALL.iter().map(|case| case.name).chain(OTHERS)
}

/// Does what the command line says.
///
/// # Errors
/// If it says nothing sensible, or a server fails.
pub fn run() -> Result<(), Error> {
    let Some(options) = parse()? else { return Ok(()) };
    raise_descriptor_limit();
    let mut all = vec![Report {
        name: "machine",
        title: "Where it was measured",
        body: machine(options.rounds, options.span),
        plots: Vec::new(),
    }];
    show(&all[0]);
    for name in names().filter(|name| options.cases.is_empty() || options.cases.iter().any(|it| it == name)) {
        let few = options.rounds.min(FEW);
        let report = match (rate_cases::ALL.iter().find(|case| case.name == name), name) {
            (Some(case), _) => rates::run(case, options.rounds, options.span)?,
            (_, "idle") => idle::run(few)?,
            (_, "growth") => growth::run(few, options.span)?,
            _ => cost::run()?,
        };
        show(&report);
        all.push(report);
    }
    if let Some(folder) = &options.out {
        fs::create_dir_all(folder)?;
        let text: String = all.iter().map(|it| format!("## {}\n\n{}\n", it.title, it.markdown(""))).collect();
        fs::write(folder.join("tables.md"), text)?;
        all.iter().try_for_each(|it| it.write_plots(folder))?;
    }
    if options.writes_docs {
        let file = docs_file()?;
        let mut text = fs::read_to_string(&file)?;
        let folder = file.with_extension("");
        fs::create_dir_all(&folder)?;
        for report in &all {
            text = insert(&text, report.name, &report.markdown("performance/"))?;
            report.write_plots(&folder)?;
        }
        fs::write(&file, text)?;
    }
    Ok(())
}

fn show(report: &Report) {
    println!("## {}\n\n{}", report.title, report.body);
}

fn parse() -> Result<Option<Options>, Error> {
    let span = Span { warm_up: Duration::from_millis(300), counted: Duration::from_secs(1) };
    let mut options = Options { cases: Vec::new(), rounds: 5, span, out: None, writes_docs: false };
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("rounds") => options.rounds = parser.value()?.parse::<usize>()?.max(1),
            Long("seconds") => {
                options.span.counted = Duration::try_from_secs_f64(parser.value()?.parse()?)?;
            }
            Long("out") => options.out = Some(parser.value()?.into()),
            Long("write-docs") => options.writes_docs = true,
            Long("list") => {
                names().for_each(|name| println!("{name}"));
                return Ok(None);
            }
            Long("help") | Short('h') => {
                print!("{HELP}");
                return Ok(None);
            }
            Value(name) => {
                let name = name.string()?;
                if !names().any(|it| it == name) {
                    return Err(format!("no such case: {name}; --list prints their names").into());
                }
                options.cases.push(name);
            }
            other => return Err(other.unexpected().into()),
        }
    }
    Ok(Some(options))
}

/// As high as this user may; servers inherit it.
fn raise_descriptor_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum }); // else large cases fail, and say why
}
