//! Binds, serves, stops, closes.

use crate::{
    arguments::Arguments,
    names,
    recorder::{Ends, Recorder, write_line},
    state::{Keyed, Watched},
};
use signal_hook::{consts::SIGTERM, low_level::pipe};
use socketserver::{
    Backlog, Bind, Context, Handle, MixIn, RequestHandlerClass, Runs, Server, ServerError, Transport,
};
use std::{
    error::Error,
    io::{self, Read},
    process::ExitCode,
    thread,
    time::Duration,
};

/// For ever: `server_close` waits as long as it takes in Python, and so does this.
const GRACE: Duration = Duration::from_secs(3600);

/// Makes the server that the command line asks for, and runs it to its end.
pub(crate) fn serve<T, M, H, Kind>(arguments: &Arguments, handler: H) -> ExitCode
where
    T: Transport + Bind<String>,
    T::Request: Keyed,
    M: MixIn + Runs<Kind> + Default,
    H: RequestHandlerClass<T::Request, Watched, Kind> + Copy + Send + Sync,
    Kind: 'static,
{
    let recorder = Recorder::new();
    let mut builder = Server::<T, H, M, Watched>::builder()
        .state(Watched { recorder: recorder.clone(), fail_in: arguments.fail_in })
        .handler_factory(move |_: &Context<'_, T::Request, Watched>| handler)
        .observer(Ends(recorder.clone()))
        .backlog_at_shutdown(Backlog::Leave) // as CPython's, which resets them
        .timeout(arguments.timeout);
    if let Some(bytes) = arguments.max_packet_size {
        builder = builder.max_packet_size(bytes);
    }
    let server = match builder.bind(arguments.address.clone()) {
        Ok(server) => server,
        Err(error) => {
            write_line(&format!(
                "bind failed {}",
                system_error(&error).map_or(error.to_string(), names::errno)
            ));
            return ExitCode::FAILURE;
        }
    };
    let served = match arguments.requests {
        None => serve_until_sigterm(&server),
        Some(requests) => {
            announce(&server);
            (0..requests).try_for_each(|_| server.handle_request().map(drop))
        }
    };
    if let Err(error) = &served {
        let name = system_error(error).map_or(error.to_string(), names::of_io);
        recorder.emit_of_none(&format!("loop ended {name}"));
    }
    recorder.emit_of_none("hook server_close"); // it has no hook, but nobody calls it but us
    server.server_close();
    if served.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// As in Python, SIGTERM means `shutdown`: the loop ends at once, and `server_close` waits for what is in progress. A forking server
/// hears signals in its loop, so that it has one thread; then the wait is before `server_close`.
fn serve_until_sigterm<T: Transport, H, M: MixIn>(
    server: &Server<T, H, M, Watched>,
) -> Result<(), ServerError>
where
    T::Request: Keyed,
{
    let _signals = if server.mixin().forks() {
        Some(server.shutdown_on_signals(GRACE)?)
    } else {
        let handle = server.handle();
        stop_on_sigterm(handle).map_err(|source| ServerError::Start { what: "signal handling", source })?;
        None
    };
    announce(server);
    server.serve_forever()
}

fn stop_on_sigterm(handle: Handle) -> io::Result<()> {
    let (mut heard, written) = io::pipe()?;
    pipe::register(SIGTERM, written)?;
    thread::Builder::new().name("sigterm".into()).spawn(move || {
        while heard.read_exact(&mut [0]).is_ok() {
            handle.request_shutdown();
        }
    })?;
    Ok(())
}

/// From this line on clients come, and SIGTERM.
fn announce<T: Transport, H, M: MixIn>(server: &Server<T, H, M, Watched>)
where
    T::Request: Keyed,
{
    write_line(&format!("listening on {}", server.server_address()));
}

fn system_error(error: &ServerError) -> Option<&io::Error> {
    error.source().and_then(<dyn Error>::downcast_ref)
}
