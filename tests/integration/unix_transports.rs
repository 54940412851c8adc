//! Unix streams and datagrams: paths, abstract names, and peers without a name.

use crate::util::serve;
use parking_lot::Mutex;
use socketserver::{Address, Datagram, HandlerFn, Outcome, UnixAddress, net, prelude::*};
use std::{collections::BTreeSet, path::Path, sync::Arc};

/// Answers each line in upper case, and says who asked.
#[derive(Default)]
struct Upper;
impl StreamRequestHandler for Upper {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        Ok(write!(cx.wfile, "{}{:?}", line.to_uppercase(), cx.client_address)?)
    }
}
impl DatagramRequestHandler for Upper {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        cx.wfile.extend(cx.packet.to_ascii_uppercase());
        Ok(write!(cx.wfile, "{:?}", cx.client_address)?)
    }
}

/// A name that no other process and no other test uses.
fn abstract_name(of: &str) -> String {
    format!("@socketserver-{of}-{}", std::process::id())
}

fn ask(stream: net::UnixStream) -> String {
    stream.sendall(b"hello\n").unwrap();
    let mut answer = String::new();
    (&stream).read_to_string(&mut answer).unwrap();
    answer
}

fn receive(socket: &net::UnixDatagram) -> (String, Option<UnixAddress>) {
    let mut buf = [0; 1000];
    let (n, from) = socket.recvfrom(&mut buf).unwrap();
    (String::from_utf8(buf[..n].to_vec()).unwrap(), from)
}

#[test]
fn a_stream_server_on_a_path_sees_unnamed_clients() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s.sock");
    let server = serve(UnixStreamServer::<Upper>::bind(&path).unwrap());
    assert_eq!(server.server_address(), UnixAddress::Path(path.clone()));
    assert_eq!(ask(net::UnixStream::connect(&path).unwrap()), "HELLO\nUnix(Unnamed)");

    // One that has bound its socket has a name.
    let named =
        net::socket2::Socket::new(net::socket2::Domain::UNIX, net::socket2::Type::STREAM, None).unwrap();
    let own = folder.path().join("client");
    named.bind(&UnixAddress::from(&own).to_sock_addr().unwrap()).unwrap();
    named.connect(&UnixAddress::from(&path).to_sock_addr().unwrap()).unwrap();
    let named = net::UnixStream::from(std::os::fd::OwnedFd::from(named));
    assert_eq!(ask(named), format!("HELLO\nUnix(Path({own:?}))"));
}

#[test]
#[cfg(target_os = "linux")]
fn a_stream_server_has_an_abstract_name() {
    let name = abstract_name("stream");
    let server = serve(UnixStreamServer::<Upper>::bind(&name).unwrap());
    assert_eq!(server.server_address().to_string(), name);
    let client = net::UnixStream::connect(&name).unwrap();
    assert_eq!(client.getpeername().unwrap(), UnixAddress::from(&name));
    assert_eq!(ask(client), "HELLO\nUnix(Unnamed)");
    assert!(!Path::new(&name).exists(), "it has no file");
}

#[test]
fn paths_come_in_every_form() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let text = path.to_str().unwrap().to_owned();
    drop(UnixStreamServer::<Upper>::bind(text.as_str()).unwrap());
    drop(UnixStreamServer::<Upper>::bind(&text).unwrap());
    drop(UnixStreamServer::<Upper>::bind(text.clone()).unwrap());
    drop(UnixStreamServer::<Upper>::bind(path.as_path()).unwrap());
    drop(UnixStreamServer::<Upper>::bind(path.clone()).unwrap());
    drop(UnixStreamServer::<Upper>::bind(UnixAddress::Path(path.clone())).unwrap());
    drop(UnixDatagramServer::<Upper>::bind(&path).unwrap());
    drop(UnixDatagramServer::<Upper>::bind(text.as_str()).unwrap());
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "each removed its file");
}

#[test]
fn a_datagram_server_answers_peers_that_have_a_name() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d.sock");
    let server = serve(UnixDatagramServer::<Upper>::bind(&path).unwrap());
    let own = folder.path().join("client");
    let mut clients = vec![(net::UnixDatagram::bind(&own).unwrap(), format!("Unix(Path({own:?}))"))];
    if cfg!(target_os = "linux") {
        let name = abstract_name("client");
        let seen = format!("Unix({:?})", UnixAddress::from(&name));
        clients.push((net::UnixDatagram::bind(&name).unwrap(), seen));
    }
    for (client, seen) in clients {
        client.sendto(b"hello ", &path).unwrap();
        assert_eq!(receive(&client), (format!("HELLO {seen}"), Some(server.server_address())));
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_datagram_server_has_an_abstract_name() {
    let name = abstract_name("datagrams");
    let _server = serve(UnixDatagramServer::<Upper>::bind(&name).unwrap());
    let client = net::UnixDatagram::bind(abstract_name("asks")).unwrap();
    client.sendto(b"hello ", &name).unwrap();
    let (answer, from) = receive(&client);
    assert!(answer.starts_with("HELLO Unix(Abstract("), "{answer}");
    assert_eq!(from.unwrap().to_string(), name);
}

/// What came, and who it was from.
type Packets = BTreeSet<(Vec<u8>, String)>;

#[test]
fn an_unbound_peer_has_no_address() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log");
    let seen = Arc::new(Mutex::new(Packets::new()));

    // With files: `Address::Unbound`. Nothing is owed to it, so no reply is no error.
    let sees = seen.clone();
    let handler = HandlerFn::new(move |cx: &mut DatagramContext<'_>| {
        sees.lock().insert((cx.packet.to_vec(), format!("{:?} {}", cx.client_address, cx.client_address)));
        Ok(())
    });
    let server = UnixDatagramServer::<_>::builder().handler_factory(move |_| handler.clone());
    let recorder = crate::util::Recorder::default();
    let server = serve(server.observer(recorder.clone()).bind(&path).unwrap());
    net::UnixDatagram::unbound().unwrap().sendto(b"one", &path).unwrap();
    crate::util::wait_for("the datagram", || recorder.outcomes() == [Outcome::Completed]);
    drop(server);

    // Bare: `None`, as in Python.
    #[derive(Default)]
    struct Bare;
    impl BaseRequestHandler<Datagram<UnixAddress>, Seen> for Bare {
        fn handle(&mut self, cx: &mut Context<'_, Datagram<UnixAddress>, Seen>) -> HandlerResult {
            let seen = (cx.request.packet().to_vec(), format!("{:?}", cx.client_address));
            cx.server.state().0.lock().insert(seen);
            Ok(cx.request.socket().sendto(b"reply", &Address::from(cx.client_address.clone())).map(drop)?)
        }
    }
    struct Seen(Arc<Mutex<Packets>>);
    impl ServerHooks<UnixDatagram> for Seen {}
    let recorder = crate::util::Recorder::default();
    let server = UnixDatagramServer::<Bare, socketserver::Sequential, Seen>::builder()
        .state(Seen(seen.clone()))
        .observer(recorder.clone());
    let _server = serve(server.bind(&path).unwrap());
    net::UnixDatagram::unbound().unwrap().sendto(b"two", &path).unwrap();
    // To reply all the same is a plain error (Python: TypeError).
    crate::util::wait_for("the datagram", || recorder.outcomes() == [Outcome::Failed]);

    let seen: Vec<_> = seen.lock().iter().cloned().collect();
    assert_eq!(seen[0], (b"one".to_vec(), "Unbound (unbound)".to_owned()));
    assert_eq!(seen[1], (b"two".to_vec(), "None".to_owned()));
}
