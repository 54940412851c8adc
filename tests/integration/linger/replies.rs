//! Which replies arrive.

use super::{Client, House, MIXINS, MORE, REPLY};
use crate::{
    subject,
    util::{GUARD, serve},
};
use parking_lot::Mutex;
use socket2::{Domain, SockAddr, Socket, Type};
use socketserver::{HandlerFn, Linger, ThreadingMixIn, prelude::*};
use std::sync::{Arc, mpsc};

/// A client asks and sends more, and must have its reply whole, and its end.
#[track_caller]
fn has_its_reply(mixin: &str, settings: &[&str], request: &str, counts: &str) {
    let house = House::open(mixin, settings);
    let mut client = Client::connect(house.address);
    client.send_too_much(request).unwrap_or_else(|error| panic!("{mixin}: it couldn't send: {error}"));
    let reply = client.rest().unwrap_or_else(|error| panic!("{mixin}: no whole reply: {error}"));
    assert_eq!(reply, REPLY, "{mixin}");
    drop(client);
    let stats = house.close();
    assert!(stats.starts_with(&format!("accepted 1 {counts} cut off 0 active 0")), "{mixin}: {stats}");
}

#[test]
fn one_that_is_followed_by_the_end() {
    for mixin in MIXINS {
        has_its_reply(mixin, &[], "reply", "completed 1 failed 0 refused 0");
    }
}

#[test]
fn one_that_a_handler_has_begun_when_it_fails() {
    for mixin in MIXINS {
        has_its_reply(mixin, &[], "fail", "completed 0 failed 1 refused 0");
    }
}

#[test]
fn what_a_client_is_told_that_is_turned_away() {
    for mixin in MIXINS {
        has_its_reply(mixin, &["reject"], "reply", "completed 0 failed 0 refused 1");
    }
}

/// The request is in progress when the server is told to stop.
#[test]
fn one_of_a_server_that_drains() {
    for mixin in MIXINS {
        let house = House::open(mixin, &[]);
        let mut client = Client::connect(house.address);
        client.send(b"later\n").unwrap();
        house.server.after("inside");
        house.server.terminate();
        client.send_too_much("now").unwrap();
        assert_eq!(client.rest().unwrap_or_else(|error| panic!("{mixin}: {error}")), REPLY, "{mixin}");
        drop(client);
        let stats = house.close();
        assert!(
            stats.starts_with("accepted 1 completed 1 failed 0 refused 0 cut off 0 active 0"),
            "{mixin}: {stats}"
        );
    }
}

/// Nothing gives the client away: it has asked, and has begun to read, and then it sends more.
#[test]
fn one_whose_client_sends_more_afterwards_if_all_are_waited_for() {
    for mixin in MIXINS {
        let house = House::open(mixin, &["always"]);
        let mut client = Client::connect(house.address);
        client.send(b"reply\n").unwrap();
        std::io::Read::read_exact(&mut client.0, &mut [0]).unwrap();
        client.send(&vec![b'.'; MORE]).unwrap();
        assert_eq!(client.rest().unwrap_or_else(|error| panic!("{mixin}: {error}")), REPLY - 1, "{mixin}");
        drop(client);
        house.close();
    }
}

/// There nothing is lost, but the end would be an error.
#[test]
fn those_over_unix_sockets_end_in_order() {
    let place = tempfile::tempdir().unwrap();
    for mixin in MIXINS {
        let path = place.path().join(mixin);
        let server = subject::start(&["linger", mixin, path.to_str().unwrap()]);
        server.after("serving ");
        let mut client = Client::over(
            Socket::new(Domain::UNIX, Type::STREAM, None).unwrap(),
            &SockAddr::unix(&path).unwrap(),
        );
        client.send_too_much("reply").unwrap();
        assert_eq!(client.rest().unwrap_or_else(|error| panic!("{mixin}: {error}")), REPLY, "{mixin}");
    }
}

/// What all the others prevent.
#[test]
fn without_lingering_a_reply_is_lost() {
    for mixin in MIXINS {
        let house = House::open(mixin, &["off"]);
        let mut client = Client::connect(house.address);
        let sent = client.send_too_much("reply");
        house.server.after("ended ");
        assert!(sent.is_err() || client.rest().is_err(), "{mixin}");
    }
}

/// No loop looks after the connection any more: the handler's own thread does.
#[test]
fn one_that_is_written_after_the_loop_has_ended() {
    let (tell, told) = mpsc::channel();
    let (open, door) = mpsc::channel::<()>();
    let door = Arc::new(Mutex::new(door));
    let server = TcpServer::<_, ThreadingMixIn>::builder()
        .linger(Linger::up_to(GUARD * 10)) // longer than the client is silent, however busy the machine is
        .handler_factory(move |_| {
            let (tell, door) = (tell.clone(), door.clone());
            HandlerFn::new(move |cx: &mut StreamContext<'_>| {
                cx.rfile.read_line(&mut String::new())?;
                let _ = tell.send(());
                let _ = door.lock().recv();
                Ok(cx.wfile.write_all(&[b'x'; REPLY])?)
            })
        });
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    let (handle, mut client) = (server.handle(), Client::connect(server.server_address()));
    let sending = std::thread::spawn(move || {
        client.send_too_much("reply").unwrap();
        client
    });
    told.recv().unwrap();
    let shared = Arc::clone(&server);
    server.stop().unwrap();
    open.send(()).unwrap();
    let mut client = sending.join().unwrap();
    assert_eq!(client.rest().unwrap(), REPLY);
    assert_eq!(handle.stats().completed, 0, "it is in progress until its client is done");
    drop(client);
    assert!(handle.wait_for_connections(|n| n == 0, GUARD));
    assert_eq!((handle.stats().completed, handle.stats().cut_off), (1, 0));
    drop(shared);
}

/// A connection that is ended by force isn't waited for.
#[test]
fn none_whose_time_is_up() {
    for mixin in ["threading", "sequential"] {
        let house = House::open(mixin, &["no-grace"]);
        let mut client = Client::connect(house.address);
        client.send_too_much("reply").unwrap();
        std::io::Read::read_exact(&mut client.0, &mut [0]).unwrap();
        house.server.terminate();
        house.server.after("ended "); // though its client is there
        house.close();
    }
}
