//! After `server_close`, or when the server is dropped, a reactor leaves no thread and no descriptor, whoever was connected.

use crate::util::{fd_count, serve_shared, thread_count, wait_for};
use socketserver::{ReactorMixIn, prelude::*};
use std::{io::BufReader, net, sync::Arc, time::Duration};

#[derive(Default)]
struct Echo;
impl KeepAliveRequestHandler for Echo {
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        cx.wfile.write_all(line.as_bytes())?;
        Ok(KeepAlive::Yes)
    }
}

type EchoServer = ReactorTcpServer<Echo>;

pub(crate) fn run() {
    let before = (fd_count(), thread_count());
    let lives: [fn(&Arc<EchoServer>); 3] = [|_| {}, close_while_serving, shut_down_first];
    for live in lives {
        for closes in [true, false] {
            let mixin = ReactorMixIn::default().workers(3);
            let server = Arc::new(EchoServer::builder().mixin(mixin).bind("127.0.0.1:0").unwrap());
            live(&server);
            if closes {
                server.server_close();
                assert_eq!(fd_count(), before.0);
                wait_for("the threads to go", || thread_count() == before.1);
            }
            drop(server);
            assert_eq!(fd_count(), before.0);
            wait_for("the threads to go", || thread_count() == before.1);
        }
    }
}

/// Clients that wait, have sent half a request, or have gone.
fn visit(server: &EchoServer) -> Vec<net::TcpStream> {
    let mut clients: Vec<_> =
        (0..9).map(|_| net::TcpStream::connect(server.server_address()).unwrap()).collect();
    for client in &mut clients {
        client.write_all(b"hello\n").unwrap();
        BufReader::new(client).read_line(&mut String::new()).unwrap();
    }
    clients.iter_mut().step_by(3).for_each(|client| client.write_all(b"hal").unwrap());
    wait_for("them to be within a request", || server.mixin().parked() == 6);
    clients.pop();
    wait_for("it to be gone", || server.stats().active == 8);
    clients
}

fn close_while_serving(server: &Arc<EchoServer>) {
    let served = serve_shared(server.clone());
    let mut clients = visit(server);
    let closing = std::thread::spawn({
        let server = server.clone();
        move || server.server_close()
    });
    wait_for("the server to close", || server.handle().is_draining());
    clients.iter_mut().step_by(3).for_each(|client| client.write_all(b"f\n").unwrap());
    closing.join().unwrap();
    served.join().unwrap();
}

fn shut_down_first(server: &Arc<EchoServer>) {
    let served = serve_shared(server.clone());
    let _clients = visit(server);
    let report = server.handle().shutdown(Duration::ZERO);
    assert!(report.forced >= 3, "{report:?}");
    served.join().unwrap();
}
