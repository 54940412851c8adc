//! What only a mix-in of one's own does to requests: fails them, turns them away, drops them.

use crate::{
    clients::{connect, rest},
    util::{Recorder, Seen},
};
use socketserver::{Job, MixIn, Outcome, Refusal, Runs, Transport, prelude::*};
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

/// Runs none of them.
#[derive(Default)]
struct Unwilling(AtomicUsize);
impl<Kind> Runs<Kind> for Unwilling {}
impl MixIn for Unwilling {
    fn process_request<T: Transport, S: ServerHooks<T>>(&self, job: Job<T, S>) {
        match self.0.fetch_add(1, SeqCst) {
            0 => assert_eq!(job.fail("no thread"), Outcome::Failed),
            1 => job.reject(),
            2 => drop(job),
            _ => {
                let mut ticket = job.close();
                ticket.set_outcome(Outcome::InChild(Some(7)));
            }
        }
    }
}

#[test]
fn what_a_mixin_does_instead_of_running_is_told_once() {
    let recorder = Recorder::default();
    let closure = |cx: &mut StreamContext<'_>| Ok(cx.wfile.write_all(b"hello")?);
    let server = TcpServer::<socketserver::HandlerFn<_>, Unwilling>::builder()
        .handler_factory(move |_| socketserver::HandlerFn::new(closure))
        .observer(recorder.clone())
        .bind("127.0.0.1:0")
        .unwrap();
    let ends =
        [Outcome::Failed, Outcome::Refused(Refusal::QueueFull), Outcome::Dropped, Outcome::InChild(Some(7))];
    for (number, end) in (1..).zip(ends) {
        let client = connect(server.server_address());
        let peer = client.getsockname().unwrap().to_string();
        server.handle_request().unwrap();
        assert_eq!(rest(client), b"");
        let told = recorder.seen();
        assert_eq!(told[told.len() - 2..], [Seen::Started(number, peer), Seen::Ended(number, end, (0, 0))]);
    }
    assert_eq!(recorder.seen().len(), 8);
    let stats = server.stats();
    assert_eq!((stats.failed, stats.refused_by.queue_full, stats.dropped), (2, 1, 1));
}
