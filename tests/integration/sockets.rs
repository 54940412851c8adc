//! `cx.request` has the vocabulary of Python's sockets.

use crate::{
    clients::connect,
    util::{Recorder, serve, wait_for},
};
use socketserver::{Address, Datagram, Outcome, Socket, UdpSocket, UnixAddress, net, prelude::*};
use std::{
    io::{self, ErrorKind},
    net::Shutdown,
    os::fd::AsRawFd,
    time::Duration,
};

/// What every socket can do, whatever its type.
fn common(socket: &Socket) -> io::Result<()> {
    assert!(socket.fileno() > 2);
    assert_eq!(socket.fileno(), socket.as_raw_fd());

    // The time limits, which are the socket's own and not the descriptor's.
    assert_eq!((socket.gettimeout(), socket.getblocking()), (None, true));
    socket.settimeout(Some(Duration::from_millis(1500)));
    assert_eq!((socket.gettimeout(), socket.getblocking()), (Some(Duration::from_millis(1500)), true));
    socket.setblocking(false);
    assert_eq!((socket.gettimeout(), socket.getblocking()), (Some(Duration::ZERO), false));
    assert_eq!(socket.recv(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
    socket.setblocking(true);
    assert_eq!(socket.gettimeout(), None);
    socket.set_write_timeout(Some(Duration::from_secs(1)));
    assert_eq!((socket.gettimeout(), socket.write_timeout()), (None, Some(Duration::from_secs(1))));
    socket.settimeout(None);

    socket.setsockopt(|it| it.set_keepalive(true))?;
    assert!(socket.getsockopt(|it| it.keepalive())?);
    socket.setsockopt(|it| it.set_send_buffer_size(50_000))?;
    assert!(socket.getsockopt(|it| it.send_buffer_size())? >= 50_000);
    assert_eq!(socket.getsockopt(|it| it.take_error())?.map(|error| error.to_string()), None);
    Ok(())
}

#[derive(Default)]
struct OnTcp;
impl BaseRequestHandler<TcpStream> for OnTcp {
    fn handle(&mut self, cx: &mut Context<'_, TcpStream>) -> HandlerResult {
        let request = &*cx.request;
        common(request)?;
        assert_eq!(request.getpeername()?, *cx.client_address);
        assert_eq!(Address::from(request.getsockname()?), cx.server.server_address());

        assert!(request.send(b"he")? >= 1);
        request.sendall(b"llo\n")?;
        let mut buf = [0; 4];
        assert_eq!(request.recv(&mut buf[..2])?, 2, "what is there, at most as much as fits");
        request.makefile().read_exact(&mut buf[2..])?;
        assert_eq!(&buf, b"1234");
        request.shutdown(Shutdown::Write)?;
        assert_eq!(request.send(b"more").unwrap_err().kind(), ErrorKind::BrokenPipe);
        assert_eq!(request.recv(&mut buf)?, 2, "the other direction is open");
        assert_eq!(request.recv(&mut buf)?, 0, "the client has finished");
        assert_eq!((request.traffic().bytes_in, request.traffic().bytes_out), (6, 6));
        Ok(())
    }
}

#[derive(Default)]
struct OnUnix;
impl BaseRequestHandler<net::UnixStream> for OnUnix {
    fn handle(&mut self, cx: &mut Context<'_, net::UnixStream>) -> HandlerResult {
        common(cx.request)?;
        assert_eq!(cx.request.getpeername()?, UnixAddress::Unnamed);
        assert_eq!(Address::from(cx.request.getsockname()?), cx.server.server_address());
        cx.request.sendall(b"hello\n")?;
        cx.request.shutdown(Shutdown::Both)?;
        assert_eq!(cx.request.recv(&mut [0; 4])?, 0);
        Ok(())
    }
}

#[derive(Default)]
struct OnUdp;
impl BaseRequestHandler<Datagram> for OnUdp {
    fn handle(&mut self, cx: &mut Context<'_, Datagram>) -> HandlerResult {
        common(cx.request.socket())?;
        assert_eq!(cx.request.socket().getsockname()?, cx.server.server_address());
        assert_eq!(cx.request.socket().getpeername().unwrap_err().kind(), ErrorKind::NotConnected);
        assert_eq!(cx.request.socket().sendto(b"hello", &Address::from(*cx.client_address))?, 5);
        let nobody = cx.request.socket().sendto(b"hello", &Address::Unbound).unwrap_err();
        assert_eq!(nobody.kind(), ErrorKind::InvalidInput);
        Ok(())
    }
}

/// A stream handler has the same by its connection.
#[derive(Default)]
struct OnFiles;
impl StreamRequestHandler for OnFiles {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        let connection = cx.connection();
        common(connection.socket().ok_or("a socket lies beneath")?)?;
        assert_eq!(connection.getpeername()?, *cx.client_address);
        assert_eq!(connection.getsockname()?, cx.server.server_address());
        assert_eq!(connection.fileno(), cx.wfile.fileno());
        connection.settimeout(Some(Duration::from_secs(1)));
        assert_eq!(connection.gettimeout(), Some(Duration::from_secs(1)));
        connection.setblocking(false);
        assert_eq!(connection.recv(&mut [0]).unwrap_err().kind(), ErrorKind::WouldBlock);
        connection.setblocking(true);
        assert!(connection.getsockopt(|it| it.keepalive())?);
        connection.sendall(b"hello\n")?;
        Ok(connection.shutdown(Shutdown::Write)?)
    }
}

fn completes(recorder: &Recorder) {
    wait_for("the end", || !recorder.outcomes().is_empty());
    assert_eq!(recorder.outcomes(), [Outcome::Completed]);
}

fn line(from: &mut impl Read) {
    let mut answer = [0; 6];
    from.read_exact(&mut answer).unwrap();
    assert_eq!(&answer, b"hello\n");
}

#[test]
fn of_tcp() {
    let recorder = Recorder::default();
    let server = TcpServer::<OnTcp>::builder().observer(recorder.clone()).bind("127.0.0.1:0").unwrap();
    let server = serve(server);
    let mut client = connect(server.server_address());
    line(&mut client);
    client.sendall(b"1234").unwrap();
    assert_eq!(client.recv(&mut [0]).unwrap(), 0);
    client.sendall(b"56").unwrap();
    client.shutdown(Shutdown::Write).unwrap();
    completes(&recorder);

    let recorder = Recorder::default();
    let server = TcpServer::<OnFiles>::builder().observer(recorder.clone()).bind("127.0.0.1:0").unwrap();
    let server = serve(server);
    line(&mut connect(server.server_address()));
    completes(&recorder);
}

#[test]
fn of_udp() {
    let recorder = Recorder::default();
    let server = UdpServer::<OnUdp>::builder().observer(recorder.clone()).bind("127.0.0.1:0").unwrap();
    let server = serve(server);
    let client = UdpSocket::bind("127.0.0.1:0").unwrap();
    client.sendto(b"?", server.server_address()).unwrap();
    assert_eq!(client.recvfrom(&mut [0; 100]).unwrap(), (5, server.server_address()));
    completes(&recorder);
}

#[test]
fn of_unix_streams() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let recorder = Recorder::default();
    let server = UnixStreamServer::<OnUnix>::builder().observer(recorder.clone()).bind(&path).unwrap();
    let _server = serve(server);
    line(&mut net::UnixStream::connect(&path).unwrap());
    completes(&recorder);

    drop(_server);
    let recorder = Recorder::default();
    let server = UnixStreamServer::<OnFiles>::builder().observer(recorder.clone()).bind(&path).unwrap();
    let _server = serve(server);
    line(&mut net::UnixStream::connect(&path).unwrap());
    completes(&recorder);
}
