//! The cases of `shutdown` for a server of several processes. In each of them, a handler or a hook speaks to the server of the parent.

use crate::{
    draining,
    steering::{Place, SHUTDOWNS, Steering},
    stopping,
};
use socketserver::{BaseServer, PreforkMixIn};
use std::sync::Arc;

fn prefork(steering: Steering) -> Arc<dyn BaseServer> {
    steering.serve_by(<PreforkMixIn>::default().processes(2))
}

pub(crate) fn run() {
    stopping::ends_a_loop_that_sleeps(prefork);
    stopping::waits_for_the_end_of_the_loop(prefork);
    stopping::works_by_what_a_handler_has(prefork);
    stopping::may_come_first(prefork);
    stopping::may_come_last_and_twice(prefork);
    stopping::may_come_from_all_sides(prefork);
    stopping::ends_handle_request(prefork);
    draining::drains(prefork, 3);
    draining::forces(prefork, 3);
    draining::tells_drained_from_forced(prefork);
    draining::may_become_impatient(prefork);
    draining::close_waits(prefork, 3);
    draining::close_ends_handle_request(prefork);
    for place in Place::ALL {
        for act in SHUTDOWNS {
            stopping::works_from(prefork, place, act);
        }
    }
}
