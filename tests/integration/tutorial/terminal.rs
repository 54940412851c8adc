//! A terminal: a shell that lives as long as the session, and what it has printed.

use super::markdown::workspace;
use crate::{examples::programs::example, util::GUARD};
use rustix::process::{Pid, Signal, kill_process_group};
use std::{
    io::{Read, Write},
    path::Path,
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{Arc, Condvar, Mutex},
    thread,
};

/// Runs each line of its input as a command, and tells when it has ended, by a character that nobody prints. What a command reads comes the
/// same way: whoever writes here waits until it is wanted. An interruption reaches the command, as it does where there is a keyboard.
const SHELL: &str = r#"
exec 2>&1
trap : INT
cargo() {
    while [ "$1" != --example ]; do shift; done
    program=$EXAMPLES/$2
    shift 2
    [ "$1" != -- ] || shift
    "$program" "$@"
}
status=0
while IFS= read -r line; do
    (exit $status)
    eval "$line"
    status=$?
    printf '\035'
done
"#;
const ENDED: u8 = 0o35;

/// The prompt of the examples' clients.
pub(super) const PROMPT: &str = ">>: ";

pub(super) struct Terminal {
    shell: Child,
    input: ChildStdin,
    printed: Arc<Printed>,
}

#[derive(Default)]
struct Printed {
    /// What nobody has looked at yet.
    text: Mutex<Vec<u8>>,
    more: Condvar,
}

/// What a command does next.
#[derive(Debug, PartialEq)]
pub(super) enum Step {
    Prints(String),
    Ends,
    /// Nothing, for so long that it won't; with what it has begun to print.
    Nothing(String),
}

impl Terminal {
    /// Opens one; `folder` stands for `/tmp`.
    pub(super) fn open(folder: &Path) -> Self {
        let examples = example(".");
        // Whoever runs the tests in the background of a script has them ignore interruptions.
        let mut command = Command::new("env");
        command.args(["--default-signal=INT", "bash", "--norc", "--noprofile", "-c", SHELL]);
        command.env("EXAMPLES", examples.get_program()).env("TMPDIR", folder).env("LC_ALL", "C.UTF-8");
        command.env("PYTHONUNBUFFERED", "1").env_remove("RUST_LOG").env_remove("RUST_BACKTRACE");
        command.current_dir(workspace()).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut shell =
            std::os::unix::process::CommandExt::process_group(&mut command, 0).spawn().expect("env runs");
        let printed = Arc::<Printed>::default();
        let (output, by_reader) = (shell.stdout.take().expect("a pipe"), printed.clone());
        thread::spawn(move || by_reader.fill(output));
        Terminal { input: shell.stdin.take().expect("a pipe"), shell, printed }
    }

    /// Types a line.
    pub(super) fn types(&mut self, line: &str) {
        self.input.write_all(format!("{line}\n").as_bytes()).expect("the shell reads");
    }

    pub(super) fn interrupt(&self) {
        kill_process_group(Pid::from_child(&self.shell), Signal::INT).expect("the shell runs");
    }

    /// Waits for the next line, or the end of the command.
    pub(super) fn next(&self) -> Step {
        let mut text = self.printed.wait_until(|text| text.iter().any(|it| matches!(*it, b'\n' | ENDED)));
        let Some(end) = text.iter().position(|it| matches!(*it, b'\n' | ENDED)) else {
            return Step::Nothing(String::from_utf8_lossy(&text).into_owned());
        };
        if end == 0 && text[0] == ENDED {
            text.remove(0);
            return Step::Ends;
        }
        let line = String::from_utf8_lossy(&text[..end]).into_owned();
        // A last line without an end is one too.
        let length = end + usize::from(text[end] == b'\n');
        text.drain(..length);
        Step::Prints(line)
    }

    /// Waits until a client asks for a line.
    pub(super) fn prompts(&self) -> bool {
        self.printed.wait_until(|text| text.len() >= PROMPT.len()).starts_with(PROMPT.as_bytes())
    }

    /// The client's question is answered: it isn't part of what is printed next.
    pub(super) fn forget_prompt(&self) {
        self.printed.text.lock().expect("nobody fails with it").drain(..PROMPT.len());
    }

    /// What was printed and nobody has looked at.
    pub(super) fn rest(&self) -> String {
        let text = self.printed.text.lock().expect("nobody fails with it");
        String::from_utf8_lossy(&text).replace(char::from(ENDED), "")
    }
}

impl Printed {
    fn fill(&self, mut output: ChildStdout) {
        let mut buf = [0; 4096];
        while let Ok(length @ 1..) = output.read(&mut buf) {
            self.text.lock().expect("nobody fails with it").extend(&buf[..length]);
            self.more.notify_all();
        }
    }

    fn wait_until(&self, is_enough: impl Fn(&[u8]) -> bool) -> std::sync::MutexGuard<'_, Vec<u8>> {
        let text = self.text.lock().expect("nobody fails with it");
        let waited = self.more.wait_timeout_while(text, GUARD, |text| !is_enough(text));
        waited.expect("nobody fails with it").0
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        let _ = kill_process_group(Pid::from_child(&self.shell), Signal::KILL); // it may have ended by itself
        let _ = self.shell.wait();
    }
}
