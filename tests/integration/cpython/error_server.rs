//! What CPython's `ErrorHandlerTest` has in common: a server whose only request fails. Used here, and by the helper program where it
//! forks or ends the process.

use crate::util::Recorder;
use socketserver::{
    BaseRequestHandler, Context, HandlerError, HandlerResult, MixIn, Outcome, RequestHandlerClass, Runs,
    Server, ServerHooks, Tcp, TcpStream, net,
};
use std::{
    fs::OpenOptions,
    io::Write,
    net::SocketAddr,
    path::{Path, PathBuf},
    process,
    str::FromStr,
    time::Duration,
};

/// With what status [`Failure::Exit`] ends the process.
pub(crate) const EXIT_STATUS: i32 = 17;

/// How a handler ends badly.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// By an error that it returns: Python's `ValueError`.
    Error,
    /// By a panic. It is this request's error, as any exception is in Python.
    Panic,
    /// By the error that reading from a client gives which has gone.
    Disconnect,
    /// By ending the process: Python's `SystemExit`.
    Exit,
}

impl FromStr for Failure {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Ok(match name {
            "error" => Failure::Error,
            "panic" => Failure::Panic,
            "disconnect" => Failure::Disconnect,
            "exit" => Failure::Exit,
            other => return Err(format!("{other} is no failure")),
        })
    }
}

/// `BaseErrorTestServer`, as a state.
pub(crate) struct BaseErrorTest {
    failure: Failure,
    log: PathBuf,
}

impl BaseErrorTest {
    fn log(&self, line: &str) {
        let mut log = OpenOptions::new().create(true).append(true).open(&self.log).expect("a writable log");
        log.write_all(line.as_bytes()).expect("room on the disk");
    }
}

impl ServerHooks<Tcp> for BaseErrorTest {
    fn handle_error(&self, _client_address: &SocketAddr, _error: &HandlerError) {
        self.log("Error handled\n");
    }
}

#[derive(Default)]
pub(crate) struct BadHandler;

impl BaseRequestHandler<TcpStream, BaseErrorTest> for BadHandler {
    fn handle(&mut self, cx: &mut Context<'_, TcpStream, BaseErrorTest>) -> HandlerResult {
        let state = cx.server.state();
        state.log("Handler called\n");
        match state.failure {
            Failure::Error => Err("Test error".into()),
            Failure::Panic => panic!("Test error"),
            Failure::Disconnect => {
                cx.request.recv(&mut [0])?;
                Ok(())
            }
            Failure::Exit => process::exit(EXIT_STATUS),
        }
    }
}

/// Serves one client, whose request fails; says how that request ended.
pub(crate) fn run<M, Kind: 'static>(failure: Failure, log: &Path) -> Outcome
where
    M: MixIn + Default + Runs<Kind>,
    BadHandler: RequestHandlerClass<TcpStream, BaseErrorTest, Kind>,
{
    let recorder = Recorder::default();
    let server = Server::<Tcp, BadHandler, M, BaseErrorTest>::builder()
        .state(BaseErrorTest { failure, log: log.to_owned() })
        .observer(recorder.clone())
        .bind("127.0.0.1:0")
        .expect("a port is free");
    let client = net::TcpStream::connect(server.server_address()).expect("the server listens");
    if failure == Failure::Disconnect {
        // The connection is reset, instead of ending in an orderly way.
        client.setsockopt(|socket| socket.set_linger(Some(Duration::ZERO))).expect("a valid option");
    }
    drop(client);
    server.handle_request().expect("there is a client");
    server.server_close(); // waits for the thread or the child
    recorder.outcomes()[0]
}
