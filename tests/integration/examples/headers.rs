//! The commands that the examples' headers and the README print, run as they stand there. A line `COMMAND # => TEXT` promises that
//! TEXT is in what the command prints.

use super::{client_process::output_of, programs::example, server_process::ServerProcess};
use crate::util::tool;
use std::{fs, path::Path, process::Command};

#[test]
fn the_commands_in_the_headers_of_the_examples_do_what_they_say() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples");
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).expect("the examples' manifest");
    let paths: Vec<_> = manifest.split("\npath = \"").skip(1).filter_map(|it| it.split('"').next()).collect();
    assert!(paths.len() >= 12, "{paths:?}");
    for path in paths {
        let source = fs::read_to_string(folder.join(path)).expect("an example");
        check(path, &commands(source.lines().map_while(|line| line.strip_prefix("//!"))));
    }
}

#[test]
fn the_commands_in_the_readme_do_what_they_say() {
    let readme = Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md");
    check("README.md", &commands(fs::read_to_string(readme).expect("the README").lines()));
}

/// What stands in the first block of commands.
fn commands<'a>(lines: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let block = lines.map(str::trim).skip_while(|line| !matches!(*line, "```text" | "```sh")).skip(1);
    block.take_while(|line| *line != "```").collect()
}

/// What comes before the server prepares for it; those with a promise are its clients, or whole in themselves where there is no server.
fn check(file: &str, commands: &[&str]) {
    let folder = tempfile::tempdir().expect("a folder");
    let is_server = |line: &&str| example_in(line).is_some() && !line.contains("# => ");
    let at = commands.iter().position(is_server);
    for preparation in &commands[..at.unwrap_or(0)] {
        output_of(shell(&moved(preparation, folder.path())), b"");
    }
    let server = at.map(|at| start(&moved(commands[at], folder.path()), folder.path()));
    let promises: Vec<_> = commands.iter().filter_map(|line| line.split_once("# => ")).collect();
    assert!(!promises.is_empty(), "{file} promises something");
    for (command, promise) in promises {
        if !programs(command).all(is_here) {
            continue;
        }
        let address = server.as_ref().map_or("", |server| &server.address);
        let output = output_of(shell(&adapted(&moved(command, folder.path()), address)), b"");
        assert!(output.contains(promise.trim()), "{file}: {command} printed {output:?}");
    }
    if let Some(server) = server {
        println!("the server of {file} is to end"); // seen if it fails
        if file.starts_with("single-shot") { server.end() } else { server.stop() }
    }
}

/// The first word of each part of a pipeline.
fn programs(command: &str) -> impl Iterator<Item = &str> {
    command.split('|').filter_map(|part| part.split_whitespace().next())
}

/// Whether the shell knows a program.
fn is_here(program: &str) -> bool {
    let found = shell(&format!("command -v {program}")).output().expect("a shell");
    found.status.success() || tool(program).is_some()
}

fn shell(line: &str) -> Command {
    let mut shell = Command::new("sh");
    shell.args(["-c", line]);
    shell
}

/// The name after `--example`.
fn example_in(command: &str) -> Option<&str> {
    command.split_once("--example ")?.1.split_whitespace().next()
}

/// With a folder of our own for /tmp.
fn moved(command: &str, folder: &Path) -> String {
    command.replace("/tmp/", &format!("{}/", folder.display()))
}

/// Starts the server of a command line, not at its usual address, where another may be.
fn start(line: &str, folder: &Path) -> ServerProcess {
    let name = example_in(line).expect("a server");
    let line = line.split_once('#').map_or(line, |(command, _)| command);
    let mut arguments: Vec<_> = line.split_once(" -- ").map_or("", |(_, it)| it).split_whitespace().collect();
    let path = folder.join(if name.contains("datagram") { "upper-datagram.sock" } else { "upper.sock" });
    match name {
        "custom-transport" => {}
        _ if name.starts_with("unix") => arguments.push(path.to_str().expect("a name in UTF-8")),
        _ => arguments.push("127.0.0.1:0"),
    }
    ServerProcess::start(name, &arguments)
}

/// The command of a client, with the program that is already built, for a server at `address`.
fn adapted(command: &str, address: &str) -> String {
    // nc's patience is a second; a machine that is busy with other tests may need more than that to answer.
    let mut line = command.replace("-w1", "-W1");
    if let Some((_, port)) = address.rsplit_once(':') {
        line = line.replace("127.0.0.1 8080", &format!("127.0.0.1 {port}"));
    }
    if let (Some(at), Some(name)) = (line.find("cargo run "), example_in(&line)) {
        let rest = &line[line.find(name).expect("just found") + name.len()..];
        let program = example(name);
        let address = if name.ends_with("client") { address } else { "" };
        let arguments = rest.replacen(" -- ", " ", 1);
        line = format!("{}'{}' {address} {arguments}", &line[..at], program.get_program().display());
    }
    line
}
