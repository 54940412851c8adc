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
    macro_rules! by {
        ($M:ty) => {{
            let mut builder = Server::<Tcp, H, $M, S>::builder().state(state);
            if let Some(key) = &options.key {
                builder = builder.handshake_timeout(key.deadline);
            }
            listen(builder.server_bind(&*options.address)?, options)
        }};
    }
    match options.mixin {
        MixInName::Sequential => by!(Sequential),
        MixInName::Threading => by!(ThreadingMixIn),
        MixInName::ThreadPool => by!(ThreadPoolMixIn),
        MixInName::Forking => by!(ForkingMixIn),
        MixInName::Prefork => by!(PreforkMixIn),
        MixInName::Reactor => by!(ReactorMixIn),
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
