//! The faults of the table, each of which is done to both servers alike.

mod calls;
mod datagrams;
mod network;
mod processes;
mod requests;

use crate::scene::{Scene, hear};
pub(crate) use network::behind_loss;
use reliability::Client;

pub(crate) struct Fault {
    pub(crate) name: &'static str,
    /// The mix-in, and settings of [`reliability::serve`].
    pub(crate) server: &'static str,
    /// Of a hundred packets.
    pub(crate) lost: u32,
    /// Does it; says what clients see.
    pub(crate) run: fn(&mut Scene) -> String,
}

macro_rules! faults {
    ($($name:literal, $server:literal $(, $lost:literal)?: $run:expr;)*) => {
        pub(crate) const FAULTS: &[Fault] =
            &[$(Fault { name: $name, server: $server, lost: 0 $(+ $lost)?, run: $run }),*];
    };
}

faults! {
    "accept: EMFILE every other time", "threading": |it| calls::accept(it, "EMFILE");
    "accept: ENFILE every other time", "threading": |it| calls::accept(it, "ENFILE");
    "accept: ECONNABORTED every other time", "threading": |it| calls::accept(it, "ECONNABORTED");
    "accept: ENOBUFS every other time", "threading": |it| calls::accept(it, "ENOBUFS");
    "accept: EINTR every other time", "threading": |it| calls::accept(it, "EINTR");
    "accept: EPROTO every other time", "threading": |it| calls::accept(it, "EPROTO");
    "accept: ENOMEM every other time", "threading": |it| calls::accept(it, "ENOMEM");
    "no descriptor is left for 2 s", "threading": calls::descriptors;
    "the same, with one in reserve (ours)", "threading reserve=yes": calls::descriptors_but_one;
    "no thread can be started", "threading": |it| calls::injected(it, "clone3,clone:error=EAGAIN:when=1+");
    "no child can be forked", "forking": |it| calls::injected(it, "clone3,clone:error=EAGAIN:when=1+");
    "every other call that blocks is interrupted", "threading": |it| {
        calls::injected(it, "poll,ppoll,select,pselect6,epoll_wait,epoll_pwait,accept4,recvfrom,sendto:error=EINTR:when=2+2")
    };
    "the system lacks the memory to wait, every other time", "threading": |it| {
        calls::injected(it, "poll,ppoll,select,pselect6,epoll_wait,epoll_pwait:error=ENOMEM:when=2+2")
    };
    "receiving: ENOMEM, the first time of each thread", "threading": |it| calls::injected(it, "recvfrom:error=ENOMEM:when=1");
    "a datagram can't be received: ENOMEM every other time", "sequential transport=udp": |it| datagrams::receiving(it, "ENOMEM");
    "the same with ECONNREFUSED", "sequential transport=udp": |it| datagrams::receiving(it, "ECONNREFUSED");
    "a datagram can't be sent: ENOBUFS every other time", "sequential transport=udp": |it| datagrams::sending(it, "ENOBUFS");
    "the same by ECONNREFUSED", "sequential transport=udp": |it| datagrams::sending(it, "ECONNREFUSED");
    "who sent a datagram has gone before the reply", "sequential transport=udp": datagrams::gone;
    "a handler fails", "threading": |it| requests::fails(it, "fail");
    "a handler panics (CPython's raises)", "threading": |it| requests::fails(it, "panic");
    "a handler panics when it is dropped (in `__del__`)", "threading": |it| requests::fails(it, "curse");
    "a hook panics, `verify_request` (CPython's raises)", "threading": requests::fails_a_hook;
    "`ss -K` on a connection", "threading": requests::killed_connection;
    "a client resets before it has its reply", "threading": requests::reset;
    "a client reads nothing of its reply", "threading": requests::deaf;
    "a hundred such clients; the limit is 2 s (ours: of a request; CPython's: `timeout`)", "threading request=2000": requests::never_readers;
    "a hundred clients send a byte each tenth of a second, of lines that never end; the limit is 2 s (ours: of a request; \
     CPython's: `timeout`)", "threading request=2000": requests::dribblers;
    "a tenth of all packets is lost", "threading", 10: network::crowd;
    "the server is stopped, and goes on", "threading": processes::stopped;
    "the same, and 200 clients come meanwhile", "threading": processes::full_backlog;
    "the same, with CPython's backlog", "threading backlog=5": processes::full_backlog;
    "the server is killed", "threading": processes::killed;
    "the same, with children", "forking": processes::killed;
    "the same, with worker processes (CPython's: children)", "prefork": processes::killed;
    "a child is stopped, and goes on", "forking": processes::stopped_child;
    "the same with a worker process (CPython's: a child)", "prefork": processes::stopped_child;
    "a child is killed", "forking": processes::killed_child;
    "the same with a worker process (CPython's: a child)", "prefork": processes::killed_child;
    "SIGTERM while a request is in progress", "threading": processes::terminated;
    "the same, with children", "forking": processes::terminated;
    "the same, with worker processes (CPython's: children)", "prefork": processes::terminated;
    "the same, with a reactor (CPython's: threads)", "reactor": processes::terminated;
    "SIGTERM while clients wait in the backlog", "sequential": processes::terminated_with_a_backlog;
}

/// What comes of one that comes when the fault is over.
fn later(scene: &Scene) -> &'static str {
    match Client::try_connect(scene.server.address) {
        Ok(mut client) => {
            let _ = client.say("hello"); // what is wrong is heard
            hear(&mut client)
        }
        Err(_) => "nobody can connect",
    }
}
