//! What a server says when it can't be made, and what it reports by default.

use crate::{
    clients::{connect, visit},
    subject,
    util::{Recorder, logged, serve, tool, wait_for},
};
use socketserver::{Outcome, prelude::*};
use std::{error::Error as _, fs, io, os::unix::fs::PermissionsExt, process::Command, time::Duration};

#[derive(Default)]
struct Obey;
impl StreamRequestHandler for Obey {
    fn handle(&mut self, cx: &mut StreamContext<'_>) -> HandlerResult {
        let mut word = String::new();
        cx.rfile.read_line(&mut word)?;
        match word.trim() {
            "fail" => Err("as was asked".into()),
            "panic" => panic!("as was asked"),
            "gone" => Err(io::Error::from(io::ErrorKind::BrokenPipe).into()),
            "wait" => {
                cx.request.settimeout(Some(Duration::from_millis(1)));
                cx.rfile.read_line(&mut word)?;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}
impl DatagramRequestHandler for Obey {
    fn handle(&mut self, _: &mut DatagramContext<'_>) -> HandlerResult {
        Ok(())
    }
}

/// The text of an error, which is the same by Debug, so that a `main` that returns it prints a line for people.
#[track_caller]
fn says<T: std::fmt::Debug>(made: Result<T, ServerError>, expected: &str) -> ServerError {
    let error = made.expect_err("it can't be made");
    assert_eq!((error.to_string(), format!("{error:?}")), (expected.to_owned(), expected.to_owned()));
    error
}

#[test]
fn a_port_in_use_is_named() {
    let taken = TcpServer::<Obey>::bind("127.0.0.1:0").unwrap();
    let address = taken.server_address();
    let error = says(TcpServer::<Obey>::bind(address), &format!("bind {address}: address in use"));
    let source = error.source().unwrap().downcast_ref::<io::Error>().unwrap();
    assert_eq!(source.kind(), io::ErrorKind::AddrInUse);
    let ServerError::Bind { address: named, .. } = error else { panic!("{error}") };
    assert_eq!(named, address.to_string());
    says(TcpServer::<Obey>::bind(("localhost", address.port())), &format!("bind {address}: address in use"));

    let taken = UdpServer::<Obey>::bind("127.0.0.1:0").unwrap();
    let address = taken.server_address();
    says(UdpServer::<Obey>::bind(address), &format!("bind {address}: address in use"));
}

#[test]
fn an_address_of_nobody_here_is_named() {
    says(TcpServer::<Obey>::bind("192.0.2.1:80"), "bind 192.0.2.1:80: address not available");
}

#[test]
fn an_address_that_is_none_is_named_as_it_was_written() {
    says(TcpServer::<Obey>::bind("nowhere"), "resolve nowhere: invalid socket address");
    says(TcpServer::<Obey>::bind("127.0.0.1:99999"), "resolve 127.0.0.1:99999: invalid port value");
    let error = TcpServer::<Obey>::bind(("no such host", 80)).unwrap_err();
    assert!(error.to_string().starts_with("resolve (\"no such host\", 80): "), "{error}");
    assert!(matches!(error, ServerError::Resolve { .. }));
    let nothing: &[std::net::SocketAddr] = &[];
    says(TcpServer::<Obey>::bind(nothing), "resolve []: no address of the wanted family");
}

#[test]
fn a_path_that_cant_be_bound_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let text = path.display();
    let _taken = UnixStreamServer::<Obey>::bind(&path).unwrap();
    says(UnixStreamServer::<Obey>::bind(&path), &format!("bind {text}: address in use"));

    let long = folder.path().join("x".repeat(200));
    let error = UnixDatagramServer::<Obey>::bind(&long).unwrap_err();
    assert!(matches!(error, ServerError::Resolve { .. }));
    assert!(error.to_string().starts_with(&format!("resolve {}: ", long.display())), "{error}");
    assert!(!long.exists());

    let missing = folder.path().join("missing").join("s");
    says(UnixStreamServer::<Obey>::bind(&missing), &format!("bind {}: entity not found", missing.display()));
    says(UnixStreamServer::<Obey>::bind(""), "resolve : an unnamed socket can't be addressed");
}

/// What the subject says without the rights of root.
fn without_rights(arguments: &[&str]) -> Option<String> {
    let is_root = rustix::process::geteuid().is_root();
    let by = match is_root {
        true => vec![
            tool("setpriv")?.into_os_string(),
            "--bounding-set=-net_bind_service,-dac_override,-dac_read_search".into(),
        ],
        false => vec![],
    };
    Some(subject::start_under(&by, arguments).line())
}

#[test]
fn lacking_permission_is_said_plainly() {
    let open_from = fs::read_to_string("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap();
    if open_from.trim().parse().is_ok_and(|port: u16| port > 80) {
        if let Some(said) = without_rights(&["bind", "tcp", "127.0.0.1:80"]) {
            assert_eq!(said, "bind 127.0.0.1:80: permission denied");
        }
    } else {
        eprintln!("skipped: everybody may bind port 80 here");
    }

    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let path = folder.path().join("s").display().to_string();
    if let Some(said) = without_rights(&["bind", "unix", &path]) {
        assert_eq!(said, format!("bind {path}: permission denied"));
    }
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
}

/// 1,024 failures of each kind, in a process where nothing else opens descriptors.
#[test]
fn failing_to_bind_leaves_nothing_behind() {
    let output = Command::new(subject::PATH).arg("failed-binds").output().unwrap();
    let said = [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
    assert_eq!(said, ["nothing left behind\n", ""]);
}

#[test]
fn errors_are_logged_by_default_and_clients_that_go_away_are_not() {
    logged(""); // starts the recording
    let server = serve(ThreadingTcpServer::<Obey>::bind("127.0.0.1:0").unwrap());
    let mut cases = [
        ("fail", Some((log::Level::Error, "as was asked"))),
        ("panic", Some((log::Level::Error, "panicked: as was asked"))),
        ("wait", Some((log::Level::Warn, "read timed out"))),
        ("gone", None),
        ("good", None),
    ];
    for (count, (word, reported)) in (1..).zip(&mut cases) {
        let client = connect(server.server_address());
        let peer = client.getsockname().unwrap();
        client.sendall(format!("{word}\n").as_bytes()).unwrap();
        // It is open until the handler has ended, so that its port is nobody else's.
        wait_for("the end", || server.stats().accepted == count && server.stats().active == 0);
        let lines: Vec<_> = logged(&format!("from {peer}: "))
            .into_iter()
            .filter(|(level, _)| *level < log::Level::Info)
            .collect();
        let expected = reported.map(|(level, text)| (level, format!("request from {peer}: {text}")));
        assert_eq!(lines, Vec::from_iter(expected), "{word}");
    }
}

#[test]
fn disconnects_are_outcomes_and_not_errors() {
    use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
    #[derive(Default)]
    struct Errors(AtomicUsize);
    impl ServerHooks<Tcp> for Errors {
        fn handle_error(&self, _: &std::net::SocketAddr, _: &socketserver::HandlerError) {
            self.0.fetch_add(1, SeqCst);
        }
    }
    #[derive(Default)]
    struct Gone;
    impl StreamRequestHandler<Errors> for Gone {
        fn handle(&mut self, cx: &mut StreamContext<'_, Errors>) -> HandlerResult {
            let mut number = String::new();
            cx.rfile.read_line(&mut number)?;
            use io::ErrorKind::*;
            let kind =
                [BrokenPipe, ConnectionReset, ConnectionAborted, UnexpectedEof][number.parse::<usize>()?];
            // Handlers wrap what they get.
            Err(io::Error::other(io::Error::from(kind)).into())
        }
    }
    let recorder = Recorder::default();
    let server = TcpServer::<Gone, socketserver::Sequential, Errors>::builder().observer(recorder.clone());
    let server = serve(server.bind("127.0.0.1:0").unwrap());
    for number in ["0", "1", "2", "3"] {
        visit(server.server_address(), number.as_bytes());
    }
    wait_for("the ends", || recorder.outcomes().len() == 4);
    use Outcome::{Disconnected, Failed};
    assert_eq!(recorder.outcomes(), [Disconnected, Disconnected, Disconnected, Failed]);
    assert_eq!(server.state().0.load(SeqCst), 1);
}
