//! Threads, one a request, in a process of its own: what happens when there are none to be had.

use socketserver::{HandlerError, prelude::*};
use std::{
    error::Error,
    net::{Shutdown, SocketAddr},
    sync::Mutex,
    thread,
};

#[derive(Default)]
struct Echo;
impl StreamRequestHandler<Errors> for Echo {
    fn handle(&mut self, cx: &mut StreamContext<'_, Errors>) -> HandlerResult {
        let mut all = Vec::new();
        cx.rfile.read_to_end(&mut all)?;
        Ok(cx.wfile.write_all(&all)?)
    }
}

#[derive(Default)]
struct Errors(Mutex<Vec<String>>);
impl ServerHooks<Tcp> for Errors {
    fn handle_error(&self, _client_address: &SocketAddr, error: &HandlerError) {
        self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(error.to_string());
    }
}

/// To be run where this thread can't start its second: that of the first request.
pub(crate) fn scarce() -> Result<(), Box<dyn Error>> {
    let server = ThreadingTcpServer::<Echo, Errors>::bind("127.0.0.1:0")?;
    let address = server.server_address();
    let answers = thread::scope(|scope| {
        let handle = server.handle();
        let client = scope.spawn(move || {
            let answers = [ask(address), ask(address)];
            handle.request_shutdown();
            answers
        });
        server.serve_forever()?;
        client.join().map_err(|_| ServerError::Closed)
    })?;
    server.server_close(); // the second request may be at its very end
    let errors = server.state().0.lock().map_err(|_| "poisoned")?.clone();
    let stats = server.stats();
    println!("{answers:?} {errors:?} accepted {} active {}", stats.accepted, stats.active);
    Ok(())
}

/// What comes back for a word; nothing, if the connection is just closed.
fn ask(address: SocketAddr) -> String {
    let mut answer = String::new();
    let Ok(client) = TcpStream::connect(address) else { return "not connected".into() };
    let _ = client.sendall(b"hello"); // it may be closed by now
    let _ = client.shutdown(Shutdown::Write);
    let _ = (&client).read_to_string(&mut answer);
    answer
}
