//! After `server_close` no thread, child or descriptor is left, whatever has happened before; counted while the server and its handle
//! still exist.

use crate::{
    client::{Client, expect_service},
    steering::{Place, Steering},
    stopping::Make,
    util::{children, fd_count, serve_shared, thread_count, wait_for},
};
use socketserver::{BaseServer, ForkingMixIn, PreforkMixIn, Sequential, ThreadPoolMixIn, ThreadingMixIn};
use std::{sync::Arc, thread, time::Duration};

fn sequential(steering: Steering) -> Arc<dyn BaseServer> {
    steering.serve_by(Sequential)
}

/// Its threads don't end by themselves within the time of a test.
fn threading(steering: Steering) -> Arc<dyn BaseServer> {
    steering.serve_by(ThreadingMixIn::default().idle_time(Duration::from_secs(86_400)))
}

fn forking(steering: Steering) -> Arc<dyn BaseServer> {
    steering.serve_by(ForkingMixIn::default())
}

fn pool(steering: Steering) -> Arc<dyn BaseServer> {
    steering.serve_by(ThreadPoolMixIn::default())
}

fn prefork(steering: Steering) -> Arc<dyn BaseServer> {
    steering.serve_by(<PreforkMixIn>::default().processes(2))
}

type Life = fn(&Arc<dyn BaseServer>);

pub(crate) fn run(mixin: &str) {
    // A mix-in that has forked has a descriptor by which it hears of its children, one whose workers accept for themselves one by which they
    // wake each other. They are the value's own, and go with it.
    let (make, own): (Make, usize) = match mixin {
        "sequential" => (sequential, 0),
        "threading" => (threading, 0),
        "pool" => (pool, 1),
        "forking" => (forking, 1),
        "prefork" => (prefork, 2),
        _ => panic!("no such mix-in: {mixin}"),
    };
    let lives: [(&str, Life); 5] = [
        ("closed at once", |_| {}),
        ("shut down", shut_down),
        ("shut down by force", shut_down_by_force),
        ("closed while serving", close_while_serving),
        ("closed with requests in progress", close_with_requests_in_progress),
    ];
    let before = (fd_count(), thread_count());
    assert_eq!(before.1, 1);
    for (name, live) in lives {
        let server = make(Steering::default());
        let handle = server.handle();
        live(&server);
        let own = if server.stats().accepted > 0 { own } else { 0 };
        server.server_close();
        expect(name, (before.0 + own, before.1));
        drop(server);
        expect(name, before);
        drop(handle);
        // The same without closing.
        let server = make(Steering::default());
        live(&server);
        drop(server);
        expect(name, before);
    }
    if !["forking", "prefork"].contains(&mixin) {
        // From a handler it can't wait for the handler; what is called from outside afterwards does.
        let server = make(Steering::at(Place::Handler, |server| server.server_close()));
        let served = serve_shared(server.clone());
        let mut client = Client::connect(&*server).unwrap();
        client.ask("hello\n").unwrap();
        let finishing = thread::spawn(|| client.finish().unwrap());
        server.server_close();
        assert_eq!(server.stats().active, 0);
        finishing.join().unwrap();
        served.join().unwrap();
        expect("closed from a handler", (before.0 + own, before.1));
    }
}

fn expect(name: &str, (descriptors, threads): (usize, usize)) {
    assert_eq!(fd_count(), descriptors, "descriptors, {name}");
    assert_eq!(children(), [], "children, {name}");
    // The system forgets a thread a moment after others can see that it has ended.
    wait_for("the threads to go", || thread_count() == threads);
}

fn shut_down(server: &Arc<dyn BaseServer>) {
    let served = serve_shared(server.clone());
    (0..3).for_each(|_| expect_service(&**server));
    served.stop().unwrap();
}

fn shut_down_by_force(server: &Arc<dyn BaseServer>) {
    let served = serve_shared(server.clone());
    let _client = busy(server);
    assert_eq!(server.handle().shutdown(Duration::ZERO).forced, 1);
    served.join().unwrap();
}

fn close_while_serving(server: &Arc<dyn BaseServer>) {
    let served = serve_shared(server.clone());
    (0..3).for_each(|_| expect_service(&**server));
    server.server_close();
    served.join().unwrap();
}

fn close_with_requests_in_progress(server: &Arc<dyn BaseServer>) {
    let served = serve_shared(server.clone());
    let client = busy(server);
    let closing = thread::spawn({
        let server = server.clone();
        move || server.server_close()
    });
    wait_for("the server to close", || server.handle().is_draining());
    client.finish().unwrap();
    closing.join().unwrap();
    served.join().unwrap();
}

/// A client whose request is in progress.
fn busy(server: &Arc<dyn BaseServer>) -> Client {
    let mut client = Client::connect(&**server).unwrap();
    client.ask("hello\n").unwrap();
    client
}
