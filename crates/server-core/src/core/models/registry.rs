//! One connection that is listed, ended from outside and over, all at once: it is ended once, counted once, and given back.

use super::{core, explore, join, nobody};
use crate::{Limit, Outcome, Ticket, core::Core};
use socketserver_net::{Connection, StreamRequest, UnixStream};
use socketserver_sys::sync::loom::thread;
use std::{
    os::unix::net,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

/// A connection in progress, and its client.
fn served(core: &Arc<Core>) -> (Ticket, Connection, UnixStream) {
    let (here, there) = net::UnixStream::pair().unwrap();
    let connection = UnixStream::from(here).connection();
    assert!(core.gate.try_enter());
    let ticket = Ticket::new(core, nobody, Some(&connection), true);
    (ticket, connection, there.into())
}

fn end(mut ticket: Ticket, connection: Connection) {
    ticket.set_outcome(Outcome::Completed);
    ticket.settle(connection.traffic());
    drop((connection, ticket));
}

#[test]
fn two_who_end_it_and_its_own_end_count_it_once() {
    explore(|| {
        let core = core(Limit::none());
        let (ticket, connection, _there) = served(&core);
        let id = ticket.id();
        let ended = Arc::new(AtomicUsize::new(0));
        let who_end_it = [(); 2].map(|()| {
            let (core, ended) = (core.clone(), ended.clone());
            thread::spawn(move || _ = ended.fetch_add(core.close_one(id).into(), SeqCst))
        });
        end(ticket, connection);
        join(who_end_it);
        let stats = core.stats();
        assert!(ended.load(SeqCst) <= 1, "one of them has, at the most");
        assert_eq!(stats.forced as usize, ended.load(SeqCst));
        assert_eq!((stats.accepted, stats.completed, stats.active), (1, 1, 0));
        assert!(core.list().is_empty() && core.gate.inside() == 0);
    });
}

#[test]
fn who_lists_it_while_it_ends_sees_it_or_its_count_and_never_half() {
    explore(|| {
        let core = core(Limit::none());
        let (ticket, connection, there) = served(&core);
        there.sendall(b"four").unwrap();
        connection.recv(&mut [0; 4]).unwrap();
        let lister = {
            let core = core.clone();
            thread::spawn(move || {
                assert!(core.list().iter().all(|it| it.traffic.bytes_in == 4));
                assert_eq!(core.stats().bytes_in, 4, "neither twice nor not at all");
            })
        };
        end(ticket, connection);
        join([lister]);
        assert_eq!(core.stats().bytes_in, 4);
    });
}

#[test]
fn at_the_deadline_all_are_ended_and_one_of_them_ends_by_itself() {
    explore(|| {
        let core = core(Limit::none());
        let ((first, its, _there), (second, others, _client)) = (served(&core), served(&core));
        let forces = {
            let core = core.clone();
            thread::spawn(move || core.force())
        };
        end(first, its);
        join([forces]);
        assert_eq!(others.recv(&mut [0; 4]).unwrap(), 0, "the other reads its end");
        end(second, others);
        let stats = core.stats();
        assert!((1..=2).contains(&stats.forced), "{stats:?}");
        assert_eq!((stats.accepted, stats.completed, stats.active), (2, 2, 0));
    });
}
