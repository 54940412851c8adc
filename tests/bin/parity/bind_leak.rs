//! Servers that can't be made leave no descriptor open.

use crate::{echo::MyHandler, util::fd_count};
use socketserver::{ServerError, TcpServer, UnixStreamServer};
use std::net::TcpListener;

const TIMES: usize = 1024;

pub(crate) fn run() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let before = fd_count();
    for _ in 0..TIMES {
        let error = TcpServer::<MyHandler>::bind(address).unwrap_err();
        assert!(matches!(error, ServerError::Bind { .. }), "{error}");
    }
    for _ in 0..TIMES {
        // Two sockets may be bound to a port with SO_REUSEADDR, and only one may listen.
        let bound = TcpServer::<MyHandler>::builder().server_bind("127.0.0.1:0").unwrap();
        let rival = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
        rival.set_reuse_address(true).unwrap();
        rival.bind(&bound.server_address().into()).unwrap();
        rival.listen(1).unwrap();
        let error = bound.server_activate().unwrap_err();
        assert!(matches!(error, ServerError::Activate { .. }), "{error}");
    }
    for _ in 0..TIMES {
        let error = UnixStreamServer::<MyHandler>::bind("/no/such/directory/server").unwrap_err();
        assert!(matches!(error, ServerError::Bind { .. }), "{error}");
    }
    assert_eq!(fd_count(), before);
}
