//! The tutorial, `docs/tutorial/`: what it shows is what happens. This is the contract between the chapters and the tests.
//!
//! - A `rust` block is a doctest, since the facade includes every chapter in its doctests; `rust,no_run` is for what serves for ever.
//! - A `rust,ignore` block is an excerpt. The comment line `<!-- file: examples/NAME.rs -->` directly before it names the file in which its
//!   lines stand, one after another; an indentation that all of them have may be left out.
//! - A `python` block is a whole program, which ends well.
//! - A `text` block is a drawing. It shows no output.
//! - A `console` block shows a terminal. All those of a chapter are one session, and are played in their order:
//!   - `$ ` begins a command, which fits on its line; what follows is what it prints, errors included. Nothing that it prints is left out.
//!   - A comment line `<!-- terminal N -->` directly before a block says in which terminal; otherwise it is terminal 1. Each is a bash of
//!     its own for the whole chapter, in the folder of the workspace.
//!   - The last command of a block may go on. A later block of its terminal that begins neither with a command nor with `^C` shows what
//!     it has printed since. `^C` interrupts it, what it then prints may follow, and it has to end.
//!   - `>>: ` is a program's prompt: what follows it on its line is typed, so that nothing is piped to such a program. A bare `>>:` at the
//!     end of a block waits.
//!   - A command that begins with `ss ` only looks: it is repeated until it shows what is expected, and its rows may come in any order.
//! - `cargo run -q --release --example NAME -- ARGUMENTS` runs the program that the tests have built. A server is given its address, if it
//!   is one over TCP or UDP, so that the port is seen.
//! - The ports 8080 to 8089 and 9000 to 9009 stand for free ones that the session is given, as long; `/tmp/` for a folder of its own.
//! - Three things differ from run to run, and may: see [`compare`].
//! - A translation, `docs/tutorial/zh-CN/`, has the same blocks in the same order: see [`translation`].

mod capture;
mod compare;
mod excerpts;
mod index;
mod markdown;
mod ports;
mod session;
mod terminal;
mod translation;

use markdown::Chapter;

/// A test for each chapter, and the list of their names.
macro_rules! chapters {
    ($($test:ident = $name:literal,)*) => {
        const CHAPTERS: &[&str] = &[$($name),*];
        $(
            #[test]
            fn $test() {
                let chapter = Chapter::read($name);
                excerpts::check(&chapter);
                session::play(&chapter);
            }
        )*
    };
}

chapters! {
    chapter_01 = "01-client-and-server.md",
    chapter_02 = "02-the-handshake.md",
    chapter_03 = "03-sockets.md",
    chapter_04 = "04-the-first-server.md",
    chapter_05 = "05-the-loop.md",
    chapter_06 = "06-udp.md",
    chapter_07 = "07-sticky-packets.md",
    chapter_08 = "08-framing-and-remote-commands.md",
    chapter_09 = "09-hmac.md",
    chapter_10 = "10-socketserver.md",
}
