//! What a handle does, and what its report says, of a server without a loop.

use super::{FOR_EVER, GRACE, Handle};
use crate::{Limit, Outcome, Refusal, TcpServer, Ticket, core::Core, scripted::goes_on};
use socketserver_handlers::{ServerControl, StreamContext};
use socketserver_net::{StreamRequest, UnixStream};
use std::{
    net::SocketAddr,
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

const LATE: Duration = Duration::from_secs(30);

fn handle() -> Handle {
    Handle(Core::for_tests())
}

fn request(core: &Arc<Core>) -> Ticket {
    assert!(core.gate.try_enter());
    Ticket::new(core, || SocketAddr::from(([127, 0, 0, 1], 9)).into(), None, true)
}

fn until<'a>(is_so: impl Fn() -> bool + 'a) {
    let end = Instant::now() + LATE;
    while !is_so() {
        assert!(Instant::now() < end, "it comes to that");
        thread::yield_now();
    }
}

#[test]
fn a_report_counts_those_who_were_inside_and_those_who_were_still_taken_in() {
    let handle = handle();
    let mut first = request(&handle.0);
    thread::scope(|scope| {
        let shutdown = scope.spawn(|| handle.shutdown(LATE));
        until(|| handle.is_draining());
        let [mut second, mut turned_away, given_up] = [(); 3].map(|()| request(&handle.0));
        turned_away.refuse(Refusal::Draining);
        first.set_outcome(Outcome::Completed);
        second.set_outcome(Outcome::Completed);
        assert!(goes_on(&shutdown));
        drop((second, turned_away, given_up, first));
        let report = shutdown.join().unwrap();
        assert_eq!((report.drained, report.forced, report.refused, report.dropped), (2, 0, 1, 1));
        assert!(report.elapsed < LATE);
    });
}

#[test]
fn what_is_forced_has_some_time_to_notice() {
    let handle = handle();
    let core = &handle.0;
    let (here, _there) = std::os::unix::net::UnixStream::pair().unwrap();
    let connection = StreamRequest::connection(&UnixStream::from(here));
    assert!(core.gate.try_enter());
    let _deaf = Ticket::new(core, || SocketAddr::from(([127, 0, 0, 1], 9)).into(), Some(&connection), true);
    let report = handle.shutdown(Duration::ZERO);
    assert_eq!((report.drained, report.forced), (0, 1));
    assert!(report.elapsed >= GRACE);
    assert_eq!(connection.recv(&mut [0]).unwrap(), 0, "it was ended");
}

#[test]
fn what_ends_in_time_isnt_forced() {
    let handle = handle();
    drop(request(&handle.0));
    assert_eq!(handle.shutdown(LATE).forced, 0);
    assert_eq!(handle.0.forced(), 0);
}

#[test]
fn the_longest_deadline_is_as_good_as_for_ever() {
    let handle = handle();
    let begun = Instant::now();
    handle.shutdown(Duration::MAX);
    let end = handle.0.drain_until().unwrap();
    assert!(end >= begun + FOR_EVER && FOR_EVER >= Duration::from_secs(86_400 * 365));
}

#[test]
fn from_inside_a_shutdown_only_asks() {
    let handle = handle();
    let _inside = handle.0.enter();
    let _request = request(&handle.0);
    let report = handle.shutdown(LATE);
    assert_eq!((report.drained, report.forced), (0, 0));
    assert!(handle.is_draining() && report.elapsed < LATE);
}

#[test]
fn a_stop_is_waited_for_from_outside_and_asked_for_from_inside() {
    let handle = handle();
    let serving = handle.0.begin_serving().unwrap();
    assert!(handle.is_serving());
    thread::scope(|scope| {
        let stop = scope.spawn(|| handle.stop_and_wait());
        until(|| handle.is_draining());
        assert!(goes_on(&stop));
        drop(serving);
    });
    assert!(!handle.is_serving());
    let _serving = handle.0.begin_serving().unwrap();
    assert!(!handle.is_draining());
    let _inside = handle.0.enter();
    handle.stop_and_wait();
    assert!(handle.is_draining() && handle.0.is_stopping());
}

#[test]
fn a_request_to_stop_is_one() {
    let handle = handle();
    let _serving = handle.0.begin_serving().unwrap();
    handle.request_shutdown();
    assert!(handle.is_draining() && handle.0.is_stopping());
}

#[test]
fn what_is_set_holds() {
    let handle = handle();
    handle.set_max_connections(Limit::reject(7));
    handle.set_max_connections_per_peer(Some(8));
    handle.set_max_handshakes(Some(9));
    assert_eq!(handle.max_connections(), Limit::reject(7));
    assert_eq!((handle.max_connections_per_peer(), handle.max_handshakes()), (Some(8), Some(9)));
    handle.set_max_connections_per_peer(None);
    handle.set_max_handshakes(None);
    assert_eq!((handle.max_connections_per_peer(), handle.max_handshakes()), (None, None));
    handle.suspend();
    assert!(handle.is_suspended());
    handle.resume();
    assert!(!handle.is_suspended());
    assert_eq!(handle.server_address(), handle.0.server_address());
    assert!(format!("{handle:?}").starts_with("Handle"));
}

#[test]
fn connections_are_listed_counted_and_ended() {
    let handle = handle();
    let (here, _there) = std::os::unix::net::UnixStream::pair().unwrap();
    let connection = StreamRequest::connection(&UnixStream::from(here));
    assert!(!handle.wait_for_connections(|active| active == 1, Duration::from_millis(20)));
    let ticket =
        Ticket::new(&handle.0, || SocketAddr::from(([127, 0, 0, 1], 9)).into(), Some(&connection), false);
    assert!(handle.wait_for_connections(|active| active == 1, Duration::ZERO));
    assert_eq!((handle.stats().accepted, handle.stats().active), (1, 1));
    let id = handle.connections()[0].id;
    assert!(handle.close_connection(id));
    assert!(!handle.close_connection(id), "once");
    drop(ticket);
    assert!(handle.connections().is_empty());
}

#[test]
fn a_change_of_the_number_of_connections_is_waited_for() {
    let handle = handle();
    thread::scope(|scope| {
        let wait = scope.spawn(|| handle.wait_for_connections(|active| active == 1, LATE));
        assert!(goes_on(&wait));
        let _request = request(&handle.0);
        assert!(wait.join().unwrap());
    });
}

#[test]
#[cfg(target_os = "linux")]
fn a_port_is_closed_and_opened_again_and_who_cant_hears_of_it() {
    assert!(handle().close_port().is_err(), "there is no port");
    let server = TcpServer::<_>::bind_fn("127.0.0.1:0", |_: &mut StreamContext<'_>| Ok(())).unwrap();
    let handle = server.handle();
    assert!(!handle.is_port_closed());
    handle.close_port().unwrap();
    assert!(handle.is_port_closed());
    handle.resume();
    assert!(!handle.is_port_closed());
    handle.close_port().unwrap();
    handle.try_resume().unwrap();
    assert!(!handle.is_port_closed());
    handle.close_port().unwrap();
    server.server_close();
    assert!(handle.try_resume().is_err(), "it is closed for good");
}
