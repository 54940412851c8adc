//! The other server of the differential tests: what CPython's `reference_server.py` does, on this workspace's servers.
//!
//! The command line and the lines on standard output are those that `tests/differential/README.md` describes. One kind of line is
//! added: `disconnected`, since a client that went away is no error here but an outcome.

mod arguments;
mod base_handlers;
mod datagram_handlers;
mod names;
mod recorder;
mod serving;
mod state;
mod stream_handlers;

use arguments::Arguments;
use serving::serve;
use socketserver::{
    Bind, ForkingMixIn, RequestHandlerClass, Sequential, Tcp, ThreadingMixIn, Transport, Udp, UnixDatagram,
    UnixStream,
};
use state::{Keyed, Watched};
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments = match Arguments::parse(std::env::args().skip(1)) {
        Ok(arguments) => arguments,
        Err(wrong) => {
            eprintln!("differential: {wrong}");
            return ExitCode::from(2);
        }
    };
    match arguments.transport.as_str() {
        "tcp" => stream::<Tcp>(&arguments),
        "unix-stream" => stream::<UnixStream>(&arguments),
        "udp" => datagram::<Udp>(&arguments),
        "unix-datagram" => datagram::<UnixDatagram>(&arguments),
        _ => unknown("transport"),
    }
}

fn stream<T>(arguments: &Arguments) -> ExitCode
where
    T: Transport + Bind<String>,
    T::Request: Keyed + socketserver::StreamRequest + std::ops::Deref<Target = socketserver::Socket>,
{
    if let Some(handler) = stream_handlers::named(&arguments.handler) {
        return under_mixin::<T, _, _>(arguments, handler);
    }
    match base_handlers::of_streams(&arguments.handler) {
        Some(handler) => under_mixin::<T, _, _>(arguments, handler),
        None => unknown("handler"),
    }
}

fn datagram<T>(arguments: &Arguments) -> ExitCode
where
    T: Transport + Bind<String>,
    T::Request: Keyed + socketserver::DatagramRequest,
{
    if let Some(handler) = datagram_handlers::named(&arguments.handler) {
        return under_mixin::<T, _, _>(arguments, handler);
    }
    match base_handlers::of_datagrams(&arguments.handler) {
        Some(handler) => under_mixin::<T, _, _>(arguments, handler),
        None => unknown("handler"),
    }
}

fn under_mixin<T, H, Kind: 'static>(arguments: &Arguments, handler: H) -> ExitCode
where
    T: Transport + Bind<String>,
    T::Request: Keyed,
    H: RequestHandlerClass<T::Request, Watched, Kind> + Copy + Send + Sync,
{
    match arguments.mixin.as_str() {
        "sequential" => serve::<T, Sequential, H, Kind>(arguments, handler),
        "threading" => serve::<T, ThreadingMixIn, H, Kind>(arguments, handler),
        "forking" => serve::<T, ForkingMixIn, H, Kind>(arguments, handler),
        _ => unknown("mixin"),
    }
}

fn unknown(what: &str) -> ExitCode {
    eprintln!("differential: no such {what}");
    ExitCode::from(2)
}
