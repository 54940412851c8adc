//! Whether there is anything to be waited for, by what is known of the connection.

use super::super::Wish;
use crate::{Linger, core::Core, scripted::goes_on};
use socketserver_net::{Connection, StreamRequest, UnixStream};
use std::{io::Write, os::unix::net, sync::Arc, thread};

struct Case {
    core: Arc<Core>,
    request: UnixStream,
    client: net::UnixStream,
}

/// Of a connection that nobody has read from.
fn with(linger: Linger) -> Case {
    let (request, client) = net::UnixStream::pair().unwrap();
    Case { core: Core::with(|options| options.linger = linger), request: request.into(), client }
}

fn usual() -> Case {
    with(Linger::default())
}

fn always() -> Case {
    with(Linger::default().always())
}

impl Case {
    fn wish(&self, is_refused: bool) -> Wish {
        let connection: Connection = StreamRequest::connection(&self.request);
        Wish::of(&self.core, Some(&connection), is_refused)
    }

    /// The client sends so much, and so much of it is read at once.
    fn read(&mut self, sent: usize, room: usize) {
        self.client.write_all(&vec![0; sent]).unwrap();
        self.request.recv(&mut vec![0; room]).unwrap();
    }
}

#[test]
fn nothing_is_waited_for_where_there_is_no_connection_or_it_isnt_wanted() {
    assert_eq!(Wish::of(&Core::for_tests(), None, true), Wish::No);
    assert_eq!(with(Linger::off().always()).wish(false), Wish::No);
}

#[test]
fn nothing_is_waited_for_when_the_client_has_finished() {
    for mut case in [usual(), always()] {
        case.client.shutdown(std::net::Shutdown::Write).unwrap();
        case.read(0, 8);
        assert_eq!(case.wish(false), Wish::No);
    }
}

#[test]
fn always_means_that_of_one_that_has_its_answer_more_is_waited_for() {
    let mut case = always();
    case.read(3, 8);
    assert_eq!(case.wish(false), Wish::Wait);
}

#[test]
fn of_one_that_filled_a_large_buffer_more_is_waited_for() {
    let mut case = usual();
    case.read(4096, 4096);
    assert_eq!(case.wish(false), Wish::Wait);
}

#[test]
fn of_others_it_is_looked_whether_there_is_more() {
    let mut case = usual();
    assert_eq!(case.wish(false), Wish::Look, "nothing was read");
    case.read(3, 8);
    assert_eq!(case.wish(false), Wish::Look, "all that there was, which may have been followed by more");
    case.read(8, 8);
    assert_eq!(case.wish(false), Wish::Look, "all that there was room for");
}

#[test]
fn one_that_was_turned_away_and_told_is_waited_for() {
    let case = usual();
    assert_eq!(case.wish(true), Wish::Look, "it was told nothing");
    case.request.sendall(b"no").unwrap();
    assert_eq!(case.wish(true), Wish::Wait);
    assert_eq!(case.wish(false), Wish::Look, "it was served");
}

#[test]
fn a_connection_that_somebody_else_may_read_is_left_alone() {
    for case in [usual(), always()] {
        let _view = StreamRequest::connection(&case.request);
        assert_eq!(case.wish(false), Wish::No);
    }
}

/// That one has a view for a moment, under the lock of the list.
#[test]
fn who_lists_the_connections_is_nobody_who_reads() {
    let case = usual();
    let list = case.core.registry.hold();
    let view: Connection = StreamRequest::connection(&case.request);
    thread::scope(|scope| {
        let wish = scope.spawn(|| case.wish(false));
        assert!(goes_on(&wish));
        drop(view);
        drop(list);
        assert_eq!(wish.join().unwrap(), Wish::Look);
    });
}
