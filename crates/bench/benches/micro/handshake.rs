//! Proofs of a shared key, both sides in one process, over a Unix socket pair.

use divan::Bencher;
use socketserver_auth::{Key, multiprocessing, mutual};
use std::{
    os::unix::net::UnixStream,
    sync::mpsc::{Receiver, Sender, channel},
    thread,
};

/// Another thread on which the listening side runs: for each stream that it gets, it says when it has finished.
fn listening(
    mut handshake: impl FnMut(&mut UnixStream) + Send + 'static,
) -> (Sender<UnixStream>, Receiver<()>) {
    let (streams, inbox) = channel::<UnixStream>();
    let (done, is_done) = channel();
    thread::spawn(move || {
        for mut stream in inbox {
            handshake(&mut stream);
            let _ = done.send(()); // nobody listens at the very end
        }
    });
    (streams, is_done)
}

fn both(
    bencher: Bencher<'_, '_>,
    listener: impl FnMut(&mut UnixStream) + Send + 'static,
    client: impl Fn(&mut UnixStream),
) {
    let (streams, is_done) = listening(listener);
    bencher.bench_local(|| {
        let (mut ours, theirs) = UnixStream::pair().expect("descriptors are left");
        streams.send(theirs).expect("it takes them");
        client(&mut ours);
        is_done.recv().expect("it says so");
    });
}

#[divan::bench]
fn mutual(bencher: Bencher<'_, '_>) {
    let key = Key::generate().expect("random bytes");
    let (server, client) = (mutual::Server::new(key.clone()), mutual::Client::new(key));
    both(
        bencher,
        move |stream| drop(server.handshake(stream).expect("the same key")),
        move |stream| drop(client.handshake(stream).expect("the same key")),
    );
}

#[divan::bench]
fn multiprocessing(bencher: Bencher<'_, '_>) {
    let key = Key::generate().expect("random bytes");
    let (listener, client) = (multiprocessing::Listener::new(key.clone()), multiprocessing::Client::new(key));
    both(
        bencher,
        move |stream| listener.handshake(stream).expect("the same key"),
        move |stream| client.handshake(stream).expect("the same key"),
    );
}

/// What the sealed frames that follow a mutual handshake cost, without the wire.
#[divan::bench(args = [64, 4096])]
fn seal_and_open(bencher: Bencher<'_, '_>, size: usize) {
    let key = Key::generate().expect("random bytes");
    let server = mutual::Server::new(key.clone());
    let (mut ours, mut theirs) = UnixStream::pair().expect("descriptors are left");
    let other = thread::spawn(move || server.handshake(&mut theirs).expect("the same key"));
    let mut client = mutual::Client::new(key).handshake(&mut ours).expect("the same key");
    let mut server = other.join().expect("it doesn't panic");
    let payload = vec![7; size];
    bencher.bench_local(|| {
        let frame = client.seal(&payload).expect("it fits");
        assert_eq!(server.open(&frame).expect("it is genuine"), Some(&payload[..]));
    });
}
