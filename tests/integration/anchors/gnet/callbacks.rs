//! A server that stops itself in one of its callbacks, over every transport. Used here, and by the helper program for what forks.

use crate::util::{GUARD, serve_shared};
use socketserver::{
    Address, Bind, Event, Handle, HandlerError, MixIn, Observer, PeerAddress, RequestHandlerClass, Runs,
    Server, Transport, UnixDatagram, UnixStream, is_disconnect, kind, prelude::*,
};
use std::{
    io,
    net::{TcpStream, UdpSocket},
    os::unix::net,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

/// Where the server stops itself.
pub(crate) const IN_THE_LOOP: [&str; 4] = ["serving", "verify_request", "service_actions", "stopped"];
/// Here too. Where a child serves a request it has but a copy of the server.
pub(crate) const IN_A_REQUEST: [&str; 4] = ["handle", "handle_error", "shutdown_request", "close_request"];

/// The state, and the observer. Clones share all.
#[derive(Clone)]
struct Stops {
    place: &'static str,
    is_done: Arc<AtomicBool>,
    handle: Arc<OnceLock<Handle>>,
}

impl Stops {
    fn come_to(&self, place: &str) {
        if self.place == place
            && let Some(handle) = self.handle.get()
            && !self.is_done.swap(true, SeqCst)
        {
            handle.request_shutdown();
        }
    }
}

impl<T: Transport> ServerHooks<T> for Stops {
    fn verify_request(&self, _: &T::Request, _: &PeerAddress<T>) -> bool {
        self.come_to("verify_request");
        true
    }
    fn shutdown_request(&self, request: &mut T::Request) {
        self.come_to("shutdown_request");
        T::shutdown_request(request);
    }
    fn close_request(&self, request: T::Request) {
        self.come_to("close_request");
        drop(request);
    }
    fn handle_error(&self, _: &PeerAddress<T>, _: &HandlerError) {
        self.come_to("handle_error");
    }
    fn service_actions(&self) {
        self.come_to("service_actions");
    }
}

impl Observer for Stops {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::Serving { .. } => self.come_to("serving"),
            Event::Stopped { .. } => self.come_to("stopped"),
            _ => {}
        }
    }
}

/// One word, which comes back; `fail` is an error.
#[derive(Default)]
struct Word;
impl KeepAliveRequestHandler<Stops> for Word {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_, Stops>) -> HandlerResult<KeepAlive> {
        let mut word = Vec::new();
        cx.rfile.read_until(b'\n', &mut word)?;
        cx.server.state().come_to("handle");
        if word == b"fail\n" {
            return Err("as was asked".into());
        }
        cx.wfile.write_all(&word)?;
        Ok(KeepAlive::No)
    }
}
impl DatagramRequestHandler<Stops> for Word {
    fn handle(&mut self, cx: &mut DatagramContext<'_, Stops>) -> HandlerResult {
        cx.server.state().come_to("handle");
        if cx.packet == b"fail\n" {
            return Err("as was asked".into());
        }
        Ok(cx.wfile.write_all(cx.packet)?)
    }
}

/// Says a word to the server that is there, and hears what comes back, if something does.
type Visit<'a> = &'a dyn Fn(&Address, &str) -> Option<String>;

/// By connections: TCP and Unix sockets.
pub(crate) fn over_streams<M: MixIn + Runs<kind::KeepAlive>>(mixin: fn() -> M, places: &[&'static str]) {
    for place in places {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server");
        stops::<Tcp, M, kind::KeepAlive>(mixin(), place, "127.0.0.1:0", &|server, word| {
            let client = TcpStream::connect(server.as_inet()?).unwrap();
            client.set_read_timeout(Some(GUARD)).unwrap();
            talk(client, word)
        });
        stops::<UnixStream, M, kind::KeepAlive>(mixin(), place, path.to_str().unwrap(), &|_, word| {
            let client = net::UnixStream::connect(&path).unwrap();
            client.set_read_timeout(Some(GUARD)).unwrap();
            talk(client, word)
        });
    }
}

/// By datagrams: UDP and Unix sockets.
pub(crate) fn over_datagrams<M: MixIn + Runs<kind::Datagram>>(mixin: fn() -> M, places: &[&'static str]) {
    for place in places {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("server");
        stops::<Udp, M, kind::Datagram>(mixin(), place, "127.0.0.1:0", &|server, word| {
            let client = UdpSocket::bind("127.0.0.1:0").unwrap();
            client.set_read_timeout(Some(GUARD)).unwrap();
            client.connect(server.as_inet()?).unwrap();
            client.send(word.as_bytes()).unwrap();
            hear(word, |buf| client.recv(buf))
        });
        stops::<UnixDatagram, M, kind::Datagram>(mixin(), place, path.to_str().unwrap(), &|_, word| {
            let own = folder.path().join(format!("client-{word:?}"));
            let client = net::UnixDatagram::bind(&own).unwrap();
            client.set_read_timeout(Some(GUARD)).unwrap();
            client.send_to(word.as_bytes(), &path).unwrap();
            let heard = hear(word, |buf| client.recv(buf));
            std::fs::remove_file(own).unwrap();
            heard
        });
    }
}

fn talk(mut client: impl Read + Write, word: &str) -> Option<String> {
    let said = client.write_all(word.as_bytes());
    hear(word, |buf| said.and_then(|()| client.read(buf)))
}

/// Nothing is an end of the connection.
fn hear(word: &str, receive: impl FnOnce(&mut [u8]) -> io::Result<usize>) -> Option<String> {
    if word == "fail\n" {
        return None;
    }
    let mut buf = [0; 100];
    let n = match receive(&mut buf) {
        Err(error) if is_disconnect(&error) => 0,
        received => received.unwrap(),
    };
    Some(String::from_utf8_lossy(&buf[..n]).into_owned())
}

/// It stops itself there, nobody else does; who comes the next time is served.
fn stops<T, M, Kind>(mixin: M, place: &'static str, at: &str, visit: Visit<'_>)
where
    T: Transport + for<'a> Bind<&'a str>,
    M: MixIn + Runs<Kind>,
    Kind: 'static,
    Word: RequestHandlerClass<T::Request, Stops, Kind>,
{
    let stops = Stops { place, is_done: Arc::default(), handle: Arc::default() };
    let server = Server::<T, Word, M, Stops>::builder().mixin(mixin).poll_interval(None);
    let server = server.state(stops.clone()).observer(stops.clone()).bind(at).unwrap();
    let server: Arc<dyn BaseServer> = Arc::new(server);
    assert!(stops.handle.set(server.handle()).is_ok());
    let address = server.server_address();
    let served = serve_shared(server.clone());
    match place {
        "serving" => {} // it comes there by itself
        "handle_error" => assert_eq!(visit(&address, "fail\n"), None),
        _ => {
            // A connection that hasn't said anything by then isn't waited for.
            let heard = visit(&address, "hello\n");
            assert!(matches!(heard.as_deref(), Some("hello\n" | "")), "{place} on {address}: {heard:?}");
        }
    }
    if place == "stopped" {
        server.handle().request_shutdown(); // so that it comes there
    }
    served.join().unwrap(); // nobody else stops it
    stops.is_done.store(true, SeqCst); // a worker process that did it has gone
    let served = serve_shared(server);
    assert_eq!(visit(&address, "again\n").as_deref(), Some("again\n"), "after {place} on {address}");
    served.stop().unwrap();
}
