//! A `setup` that asks its client something, and reads more than the answer: the first requests, which are its own client's and nobody else's.

use super::house::Client;
use crate::util::{Served, serve, wait_for};
use socketserver::{ReactorMixIn, prelude::*};
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

/// Asks for a name, and answers by it. `nobody` is turned away when the name has been heard, and at `clumsy` it panics.
#[derive(Default)]
struct Members {
    name: String,
}
impl KeepAliveRequestHandler for Members {
    fn setup(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        cx.handshake(|cx| Ok(cx.rfile.read_line(&mut self.name)?))?;
        match self.name.trim_end() {
            "nobody" => {
                cx.wfile.write_all(b"go away\n")?;
                Err("not a member".into())
            }
            "clumsy" => {
                cx.wfile.write_all(b"one moment\n")?;
                panic!("as told")
            }
            _ => Ok(()),
        }
    }
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        write!(cx.wfile, "{} says {line}", self.name.trim_end())?;
        match line.as_str() {
            "quit\n" => Ok(KeepAlive::No),
            "fail\n" => Err("as told".into()),
            "panic\n" => panic!("as told"),
            _ => Ok(KeepAlive::Yes),
        }
    }
}

/// With one thread for all that goes on at the same time: they share its buffers.
fn members() -> Served<ReactorTcpServer<Members>> {
    let mixin = ReactorMixIn::default().workers(1);
    serve(ReactorTcpServer::<Members>::builder().mixin(mixin).bind("127.0.0.1:0").unwrap())
}

#[test]
fn requests_that_came_with_the_answer_are_served_and_nobody_else_sees_them() {
    let server = members();
    let [mut alice, mut bob] = [(); 2].map(|()| Client::connect(server.server_address()));
    bob.send("bob\n");
    wait_for("both to wait, one of them for her name", || server.mixin().parked() == 1);
    alice.send("alice\nsecret\nanother\nha");
    assert_eq!(alice.hear(), "alice says secret", "nothing else arrives, and it is served");
    assert_eq!(alice.hear(), "alice says another");
    assert_eq!(bob.ask("hello"), "bob says hello");
    assert_eq!(alice.ask("lf"), "alice says half");
    wait_for("both to wait", || server.mixin().parked() == 2);
}

/// Whatever became of who had the buffers before, the next one finds nothing in them: neither to read nor to send.
#[test]
fn nothing_of_a_client_is_left_to_the_next_however_it_ends() {
    let server = members();
    let mut good = Client::connect(server.server_address());
    good.send("good\n");
    for end in ["nobody\n", "clumsy\n", "x\nquit\n", "x\nfail\n", "x\npanic\n"] {
        let mut bad = Client::connect(server.server_address());
        bad.send(&format!("{end}secret\nsecret\n"));
        while bad.try_hear().is_ok_and(|line| !line.is_empty()) {}
        assert_eq!(good.ask("hello"), "good says hello", "after {end:?}");
        let mut next = Client::connect(server.server_address());
        next.send("next\n");
        assert_eq!(next.ask("hello"), "next says hello", "after {end:?}");
    }
}

/// It is not an idle connection, though nothing arrives on it.
#[test]
fn a_request_that_came_with_the_answer_is_served_by_a_shutdown() {
    /// Whether a client is in `setup`.
    #[derive(Default)]
    struct Inside(AtomicBool);
    impl ServerHooks<Tcp> for Inside {}
    #[derive(Default)]
    struct Late;
    impl KeepAliveRequestHandler<Inside> for Late {
        fn setup(&mut self, cx: &mut StreamContext<'_, Inside>) -> HandlerResult {
            cx.rfile.read_line(&mut String::new())?;
            cx.server.state().0.store(true, SeqCst);
            wait_for("the server to be told to stop", || cx.server.is_draining());
            Ok(())
        }
        fn handle_one_request(&mut self, cx: &mut StreamContext<'_, Inside>) -> HandlerResult<KeepAlive> {
            let mut line = String::new();
            cx.rfile.read_line(&mut line)?;
            cx.wfile.write_all(line.as_bytes())?;
            Ok(KeepAlive::Yes)
        }
    }
    let server = ReactorTcpServer::<Late, Inside>::builder().mixin(ReactorMixIn::default().workers(1));
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    let mut client = Client::connect(server.server_address());
    client.send("name\nfirst\nsecond\n");
    wait_for("it to be in setup", || server.state().0.load(SeqCst));
    server.handle().request_shutdown();
    assert_eq!((client.hear(), client.hear()), ("first".into(), "second".into()));
    client.expect_end();
}
