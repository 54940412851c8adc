//! Ending a server: from another thread, from a handler, from the thread that serves, before it serves, after it has, twice. It never
//! hangs, takes effect at once, says what came of it, and leaves nothing behind.
//!
//! No server here wakes by itself (its `poll_interval` is `None`), so where a loop ends, a wake-up has ended it.

mod client;
mod draining;
mod steering;
mod stopping;
mod transports;

use crate::helper::parity;
use socketserver::{BaseServer, ReactorMixIn, Sequential, ThreadPoolMixIn, ThreadingMixIn};
use std::sync::Arc;
use steering::Steering;

fn sequential(steering: Steering) -> Arc<dyn BaseServer> {
    steering.serve_by(Sequential)
}

fn threading(steering: Steering) -> Arc<dyn BaseServer> {
    steering.serve_by(ThreadingMixIn::default())
}

fn thread_pool(steering: Steering) -> Arc<dyn BaseServer> {
    let name = steering.threads.0.clone();
    steering.serve_by(ThreadPoolMixIn::default().thread_name(name))
}

fn reactor(steering: Steering) -> Arc<dyn BaseServer> {
    steering.serve_kept_alive_by(ReactorMixIn::default())
}

/// Its clients are in the middle of their requests.
fn reactor_at_work(steering: Steering) -> Arc<dyn BaseServer> {
    steering.serve_at_length_by(ReactorMixIn::default())
}

/// A module for each mix-in, with a test for each case.
macro_rules! cases {
    ($($mixin:ident: { $($case:ident($($argument:expr),*) in $module:ident,)* })*) => {
        $(mod $mixin {
            $(#[test]
            fn $case() {
                super::$module::$case(super::$mixin, $($argument),*);
            })*
        })*
    };
}
cases! {
    sequential: {
        ends_a_loop_that_sleeps() in stopping,
        waits_for_the_end_of_the_loop() in stopping,
        works_from_everywhere() in stopping,
        closes_from_everywhere() in stopping,
        works_by_what_a_handler_has() in stopping,
        may_come_first() in stopping,
        may_come_last_and_twice() in stopping,
        may_come_from_all_sides() in stopping,
        is_not_held_up_by_the_next_beginning(500) in stopping,
        ends_handle_request() in stopping,
        drains(1) in draining,
        forces(1) in draining,
        close_waits(1) in draining,
        close_ends_handle_request() in draining,
    }
    threading: {
        ends_a_loop_that_sleeps() in stopping,
        waits_for_the_end_of_the_loop() in stopping,
        works_from_everywhere() in stopping,
        closes_from_everywhere() in stopping,
        works_by_what_a_handler_has() in stopping,
        may_come_first() in stopping,
        may_come_last_and_twice() in stopping,
        may_come_from_all_sides() in stopping,
        is_not_held_up_by_the_next_beginning(500) in stopping,
        ends_handle_request() in stopping,
        drains(3) in draining,
        forces(3) in draining,
        tells_drained_from_forced() in draining,
        may_become_impatient() in draining,
        close_waits(3) in draining,
        close_ends_handle_request() in draining,
        drop_waits() in draining,
    }
    thread_pool: {
        ends_a_loop_that_sleeps() in stopping,
        waits_for_the_end_of_the_loop() in stopping,
        works_from_everywhere() in stopping,
        closes_from_everywhere() in stopping,
        works_by_what_a_handler_has() in stopping,
        may_come_first() in stopping,
        may_come_last_and_twice() in stopping,
        may_come_from_all_sides() in stopping,
        is_not_held_up_by_the_next_beginning(500) in stopping,
        ends_handle_request() in stopping,
        drains(3) in draining,
        forces(3) in draining,
        tells_drained_from_forced() in draining,
        may_become_impatient() in draining,
        close_waits(3) in draining,
        close_ends_handle_request() in draining,
    }
    reactor: {
        ends_a_loop_that_sleeps() in stopping,
        waits_for_the_end_of_the_loop() in stopping,
        works_from_everywhere() in stopping,
        closes_from_everywhere() in stopping,
        may_come_first() in stopping,
        may_come_last_and_twice() in stopping,
        may_come_from_all_sides() in stopping,
        is_not_held_up_by_the_next_beginning(500) in stopping,
        ends_handle_request() in stopping,
        close_ends_handle_request() in draining,
    }
    reactor_at_work: {
        works_from_everywhere() in stopping,
        closes_from_everywhere() in stopping,
        works_by_what_a_handler_has() in stopping,
        drains(3) in draining,
        forces(3) in draining,
        tells_drained_from_forced() in draining,
        may_become_impatient() in draining,
        close_waits(3) in draining,
        drop_waits() in draining,
    }
}

/// The same cases for children, in a process that has no threads but these.
#[test]
fn forking() {
    parity(&["shutdown-forking"]);
}

#[test]
fn prefork() {
    parity(&["shutdown-prefork"]);
}

/// What is open, running or waiting in this process is counted, so it is a process of its own.
#[test]
fn nothing_is_left() {
    for mixin in ["sequential", "threading", "pool", "forking", "prefork"] {
        parity(&["leftovers", mixin]);
    }
}
