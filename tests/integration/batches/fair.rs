//! Where several receive, none holds what another could serve.

use super::{DIGITS, client, queue, reply};
use crate::util::{GUARD, serve};
use socketserver::{MixIn, Runs, ThreadPoolMixIn, ThreadingMixIn, kind, prelude::*};
use std::sync::{Condvar, Mutex};

/// The first waits until all others have been served.
#[derive(Default)]
struct LastForFirst {
    others: Mutex<usize>,
    changed: Condvar,
}
impl ServerHooks<Udp> for LastForFirst {}

#[derive(Default)]
struct Handler;
impl DatagramRequestHandler<LastForFirst> for Handler {
    fn handle(&mut self, cx: &mut DatagramContext<'_, LastForFirst>) -> HandlerResult {
        let LastForFirst { others, changed } = cx.server.state();
        if cx.packet == DIGITS[0].as_bytes() {
            let wait =
                changed.wait_timeout_while(others.lock().unwrap(), GUARD, |others| *others < 9).unwrap();
            assert!(!wait.1.timed_out(), "the others are not held up");
        } else {
            *others.lock().unwrap() += 1;
            changed.notify_all();
        }
        Ok(cx.wfile.write_all(cx.packet)?)
    }
}

fn is_fair(mixin: impl MixIn + Runs<kind::Datagram>) {
    let server = UdpServer::<Handler, _, LastForFirst>::builder().mixin(mixin).bind("127.0.0.1:0").unwrap();
    let client = client();
    queue(&client, server.server_address(), DIGITS);
    let _server = serve(server);
    let mut replies = DIGITS.map(|_| reply(&client));
    replies.sort();
    assert_eq!(replies, DIGITS);
}

#[test]
fn a_worker_that_is_busy_holds_up_no_datagram_that_another_could_serve() {
    is_fair(ThreadPoolMixIn::default().workers(2));
}

#[test]
fn a_thread_that_is_busy_holds_up_no_datagram() {
    is_fair(ThreadingMixIn::default());
}
