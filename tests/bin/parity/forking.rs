//! The forking rows of `SocketServerTest`.

use crate::{
    echo::{
        MyHandler, dgram_examine_udp, dgram_examine_unix, run_server, stream_examine_tcp, stream_examine_unix,
    },
    util::{children, is_zombie, wait_for},
};
use socketserver::{
    ForkingMixIn, ForkingTcpServer, ForkingUdpServer, ForkingUnixDatagramServer, ForkingUnixStreamServer,
    Server, Transport,
};
use std::{
    process::{Child, Command},
    sync::Arc,
};

pub(crate) fn run(kind: &str) {
    let directory = tempfile::tempdir().expect("there is a place for temporary files");
    let path = directory.path().join("server");
    let foreign = simple_subprocess();
    match kind {
        "tcp" => serve(ForkingTcpServer::bind("127.0.0.1:0").unwrap(), stream_examine_tcp),
        "udp" => serve(ForkingUdpServer::bind("127.0.0.1:0").unwrap(), dgram_examine_udp),
        "unix-stream" => serve(ForkingUnixStreamServer::bind(path).unwrap(), stream_examine_unix),
        "unix-datagram" => serve(ForkingUnixDatagramServer::bind(path).unwrap(), |address| {
            dgram_examine_unix(address, directory.path());
        }),
        _ => panic!("no such kind of server: {kind}"),
    }
    expect_unreaped(foreign);
}

fn serve<T: Transport>(server: Server<T, MyHandler, ForkingMixIn>, examine: impl Fn(&T::Address))
where
    (): socketserver::ServerHooks<T>,
{
    let server = Arc::new(server);
    run_server(&server, examine);
    assert!(server.mixin().active_children().is_empty());
}

/// A child that the server knows nothing of, and that has ended before the server's own children do: the first that a
/// `waitpid(-1)` would find.
fn simple_subprocess() -> Child {
    let foreign = Command::new("sh").args(["-c", "exit 72"]).spawn().expect("there is a shell");
    wait_for("the foreign child to end", || is_zombie(foreign.id()));
    foreign
}

fn expect_unreaped(mut foreign: Child) {
    assert_eq!(children(), [foreign.id()], "of the server's own children none is left");
    assert_eq!(foreign.wait().expect("nobody has waited for it").code(), Some(72));
}
