//! The files of Unix sockets: a dead server's is replaced, anybody else's is left alone, ours is removed.

use crate::util::{GUARD, Recorder, serve};
use socketserver::{Outcome, Sequential, ServerBuilder, net, prelude::*};
use std::{
    fs, io,
    os::unix::{
        fs::{FileTypeExt, MetadataExt, symlink},
        net::{UnixDatagram as StdDatagram, UnixListener},
    },
    path::{Path, PathBuf},
};

/// Answers with a byte, so that a client sees that its server lives.
#[derive(Default)]
struct Alive;
impl StreamRequestHandler for Alive {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        Ok(cx.wfile.write_all(b"!")?)
    }
}
impl DatagramRequestHandler for Alive {
    fn handle(&mut self, cx: &mut DatagramContext<'_>) -> HandlerResult {
        Ok(cx.wfile.write_all(b"!")?)
    }
}

type Streams = UnixStreamServer<Alive>;
type Datagrams = UnixDatagramServer<Alive>;

fn folder() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    (folder, path)
}

fn is_alive(path: &Path) -> bool {
    let client = net::UnixStream::connect(path).unwrap();
    client.settimeout(Some(GUARD));
    client.recv(&mut [0]).unwrap() == 1
}

fn inode(path: &Path) -> u64 {
    fs::symlink_metadata(path).unwrap().ino()
}

/// Neither kind of server can be bound to `path`, and what is there stays what it is.
#[track_caller]
fn is_left_alone(path: &Path) {
    let before = inode(path);
    for error in [Streams::bind(path).unwrap_err(), Datagrams::bind(path).unwrap_err()] {
        assert_eq!(error.to_string(), format!("bind {}: address in use", path.display()));
    }
    assert_eq!(inode(path), before);
}

#[test]
fn a_dead_servers_file_is_replaced() {
    let leave_stream = |path: &Path| drop(UnixListener::bind(path).unwrap());
    let leave_datagram = |path: &Path| drop(StdDatagram::bind(path).unwrap());
    for leave in [leave_stream, leave_datagram as fn(&Path)] {
        let (_folder, path) = folder();
        leave(&path);
        let server = serve(Streams::bind(&path).unwrap());
        assert!(is_alive(&path));
        drop(server);
        assert!(!path.exists());

        leave(&path);
        let server = serve(Datagrams::bind(&path).unwrap());
        net::UnixDatagram::unbound().unwrap().sendto(b"?", &path).unwrap();
        drop(server);
        assert!(!path.exists());
    }
}

#[test]
fn a_living_servers_file_is_left_alone() {
    let (_folder, path) = folder();
    let recorder = Recorder::default();
    let builder: ServerBuilder<UnixStream, Alive, Sequential, ()> = Streams::builder();
    let living = serve(builder.observer(recorder.clone()).bind(&path).unwrap());
    is_left_alone(&path);
    assert!(is_alive(&path));
    // It was found out without becoming a client of the living server.
    living.stop().unwrap();
    assert_eq!(recorder.outcomes(), [Outcome::Completed]);
}

#[test]
fn a_living_datagram_servers_file_is_left_alone() {
    let (_folder, path) = folder();
    let _living = serve(Datagrams::bind(&path).unwrap());
    is_left_alone(&path);
}

#[test]
fn a_busy_servers_file_is_left_alone() {
    let (_folder, path) = folder();
    let listener =
        net::socket2::Socket::new(net::socket2::Domain::UNIX, net::socket2::Type::STREAM, None).unwrap();
    let address = net::socket2::SockAddr::unix(&path).unwrap();
    listener.bind(&address).unwrap();
    listener.listen(0).unwrap();
    let _waits = net::UnixStream::connect(&path).unwrap(); // its backlog is full now
    is_left_alone(&path);
}

#[test]
fn the_file_of_a_server_that_doesnt_listen_yet_is_left_alone() {
    let (_folder, path) = folder();
    let bound = Streams::builder().server_bind(&path).unwrap();
    let refused = net::UnixStream::connect(&path).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::ConnectionRefused, "as if the file were stale");
    is_left_alone(&path);
    let _server = serve(bound.server_activate().unwrap());
    assert!(is_alive(&path));
}

#[test]
fn what_is_no_socket_is_left_alone() {
    let (folder, path) = folder();
    fs::write(&path, "precious").unwrap();
    is_left_alone(&path);
    assert_eq!(fs::read(&path).unwrap(), b"precious");

    let sub = folder.path().join("folder");
    fs::create_dir(&sub).unwrap();
    is_left_alone(&sub);

    // A link is a choice that somebody made, even if it points to a stale socket or to nothing.
    let (stale, link) = (folder.path().join("stale"), folder.path().join("link"));
    drop(UnixListener::bind(&stale).unwrap());
    symlink(&stale, &link).unwrap();
    is_left_alone(&link);
    assert!(fs::symlink_metadata(&stale).unwrap().file_type().is_socket());
    let nowhere = folder.path().join("nowhere");
    symlink(folder.path().join("nothing"), &nowhere).unwrap();
    is_left_alone(&nowhere);
}

#[test]
fn ours_is_removed_at_close() {
    let (_folder, path) = folder();
    let server = Streams::bind(&path).unwrap();
    assert!(path.exists());
    server.server_close();
    assert!(!path.exists());
    fs::write(&path, "later").unwrap();
    drop(server);
    assert!(path.exists(), "it is removed once");

    fs::remove_file(&path).unwrap();
    drop(Datagrams::bind(&path).unwrap());
    assert!(!path.exists());
    drop(Streams::builder().server_bind(&path).unwrap());
    assert!(!path.exists(), "also if it never listened");
}

#[test]
fn a_file_that_replaced_ours_is_left_alone() {
    let (_folder, path) = folder();
    let server = Streams::bind(&path).unwrap();
    fs::remove_file(&path).unwrap();
    drop(server); // it was gone already

    let server = Streams::bind(&path).unwrap();
    fs::remove_file(&path).unwrap();
    fs::write(&path, "precious").unwrap();
    drop(server);
    assert_eq!(fs::read(&path).unwrap(), b"precious");

    fs::remove_file(&path).unwrap();
    let first = Datagrams::bind(&path).unwrap();
    fs::remove_file(&path).unwrap();
    let _second = serve(Streams::bind(&path).unwrap());
    drop(first);
    assert!(is_alive(&path));
}

#[test]
fn of_many_servers_that_start_on_a_stale_file_one_wins() {
    let (_folder, path) = folder();
    drop(UnixListener::bind(&path).unwrap());
    let servers: Vec<_> = std::thread::scope(|scope| {
        let starting: Vec<_> = (0..16).map(|_| scope.spawn(|| Streams::bind(&path))).collect();
        starting.into_iter().map(|it| it.join().unwrap()).collect()
    });
    let (won, lost): (Vec<_>, Vec<_>) = servers.into_iter().partition(Result::is_ok);
    assert_eq!((won.len(), lost.len()), (1, 15));
    let _won = serve(won.into_iter().next().unwrap().unwrap());
    assert!(is_alive(&path), "it is reached by the path");
}
