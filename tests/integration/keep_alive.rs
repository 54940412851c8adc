//! Keep-alive handlers: one request after another, replies that gather, an end between two requests.

use crate::{
    clients::{connect, rest},
    util::{Recorder, serve, wait_for},
};
use socketserver::{BaseServer, Outcome, ServerRef, prelude::*};
use std::{net::Shutdown, sync::Arc};

/// Echoes lines, counted; `quit` ends the connection.
#[derive(Default)]
struct Lines {
    count: usize,
}
impl KeepAliveRequestHandler for Lines {
    fn setup(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        Ok(cx.wfile.write_all(b"hello\n")?)
    }
    fn handle_one_request(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
        assert!(!cx.rfile.buffer().is_empty(), "its first byte is there");
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        if !line.ends_with('\n') {
            return Err(format!("cut off: {line}").into());
        }
        self.count += 1;
        write!(cx.wfile, "{} {line}", self.count)?;
        Ok(if line == "quit\n" { KeepAlive::No } else { KeepAlive::Yes })
    }
    fn finish(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        Ok(writeln!(cx.wfile, "goodbye after {}", self.count)?)
    }
}

/// The same on each mix-in that runs it in a loop.
fn on_each(test: impl Fn(TcpStream, &Recorder)) {
    for threaded in [false, true] {
        let recorder = Recorder::default();
        let observer = recorder.clone();
        let server: Arc<dyn BaseServer> = if threaded {
            Arc::new(ThreadingTcpServer::<Lines>::builder().observer(observer).bind("127.0.0.1:0").unwrap())
        } else {
            Arc::new(TcpServer::<Lines>::builder().observer(observer).bind("127.0.0.1:0").unwrap())
        };
        let server = crate::util::serve_shared(server);
        test(connect(server.server_address()), &recorder);
    }
}

/// The next bytes, in one receive.
fn receive(client: &TcpStream) -> String {
    let mut buf = [0; 100_000];
    let n = client.recv(&mut buf).unwrap();
    String::from_utf8(buf[..n].to_vec()).unwrap()
}

fn read_line(client: &mut TcpStream) -> String {
    let mut line = Vec::new();
    while line.last() != Some(&b'\n') {
        let mut byte = [0];
        client.read_exact(&mut byte).unwrap();
        line.push(byte[0]);
    }
    String::from_utf8(line).unwrap()
}

#[test]
fn setup_greets_before_the_client_says_anything() {
    on_each(|mut client, _| assert_eq!(read_line(&mut client), "hello\n"));
}

/// Nobody flushes; the handler is kept from one request to the next.
#[test]
fn a_reply_is_sent_when_the_input_has_run_dry() {
    on_each(|mut client, recorder| {
        read_line(&mut client);
        for count in 1..=3 {
            client.sendall(b"line\n").unwrap();
            assert_eq!(read_line(&mut client), format!("{count} line\n"));
        }
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(rest(client), b"goodbye after 3\n");
        wait_for("the end", || recorder.outcomes() == [Outcome::Completed]);
    });
}

#[test]
fn a_request_may_arrive_in_pieces() {
    on_each(|mut client, _| {
        read_line(&mut client);
        for byte in *b"line\n" {
            client.sendall(&[byte]).unwrap();
        }
        assert_eq!(read_line(&mut client), "1 line\n");
    });
}

#[test]
fn a_reply_doesnt_wait_for_the_rest_of_a_half_sent_request() {
    on_each(|mut client, _| {
        read_line(&mut client);
        client.sendall(b"one\ntw").unwrap();
        assert_eq!(read_line(&mut client), "1 one\n");
        client.sendall(b"o\n").unwrap();
        assert_eq!(read_line(&mut client), "2 two\n");
    });
}

#[test]
fn setup_may_ask_and_hear_the_answer() {
    #[derive(Default)]
    struct Login;
    impl KeepAliveRequestHandler for Login {
        fn setup(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
            cx.wfile.write_all(b"login: ")?;
            let mut name = String::new();
            cx.rfile.read_line(&mut name)?;
            Ok(write!(cx.wfile, "hello {name}")?)
        }
        fn handle_one_request(&mut self, _: &mut StreamContext<'_>) -> HandlerResult<KeepAlive> {
            Ok(KeepAlive::No)
        }
    }
    let server = serve(TcpServer::<Login>::bind("127.0.0.1:0").unwrap());
    let mut client = connect(server.server_address());
    client.read_exact(&mut [0; 7]).unwrap();
    client.sendall(b"me\n").unwrap();
    assert_eq!(read_line(&mut client), "hello me\n");
}

/// Ten requests in one packet: ten replies in one.
#[test]
fn replies_to_pipelined_requests_gather() {
    on_each(|mut client, _| {
        read_line(&mut client);
        client.sendall("line\n".repeat(10).as_bytes()).unwrap();
        let expected: String = (1..=10).map(|count| format!("{count} line\n")).collect();
        assert_eq!(receive(&client), expected, "one segment");
    });
}

#[test]
fn replies_that_outgrow_the_buffer_are_sent_before_the_input_runs_dry() {
    on_each(|client, _| {
        let line = "x".repeat(100) + "\n";
        let sender = std::thread::spawn({
            let (client, line) = (client.clone(), line.clone());
            move || {
                client.sendall(line.repeat(1000).as_bytes()).unwrap();
                client.shutdown(Shutdown::Write).unwrap();
            }
        });
        let answer = String::from_utf8(rest(client)).unwrap();
        sender.join().unwrap();
        assert_eq!(answer.lines().count(), 1002);
        assert!(answer.ends_with("x\ngoodbye after 1000\n"));
    });
}

#[test]
fn the_end_of_input_between_two_requests_is_a_normal_end() {
    on_each(|client, recorder| {
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(rest(client), b"hello\ngoodbye after 0\n");
        wait_for("the end", || recorder.outcomes() == [Outcome::Completed]);
    });
}

#[test]
fn the_end_of_input_within_a_request_is_for_the_handler_to_judge() {
    on_each(|client, recorder| {
        client.sendall(b"one\ntw").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        assert_eq!(rest(client), b"hello\n1 one\ngoodbye after 1\n", "what was answered is sent");
        wait_for("the end", || recorder.outcomes() == [Outcome::Failed]);
    });
}

#[test]
fn a_request_can_be_the_last() {
    on_each(|client, recorder| {
        client.sendall(b"one\nquit\nthree\n").unwrap();
        assert_eq!(rest(client), b"hello\n1 one\n2 quit\ngoodbye after 2\n");
        wait_for("the end", || recorder.outcomes() == [Outcome::Completed]);
    });
}

/// Until the last of what has been read is handled, nothing is sent.
#[test]
fn nothing_is_sent_between_pipelined_requests() {
    let server = TcpServer::<_>::bind_fn("127.0.0.1:0", |cx: &mut StreamContext<'_>| {
        let _: ServerRef<'_, ()> = cx.server;
        let mut line = String::new();
        cx.rfile.read_line(&mut line)?;
        writeln!(cx.wfile, "{}", cx.request.traffic().bytes_out)?;
        Ok(KeepAlive::Yes)
    });
    let server = serve(server.unwrap());
    let mut client = connect(server.server_address());
    client.sendall(b"a\nb\nc\n").unwrap();
    assert_eq!([(); 3].map(|()| read_line(&mut client)), ["0\n"; 3]);
    client.sendall(b"d\n").unwrap();
    assert_eq!(read_line(&mut client), "6\n");
}
