//! Ranch (Erlang): `acceptor_SUITE`.

use super::{Echo, echoes, in_flight};
use crate::{
    helper::parity,
    util::{serve, wait_for},
};
use socketserver::{Limit, Server, ThreadingMixIn, Transport, prelude::*};
use std::{
    io,
    net::{Shutdown, SocketAddr},
    sync::OnceLock,
};

/// `misc_max_connections_infinity`.
#[test]
fn without_a_limit_all_are_served() {
    let server = ThreadingTcpServer::<Echo>::builder().max_connections(Limit::none());
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    let mut clients: Vec<_> = (0..100).map(|_| in_flight(server.server_address())).collect();
    assert_eq!((server.stats().active, server.handle().max_connections().max()), (100, None));
    clients.iter_mut().for_each(echoes);
}

/// `misc_set_max_connections`: the limit is changed under a hundred connections.
#[test]
fn under_a_hundred_connections_the_limit_is_changed_and_nobody_thrown_out() {
    let server = ThreadingTcpServer::<Echo>::builder().max_connections(Limit::backlog(60));
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    let (handle, address) = (server.handle(), server.server_address());
    let mut clients: Vec<_> = (0..100).map(|_| crate::clients::connect(address)).collect();
    wait_for("as many as may", || handle.stats().active == 60);
    handle.set_max_connections(Limit::backlog(100));
    wait_for("all of them", || handle.stats().active == 100);
    handle.set_max_connections(Limit::backlog(10));
    clients.iter_mut().for_each(echoes);
    let late = crate::clients::connect(address);
    server.wait_until_asleep(); // it has looked
    assert_eq!((handle.stats().active, handle.stats().accepted), (100, 100));
    clients.truncate(9);
    let mut late = late;
    echoes(&mut late);
    assert_eq!(handle.stats().accepted, 101);
}

/// `misc_repeated_start_stop`.
#[test]
fn a_server_can_be_started_and_stopped_again_and_again_on_its_port() {
    parity(&["restarts"]);
}

/// `misc_info_...` and "close the listening socket under live connections".
#[test]
fn when_the_listening_socket_is_ended_under_live_connections_these_go_on() {
    /// A share of the listening socket.
    #[derive(Default)]
    struct Listener(OnceLock<socket2::Socket>);
    impl ServerHooks<Tcp> for Listener {
        fn get_request(&self, transport: &Tcp) -> io::Result<(TcpStream, SocketAddr)> {
            let share = || socket2::Socket::from(transport.readiness().try_clone_to_owned().unwrap());
            self.0.get_or_init(share);
            transport.get_request()
        }
    }
    let server: Server<Tcp, Echo, ThreadingMixIn, Listener> =
        ThreadingTcpServer::<Echo, Listener>::bind("127.0.0.1:0").unwrap();
    let server = serve(server);
    let mut clients = [(); 3].map(|()| in_flight(server.server_address()));
    server.state().0.get().unwrap().shutdown(Shutdown::Both).unwrap();
    wait_for("the loop to end", || !server.handle().is_serving());
    clients.iter_mut().for_each(echoes);
    assert_eq!(server.stats().active, 3);
    drop(clients);
    assert!(matches!(server.join(), Err(ServerError::Accept { .. })));
}
