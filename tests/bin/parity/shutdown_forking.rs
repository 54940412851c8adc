//! The cases of `shutdown` for a server that forks. In its children a server is but a copy: ending that must not hang either, and
//! does nothing to the server.

use crate::{
    client::{Client, expect_service},
    draining,
    steering::{Act, Place, SHUTDOWNS, Steering},
    stopping,
    util::serve_shared,
};
use socketserver::{BaseServer, ForkingMixIn};
use std::sync::Arc;

fn forking(steering: Steering) -> Arc<dyn BaseServer> {
    steering.serve_by(ForkingMixIn::default())
}

pub(crate) fn run() {
    stopping::ends_a_loop_that_sleeps(forking);
    stopping::waits_for_the_end_of_the_loop(forking);
    stopping::may_come_first(forking);
    stopping::may_come_last_and_twice(forking);
    stopping::may_come_from_all_sides(forking);
    stopping::is_not_held_up_by_the_next_beginning(forking, 500);
    stopping::ends_handle_request(forking);
    draining::drains(forking, 3);
    draining::forces(forking, 3);
    draining::tells_drained_from_forced(forking);
    draining::may_become_impatient(forking);
    draining::close_waits(forking, 3);
    draining::close_ends_handle_request(forking);
    draining::drop_waits(forking);
    from_the_parts_that_run_in_the_parent();
    from_a_child();
}

fn from_the_parts_that_run_in_the_parent() {
    for place in [Place::VerifyRequest, Place::ServiceActions, Place::Serving, Place::Stopped] {
        for act in SHUTDOWNS {
            stopping::works_from(forking, place, act);
        }
        stopping::closes_from(forking, place);
    }
}

fn from_a_child() {
    let close: Act = |server| server.server_close();
    for place in [Place::Handler, Place::ShutdownRequest, Place::HandleError] {
        for act in SHUTDOWNS.into_iter().chain([close]) {
            let server = forking(Steering::at(place, act));
            let served = serve_shared(server.clone());
            let mut client = Client::connect(&*server).unwrap();
            let line = if place == Place::HandleError { "fail\n" } else { "hello\n" };
            client.ask(line).unwrap();
            client.finish().unwrap(); // the child doesn't hang
            expect_service(&*server); // and the server goes on
            served.stop().unwrap();
            server.server_close();
        }
    }
}
