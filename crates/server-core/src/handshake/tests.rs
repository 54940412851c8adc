//! How many handshakes there may be at once, and what a request that begins with one does.

use super::Handshakes;
use crate::{
    Acceptor, Job, Server, Transport,
    scripted::{Keeps, Nothing, Script},
};
use socketserver_handlers::TooManyHandshakes;
use socketserver_net::{
    Activity, Connection, Deadline, FirstWord, Request, StreamRequest, UnixAddress, UnixStream,
};
use std::{
    io,
    os::{fd::BorrowedFd, unix::net},
    time::Duration,
};

const LONG: Duration = Duration::from_secs(3600);

/// A connection whose client has to say a word first, or needn't.
struct Shy(UnixStream, Option<FirstWord>);

impl Request for Shy {
    type Address = UnixAddress;

    fn connection(&self) -> Option<Connection> {
        Some(StreamRequest::connection(self))
    }
    fn begins_with_handshake(&self) -> Option<FirstWord> {
        self.1
    }
    fn handshake(&mut self, _: &mut UnixAddress) -> io::Result<()> {
        assert_eq!(self.0.activity(), Activity::Handshaking);
        self.0.recv(&mut [0]).map(drop)
    }
}

impl StreamRequest for Shy {
    fn connection(&self) -> Connection {
        StreamRequest::connection(&self.0)
    }
}

/// Its requests are made by the tests.
struct Silent(Script);

impl Transport for Silent {
    type Request = Shy;
    type Address = UnixAddress;

    fn get_request(&self) -> io::Result<(Shy, UnixAddress)> {
        Err(io::ErrorKind::WouldBlock.into())
    }
    fn readiness(&self) -> BorrowedFd<'_> {
        self.0.readiness()
    }
    fn server_address(&self) -> UnixAddress {
        UnixAddress::Unnamed
    }
}

type Builder = crate::ServerBuilder<Silent, Nothing, Keeps, ()>;
type Shaking = Server<Silent, Nothing, Keeps, ()>;

fn server(set: impl FnOnce(Builder) -> Builder) -> (Shaking, Acceptor<Silent, ()>) {
    let server = set(Shaking::builder()).serve_on(Silent(Script::new())).unwrap();
    server.serve_forever().unwrap();
    let acceptor = server.mixin().acceptor();
    (server, acceptor)
}

fn job(acceptor: &Acceptor<Silent, ()>, word: Option<FirstWord>) -> (Job<Silent, ()>, net::UnixStream) {
    let (here, there) = net::UnixStream::pair().unwrap();
    let job = Job::new(&acceptor.shared, Shy(here.into(), word), UnixAddress::Unnamed, false);
    (job, there)
}

#[test]
fn so_many_are_in_progress_at_once_and_no_more() {
    let handshakes = Handshakes::new(Some(2));
    assert_eq!(handshakes.max(), Some(2));
    assert_eq!([(); 3].map(|()| handshakes.begin()), [true, true, false]);
    handshakes.end();
    assert_eq!([(); 2].map(|()| handshakes.begin()), [true, false]);
    handshakes.set_max(Some(1));
    handshakes.end();
    assert!(!handshakes.begin(), "one goes on");
    handshakes.set_max(None);
    assert_eq!(handshakes.max(), None);
    assert_eq!([(); 9].map(|()| handshakes.begin()), [true; 9]);
    handshakes.set_max(Some(1));
    handshakes.empty();
    assert_eq!([(); 2].map(|()| handshakes.begin()), [true, false], "a process that begins anew has none");
    assert!(!Handshakes::new(Some(0)).begin() && Handshakes::new(None).begin());
}

