//! The cases of `shutdown` for a server of several processes. In each of them, a handler or a hook speaks to the server of the parent.

use crate::{
    draining,
    steering::{Act, Place, SHUTDOWNS, Steering},
    stopping,
};
use socketserver::{BaseServer, PreforkMixIn, ReactorMixIn};
use std::sync::Arc;

fn prefork(steering: Steering) -> Arc<dyn BaseServer> {
    steering.serve_by(<PreforkMixIn>::default().processes(2))
}

/// Connections wait in each of them, and their requests run on few threads.
fn reactors(steering: Steering) -> Arc<dyn BaseServer> {
    steering.serve_at_length_by(PreforkMixIn::new(ReactorMixIn::default()).processes(2))
}

pub(crate) fn run() {
    stopping::ends_a_loop_that_sleeps(prefork);
    stopping::waits_for_the_end_of_the_loop(prefork);
    stopping::works_by_what_a_handler_has(prefork);
    stopping::may_come_first(prefork);
    stopping::may_come_last_and_twice(prefork);
    stopping::may_come_from_all_sides(prefork);
    stopping::is_not_held_up_by_the_next_beginning(prefork, 20);
    stopping::ends_handle_request(prefork);
    draining::drains(prefork, 3);
    draining::forces(prefork, 3);
    draining::tells_drained_from_forced(prefork);
    draining::may_become_impatient(prefork);
    draining::close_waits(prefork, 3);
    draining::close_ends_handle_request(prefork);
    draining::drains(reactors, 3);
    draining::forces(reactors, 3);
    draining::tells_drained_from_forced(reactors);
    draining::may_become_impatient(reactors);
    draining::close_waits(reactors, 3);
    for place in Place::ALL {
        for act in SHUTDOWNS {
            stopping::works_from(prefork, place, act);
        }
        closes_from(place);
    }
}

/// In a worker process the server isn't its own to close: it is shut down, and can serve again.
fn closes_from(place: Place) {
    let close: Act = |server| server.server_close();
    match place {
        Place::Serving | Place::Stopped => stopping::closes_from(prefork, place),
        Place::ServiceActions
        | Place::Handler
        | Place::VerifyRequest
        | Place::ShutdownRequest
        | Place::HandleError => {
            stopping::works_from(prefork, place, close);
        }
    }
}
