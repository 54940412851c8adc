//! A server on a thread of its own.

use socketserver::BaseServer;
use std::{sync::Arc, thread};

/// Stopped and joined when dropped.
pub(crate) struct Served<S: BaseServer + 'static> {
    pub(crate) server: Arc<S>,
    thread: Option<thread::JoinHandle<()>>,
}

pub(crate) fn serve<S: BaseServer + 'static>(server: S) -> Served<S> {
    let server = Arc::new(server);
    let thread = thread::spawn({
        let server = server.clone();
        move || server.serve_forever().expect("nothing ends it")
    });
    Served { server, thread: Some(thread) }
}

impl<S: BaseServer + 'static> Drop for Served<S> {
    fn drop(&mut self) {
        self.server.handle().request_shutdown();
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the loop doesn't panic");
        }
    }
}
