//! How the command servers run.

use super::{Options, options::MixInName};
use crate::{Result, run};
use socketserver::{
    Bound, ForkingMixIn, KeepAliveRequestHandler, MixIn, PreforkMixIn, ReactorMixIn, Sequential, Server,
    ServerHooks, Tcp, ThreadPoolMixIn, ThreadingMixIn,
};

/// Serves with the mix-in and on the address that the options name.
///
/// # Errors
/// An address that others can reach, without authentication; what ends the server.
pub fn serve<H, S>(options: &Options, state: S) -> Result
where
    H: KeepAliveRequestHandler<S> + Default + 'static,
    S: ServerHooks<Tcp>,
{
    let address = &*options.address;
    match options.mixin {
        MixInName::Sequential => {
            listen(Server::<Tcp, H, Sequential, S>::builder().state(state).server_bind(address)?, options)
        }
        MixInName::Threading => {
            listen(Server::<Tcp, H, ThreadingMixIn, S>::builder().state(state).server_bind(address)?, options)
        }
        MixInName::ThreadPool => listen(
            Server::<Tcp, H, ThreadPoolMixIn, S>::builder().state(state).server_bind(address)?,
            options,
        ),
        MixInName::Forking => {
            listen(Server::<Tcp, H, ForkingMixIn, S>::builder().state(state).server_bind(address)?, options)
        }
        MixInName::Prefork => {
            listen(Server::<Tcp, H, PreforkMixIn, S>::builder().state(state).server_bind(address)?, options)
        }
        MixInName::Reactor => {
            listen(Server::<Tcp, H, ReactorMixIn, S>::builder().state(state).server_bind(address)?, options)
        }
    }
}

fn listen<H: 'static, M: MixIn, S: ServerHooks<Tcp>>(
    bound: Bound<Server<Tcp, H, M, S>>,
    options: &Options,
) -> Result {
    // What counts is what it was bound to: a name may stand for any address. Nobody can connect yet.
    let address = bound.server_address();
    let is_open = options.key.is_none() && !options.insecure_no_auth;
    if is_open && !address.ip().to_canonical().is_loopback() {
        return Err(format!(
            "whoever reaches {address} could run commands here: give a loopback address, \
             or --insecure-no-auth, or use hmac-command-server"
        )
        .into());
    }
    run(&bound.server_activate()?)
}
