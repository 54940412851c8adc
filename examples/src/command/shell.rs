//! Runs commands and sends back what they write.

use super::{
    Encoding, Options,
    follow::{End, Patience, follow},
    output::{Output, Source},
    process::Process,
};
use socketserver::{
    Connection, ServerHooks, Socket, Tcp,
    framing::{FrameWriter, Header},
};
use std::io::{self, Write};

/// The most that one command may have, in bytes, as in the usual `recv(1024)`.
pub const MAX_COMMAND: usize = 1024;

/// What a server needs to know to run commands. It keeps nothing about clients, so all of them can share it.
#[derive(Debug)]
pub struct Shell {
    encoding: Encoding,
    header: Header,
    max_output: u64,
    patience: Patience,
}

impl ServerHooks<Tcp> for Shell {}

impl Shell {
    /// A shell as the options say.
    pub fn new(options: &Options) -> Self {
        Shell {
            encoding: options.encoding,
            header: options.header,
            max_output: options.max_output.min(options.header.max_len()),
            patience: Patience { deadline: options.deadline, half_close: options.half_close },
        }
    }

    /// Runs `command` and writes its output to `reply`, behind a header with its length. Meanwhile it watches the connection
    /// with the `client`: a command whose client has left is killed.
    ///
    /// The output ends when nobody holds it open any more, as with Python's `Popen.communicate`: what a command leaves in the background
    /// should write elsewhere.
    ///
    /// # Errors
    /// [`ConnectionAborted`](io::ErrorKind::ConnectionAborted) if the client has left; what `reply` fails with.
    pub fn answer(&self, command: &[u8], client: &Connection, reply: &mut impl Write) -> io::Result<()> {
        let client = client.socket().ok_or(io::ErrorKind::Unsupported)?;
        let (output, len) = self.output_of(command, client)?.into_reader()?;
        // A client that doesn't take its reply shall not keep it here for ever.
        client.set_write_timeout(Some(self.patience.deadline));
        FrameWriter::new(&mut *reply, self.header).write_from(output, len)?;
        reply.flush()
    }

    fn output_of(&self, command: &[u8], client: &Socket) -> io::Result<Output> {
        let mut output = Output::new(self.max_output);
        let end = match Process::start(command) {
            Ok(process) => follow(process, client, self.patience, &mut output)?,
            Err(error) => End::Failed("the command can't be run", error),
        };
        match end {
            End::OfItself if output.is_empty() => {
                let done = self.encoding.encode("执行成功").unwrap_or_default();
                let _ = output.push(Source::Stdout, &done)?;
            }
            End::OfItself => {}
            End::Late => output.push_note(&format!("[killed after {:?}]", self.patience.deadline))?,
            End::Full => output.push_note(&format!("[killed after {} bytes]", self.max_output))?,
            End::Failed(what, error) => {
                output = Output::new(self.max_output); // the old one may be on a disk that is full
                output.push_note(&format!("[{what}: {error}]"))?;
            }
        }
        Ok(output)
    }
}