#[test]
fn a_request_with_a_handshake_counts_once_until_it_is_over_and_has_a_deadline() {
    let (_server, acceptor) = server(|builder| builder.max_handshakes(1).handshake_timeout(LONG));
    let handshakes = &acceptor.shared.core.handshakes;
    let (mut job, _client) = job(&acceptor, Some(FirstWord::FromClient));
    for _ in 0..2 {
        assert_eq!(job.begin_handshake().unwrap(), Some(FirstWord::FromClient));
    }
    let connection = StreamRequest::connection(job.request());
    assert_eq!(connection.activity(), Activity::Handshaking);
    assert!(matches!(connection.deadline(), Some((_, Deadline::Handshake))));
    assert!(!handshakes.begin(), "it is in progress");
    let begun = job.parts().handshake.as_ref().unwrap();
    assert!(format!("{begun:?}").contains("Handshaking"));
    drop(job);
    assert!(handshakes.begin());
}

#[test]
fn where_there_are_as_many_as_there_may_be_it_fails_with_that() {
    let (_server, acceptor) = server(|builder| builder.max_handshakes(1));
    let (mut first, _client) = job(&acceptor, Some(FirstWord::FromServer));
    let (mut second, _other) = job(&acceptor, Some(FirstWord::FromServer));
    first.begin_handshake().unwrap();
    assert!(second.begin_handshake().unwrap_err().is::<TooManyHandshakes>());
    assert!(second.make_ready().unwrap_err().is::<TooManyHandshakes>());
}

#[test]
fn a_request_without_a_handshake_counts_not_at_all() {
    let (_server, acceptor) = server(|builder| builder.max_handshakes(0));
    let (mut job, _client) = job(&acceptor, None);
    assert_eq!(job.begin_handshake().unwrap(), None);
    assert!(job.parts().handshake.is_none());
    job.make_ready().unwrap();
    assert_eq!(StreamRequest::connection(job.request()).activity(), Activity::InRequest);
}

#[test]
fn before_the_handler_is_made_the_handshake_is_over() {
    let (_server, acceptor) = server(|builder| builder.max_handshakes(1));
    let (mut job, client) = job(&acceptor, Some(FirstWord::FromClient));
    io::Write::write_all(&mut &client, b"!").unwrap();
    job.make_ready().unwrap();
    assert_eq!(job.request().0.traffic().bytes_in, 1, "it has been read");
    assert!(acceptor.shared.core.handshakes.begin(), "it is in progress no more");
    assert!(StreamRequest::connection(job.request()).deadline().is_none());
}

#[test]
fn the_limits_of_reads_and_writes_are_set_each_for_itself() {
    let limits = [(Some(LONG), None), (None, Some(LONG)), (Some(LONG), Some(LONG)), (None, None)];
    for (read, write) in limits {
        let (_server, acceptor) = server(|builder| builder.read_timeout(read).write_timeout(write));
        let (mut job, _client) = job(&acceptor, None);
        job.make_ready().unwrap();
        let connection = StreamRequest::connection(job.request());
        assert_eq!((connection.gettimeout(), connection.write_timeout()), (read, write));
    }
}

#[test]
fn a_limit_that_a_hook_has_set_stays_where_the_server_has_none() {
    const HOOKS: Option<Duration> = Some(Duration::from_secs(7));
    let limits = [(Some(LONG), None), (None, Some(LONG)), (Some(LONG), Some(LONG)), (None, None)];
    for (read, write) in limits {
        let (_server, acceptor) =
            server(|builder| builder.read_timeout(read).write_timeout(write).request_timeout(LONG));
        let (mut job, _client) = job(&acceptor, None);
        StreamRequest::connection(job.request()).settimeout(HOOKS);
        job.make_ready().unwrap();
        let connection = StreamRequest::connection(job.request());
        assert_eq!((connection.gettimeout(), connection.write_timeout()), (read.or(HOOKS), write.or(HOOKS)));
    }
}

#[test]
fn who_waits_for_the_first_word_without_a_thread_knows_for_how_long() {
    let (_server, acceptor) = server(|builder| builder.handshake_timeout(LONG));
    assert_eq!(job(&acceptor, None).0.handshake_timeout(), Some(LONG));
}
