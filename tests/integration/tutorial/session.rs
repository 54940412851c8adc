//! What is typed in a chapter and what is printed, played again.

use super::{
    compare::Numbers,
    markdown::{Block, Chapter},
    ports::Places,
    terminal::{PROMPT, Step, Terminal},
};
use crate::util::{GUARD, tool};
use std::{collections::BTreeMap, time::Instant};

/// Plays all of a chapter's console blocks; fails where something else is printed than is shown.
pub(super) fn play(chapter: &Chapter) {
    let blocks: Vec<_> = chapter.blocks_of("console").collect();
    if !blocks.iter().all(|block| block.lines.iter().all(|line| has_tools(line))) {
        return;
    }
    let places = Places::of(&chapter.text);
    let mut session = Session { numbers: Numbers::default(), terminals: BTreeMap::new(), places };
    for (at, block) in blocks.iter().enumerate() {
        let next = blocks[at + 1..].iter().find(|next| next.terminal() == block.terminal());
        let ends = next.is_some_and(|next| next.lines[0].starts_with("$ "));
        session.play(block, ends);
    }
    for (number, terminal) in session.terminals {
        let rest = terminal.rest().replace(['\u{1d}', '\n'], "");
        assert!(
            rest.is_empty() || rest == PROMPT,
            "{}: terminal {number} also printed {rest:?}",
            chapter.name
        );
    }
}

/// Whether the programs that a command names are here.
fn has_tools(line: &str) -> bool {
    let Some(command) = line.strip_prefix("$ ") else { return true };
    command.split_whitespace().all(|word| match word {
        "nc" => tool("nc").is_some(),
        "python3" => tool("python3").is_some(),
        "ss" => tool("ss").is_some(),
        _ => true,
    })
}

struct Session {
    numbers: Numbers,
    terminals: BTreeMap<u32, Terminal>,
    places: Places,
}

/// A line that is typed, or an interruption, and what follows it.
struct Turn<'a> {
    typed: Option<&'a str>,
    shown: Vec<String>,
}

impl Session {
    /// Plays a block; its last command has to end if `ends`.
    fn play(&mut self, block: &Block, ends: bool) {
        let folder = self.places.folder();
        let mut terminal = self.terminals.remove(&block.terminal()).unwrap_or_else(|| Terminal::open(folder));
        let turns = turns(block);
        for (at, turn) in turns.iter().enumerate() {
            let place = format!("{}: {}", block.place, turn.typed.unwrap_or("what goes on"));
            let ends = turns.get(at + 1).map_or(ends, |next| next.typed != Some("^C"));
            match turn.typed.map(|it| (it, it.strip_prefix("$ "))) {
                Some((_, Some(command))) if command.starts_with("ss ") => {
                    self.look(&mut terminal, command, &turn.shown, &place);
                    continue;
                }
                Some((_, Some(command))) => terminal.types(&self.places.now(command)),
                Some(_) => terminal.interrupt(),
                None => {}
            }
            self.expect(&mut terminal, &turn.shown, &place);
            if ends || turn.typed == Some("^C") {
                assert_eq!(terminal.next(), Step::Ends, "{place}: it ought to end now");
            }
        }
        self.terminals.insert(block.terminal(), terminal);
    }

    fn expect(&mut self, terminal: &mut Terminal, shown: &[String], place: &str) {
        for shown in shown {
            if let Some(typed) = shown.strip_prefix(PROMPT.trim_end()) {
                assert!(terminal.prompts(), "{place}: {shown:?} is shown, got {:?}", terminal.next());
                if !typed.is_empty() {
                    terminal.forget_prompt();
                    terminal.types(typed.trim_start());
                }
                continue;
            }
            let step = terminal.next();
            let Step::Prints(line) = &step else { panic!("{place}: {shown:?} is shown, got {step:?}") };
            let line = self.places.shown(line);
            assert!(self.numbers.agree(shown, &line), "{place}: {shown:?} is shown, printed {line:?}");
        }
    }

    /// Looks again until things are as they are shown.
    fn look(&mut self, terminal: &mut Terminal, command: &str, shown: &[String], place: &str) {
        let end = Instant::now() + GUARD;
        loop {
            terminal.types(&self.places.now(command));
            let mut printed = Vec::new();
            loop {
                match terminal.next() {
                    Step::Prints(line) => printed.push(self.places.shown(&line)),
                    Step::Ends => break,
                    Step::Nothing(_) => panic!("{place}: it goes on"),
                }
            }
            let mut numbers = self.numbers.clone();
            if numbers.agree_on_rows(shown, &printed) {
                self.numbers = numbers;
                return;
            }
            let told = || format!("{place}: shown\n{}\nprinted\n{}", shown.join("\n"), printed.join("\n"));
            assert!(Instant::now() < end, "{}", told());
        }
    }
}

fn turns(block: &Block) -> Vec<Turn<'_>> {
    let mut turns: Vec<Turn<'_>> = Vec::new();
    for line in &block.lines {
        let is_typed = line.starts_with("$ ") || line == "^C";
        match turns.last_mut() {
            Some(turn) if !is_typed => turn.shown.push(line.clone()),
            _ => {
                let shown = if is_typed { vec![] } else { vec![line.clone()] };
                turns.push(Turn { typed: is_typed.then_some(line), shown });
            }
        }
    }
    turns
}
