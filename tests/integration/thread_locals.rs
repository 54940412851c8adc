//! Threads whose values, left in thread-locals by user code, take their time to be dropped: nobody waits for that but who closes the server.

use crate::{
    clients::Client,
    util::{GUARD, ThreadId, serve, wait_for},
};
use socketserver::{MixIn, Runs, Server, ThreadPoolMixIn, ThreadingMixIn, kind, prelude::*};
use std::{
    cell::RefCell,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Duration,
};

/// What happens when a thread's value is dropped.
#[derive(Clone)]
struct Plan {
    begins: Sender<()>,
    /// To be had when it may end.
    may_end: Arc<Mutex<Receiver<()>>>,
    ended: Arc<AtomicUsize>,
}

struct Lingers(Plan);

impl Drop for Lingers {
    fn drop(&mut self) {
        let _ = self.0.begins.send(());
        let _ = self.0.may_end.lock().unwrap_or_else(|it| it.into_inner()).recv_timeout(GUARD);
        self.0.ended.fetch_add(1, SeqCst);
    }
}

thread_local! { static LEFT_BEHIND: RefCell<Option<Lingers>> = const { RefCell::new(None) }; }

/// Who says "leave" leaves a value behind; any line is answered.
struct Echo(Plan);
impl StreamRequestHandler for Echo {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        let mut line = String::new();
        while cx.rfile.read_line(&mut line)? > 0 {
            if line == "leave\n" {
                LEFT_BEHIND.with(|it| it.replace(Some(Lingers(self.0.clone()))));
            }
            cx.wfile.write_all(line.as_bytes())?;
            line.clear();
        }
        Ok(())
    }
}

/// `threads` is how many there are.
fn nobody_waits<M: MixIn + Runs<kind::Stream>>(mixin: M, threads: fn(&M) -> usize) {
    let (begins, begun) = channel();
    let (end, may_end) = channel();
    let plan = Plan { begins, may_end: Arc::new(Mutex::new(may_end)), ended: Arc::default() };
    let ended = plan.ended.clone();
    let server = Server::<Tcp, Echo, M>::builder()
        .mixin(mixin)
        .handler_factory(move |_: &socketserver::Context<'_, TcpStream>| Echo(plan.clone()));
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    // Two at once, so that there is a thread more than the pool keeps.
    let mut both = [(); 2].map(|()| Client::connect(server.server_address()));
    both.iter_mut().for_each(|client| assert_eq!(client.ask("leave"), "leave"));
    both.into_iter().for_each(Client::leave);
    begun.recv_timeout(GUARD).expect("a thread ends");

    // It is at its end, and stays there. Others come, for whom new threads are started.
    let mut both = [(); 2].map(|()| Client::connect(server.server_address()));
    both.iter_mut().for_each(|client| assert_eq!(client.ask("hello"), "hello"));
    both.into_iter().for_each(Client::leave);
    assert!(threads(server.mixin()) >= 1);
    assert_eq!(ended.load(SeqCst), 0);

    server.handle().shutdown(GUARD);
    let (tell, told) = channel();
    let closes = thread::spawn({
        let (server, ended) = ((*server).clone(), ended.clone());
        move || {
            tell.send(ThreadId::mine()).unwrap();
            server.server_close();
            ended.load(SeqCst)
        }
    });
    let closer = told.recv().unwrap();
    wait_for("who closes to wait", || closer.is_asleep() || closes.is_finished());
    for _ in 0..2 {
        end.send(()).unwrap();
    }
    assert_eq!(closes.join().unwrap(), 2, "both had come to their end when the server was closed");
}

#[test]
fn no_client_waits_for_a_thread_that_ends() {
    let idle_time = Duration::from_millis(1);
    nobody_waits(ThreadingMixIn::default().idle_time(idle_time), ThreadingMixIn::threads);
    let pool = ThreadPoolMixIn::default().min_workers(1).max_workers(2).idle_time(idle_time);
    nobody_waits(pool, ThreadPoolMixIn::threads);
}
