//! A forking server whose observer and whose hook ask it for its children, whenever they are called.

use socketserver::{Event, ForkingMixIn, Observer, Server, prelude::*};
use std::{error::Error, process, sync::OnceLock, thread, time::Duration};

static SERVER: OnceLock<Server<Tcp, Hello, ForkingMixIn, Asks>> = OnceLock::new();
static PARENT: OnceLock<u32> = OnceLock::new();

/// The parent says how many children there are. The children have none.
fn ask(when: &str) {
    if let Some(children) = children()
        && PARENT.get() == Some(&process::id())
    {
        println!("{when} {children}");
    }
}

fn children() -> Option<usize> {
    SERVER.get().map(|server| server.mixin().active_children().len())
}

struct Asks;

impl Observer for Asks {
    fn event(&self, event: &Event<'_>) {
        match event {
            Event::ConnectionStarted { .. } => ask("started"),
            Event::ConnectionEnded { .. } => ask("ended"),
            _ => {}
        }
    }
}

impl ServerHooks<Tcp> for Asks {
    fn close_request(&self, request: TcpStream) {
        // The child comes to its end before its parent has done with the request.
        while PARENT.get() == Some(&process::id()) && children() != Some(0) {
            thread::sleep(Duration::from_millis(1));
        }
        ask("closed");
        drop(request);
    }
}

#[derive(Default)]
struct Hello;
impl StreamRequestHandler<Asks> for Hello {
    fn handle(&mut self, cx: &mut StreamContext<'_, Asks>) -> HandlerResult {
        Ok(cx.wfile.write_all(b"hello")?)
    }
}

/// Serves until SIGTERM.
pub(crate) fn serve() -> Result<(), Box<dyn Error>> {
    let server = Server::<Tcp, Hello, ForkingMixIn, Asks>::builder().state(Asks).observer(Asks);
    let server = server.poll_interval(None).bind("127.0.0.1:0")?;
    let _ = PARENT.set(process::id());
    let _signals = server.shutdown_on_signals(Duration::from_secs(60))?;
    println!("serving {}", server.server_address());
    let server = SERVER.get_or_init(|| server);
    server.serve_forever()?;
    server.server_close();
    let stats = server.stats();
    println!("accepted {} completed {} active {}", stats.accepted, stats.completed, stats.active);
    Ok(())
}
