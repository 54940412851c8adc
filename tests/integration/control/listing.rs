//! Which connections there are, what they are doing, and closing one.

use super::{Client, Running, start};
use crate::util::{GUARD, wait_for};
use socketserver::{
    Activity, MixIn, ReactorMixIn, Runs, Sequential, ThreadPoolMixIn, ThreadingMixIn, kind::KeepAlive,
};

/// Waits until a client's connection does this.
fn wait_for_activity<M: MixIn>(server: &Running<M>, client: &Client, activity: Activity) {
    wait_for("that activity", || {
        client.find(&server.handle().connections()).is_some_and(|it| it.activity == activity)
    });
}

fn lists<M: MixIn + Runs<KeepAlive> + Default>() {
    let server = start::<M>(|it| it);
    let handle = server.handle();
    let mut client = Client::greeted(server.server_address());
    wait_for_activity(&server, &client, Activity::Idle);

    assert_eq!(client.ask("hold"), "held");
    let found = client.find(&handle.connections()).unwrap();
    assert_eq!((found.activity, found.pid), (Activity::InRequest, None));
    // Hello and hold, hello and held; what is sent is counted when it is on its way.
    wait_for("the bytes", || {
        let traffic = client.find(&handle.connections()).unwrap().traffic;
        (traffic.bytes_in, traffic.bytes_out) == (11, 11)
    });
    client.say("go");
    assert_eq!(client.hear(), "hold");
    assert_eq!(client.hear(), "go");
    wait_for_activity(&server, &client, Activity::Idle);
    let later = client.find(&handle.connections()).unwrap();
    assert_eq!(later.id, found.id);
    assert!(later.age >= found.age);

    assert_eq!(client.ask("shake"), "hand");
    wait_for_activity(&server, &client, Activity::Handshaking);
    drop(client);
    assert!(handle.wait_for_connections(|n| n == 0, GUARD));
    assert_eq!(handle.connections(), []);
}

#[test]
fn each_mix_in_tells_what_its_connections_do() {
    lists::<Sequential>();
    lists::<ThreadingMixIn>();
    lists::<ThreadPoolMixIn>();
    lists::<ReactorMixIn>();
}

fn closes<M: MixIn + Runs<KeepAlive> + Default>() {
    let server = start::<M>(|it| it);
    let handle = server.handle();
    let mut stays = Client::greeted(server.server_address());
    for in_request in [false, true] {
        let mut goes = Client::greeted(server.server_address());
        if in_request {
            assert_eq!(goes.ask("hold"), "held");
        }
        let id = goes.find(&handle.connections()).unwrap().id;
        assert!(handle.close_connection(id));
        goes.hear(); // to its end
        assert!(handle.wait_for_connections(|n| n == 1, GUARD));
        assert!(!handle.close_connection(id), "there is none of that number any more");
    }
    assert_eq!(stays.ask("still here"), "still here");
    let stats = handle.stats();
    assert_eq!((stats.forced, stats.accepted, stats.active, stats.peak), (2, 3, 1, 2));
}

#[test]
fn one_connection_is_closed_and_the_others_go_on() {
    closes::<ThreadingMixIn>();
    closes::<ThreadPoolMixIn>();
    closes::<ReactorMixIn>();
}

#[test]
fn a_list_is_in_the_order_of_arrival() {
    let server = start::<ReactorMixIn>(|it| it);
    let clients: Vec<_> = (0..50).map(|_| Client::greeted(server.server_address())).collect();
    let peers: Vec<_> = server.handle().connections().into_iter().map(|it| it.peer).collect();
    assert_eq!(peers, clients.iter().map(Client::address).collect::<Vec<_>>());
}

#[test]
fn idle_connections_on_threads_end_at_once_when_the_server_stops() {
    fn ends<M: MixIn + Runs<KeepAlive> + Default>() {
        let server = start::<M>(|it| it);
        let mut idle: Vec<_> = (0..3).map(|_| Client::greeted(server.server_address())).collect();
        let mut busy = Client::greeted(server.server_address());
        assert_eq!(busy.ask("hold"), "held");
        let handle = server.handle();
        let shutdown = std::thread::spawn(move || handle.shutdown(GUARD));
        for client in &mut idle {
            assert_eq!(client.hear(), "", "it is closed while another is in a request");
        }
        assert!(!shutdown.is_finished());
        busy.say("go");
        assert_eq!((busy.hear(), busy.hear(), busy.hear()), ("hold".into(), "go".into(), String::new()));
        let report = shutdown.join().unwrap();
        assert_eq!((report.drained, report.forced), (4, 0));
        assert_eq!(server.stats().completed, 4);
    }
    ends::<ThreadingMixIn>();
    ends::<ThreadPoolMixIn>();
    ends::<ReactorMixIn>();
}
