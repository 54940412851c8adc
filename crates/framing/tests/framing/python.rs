use socketserver_framing::{FrameReader, Framed, Header};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::process::{Child, Command, Stdio};

const FORMATS: &[(Header, &str)] = &[
    (Header::I32Native, "i"),
    (Header::U8, "B"),
    (Header::U16Le, "<H"),
    (Header::U16Be, "!H"),
    (Header::U32Le, "<I"),
    (Header::U32Be, "!I"),
    (Header::U64Le, "<Q"),
    (Header::U64Be, "!Q"),
    (Header::Multiprocessing, "multiprocessing"),
    (Header::Varint, "varint"),
];

/// Whether there is a Python; without one the test says so and passes, unless the environment insists.
fn python_is_here() -> bool {
    let found = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    if !found {
        let insist = std::env::var_os("SOCKETSERVER_REQUIRE_TOOLS").is_some_and(|value| value == "1");
        assert!(!insist, "python3 not found, and SOCKETSERVER_REQUIRE_TOOLS=1");
        eprintln!("python3 not found: nothing tested");
    }
    found
}

fn peer(mode: &str, argument: &str, stdin: Stdio) -> Child {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/framing/peer.py");
    let mut command = Command::new("python3");
    command.args([script, mode, argument]).stdin(stdin).stdout(Stdio::piped()).spawn().unwrap()
}

fn converse<S: Read + Write>(framed: &mut Framed<S>) {
    assert_eq!(framed.read_frame().unwrap(), Some(&b"python"[..]));
    for len in [0, 1, 127, 128, 255, 16_384, 16_385, 65_535, 1_000_000] {
        if len > framed.header().max_len() {
            continue;
        }
        let mut payload: Vec<u8> = (0..len).map(|i| (i * 7 % 251) as u8).collect();
        framed.write_frame(&payload).unwrap();
        payload.reverse();
        assert!(framed.read_frame().unwrap() == Some(&payload), "{:?} {len}", framed.header());
    }
}

#[test]
fn python_at_the_other_end_of_a_socket_pair() {
    if !python_is_here() {
        return;
    }
    for &(header, format) in FORMATS {
        let (ours, theirs) = UnixStream::pair().unwrap();
        let mut child = peer("stdin", format, OwnedFd::from(theirs).into());
        let mut framed = Framed::new(ours, header);
        converse(&mut framed);
        // A clean end on our side is one on theirs, and the other way round.
        framed.get_ref().shutdown(Shutdown::Write).unwrap();
        assert_eq!(framed.read_frame().unwrap(), None);
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn python_as_the_server() {
    if !python_is_here() {
        return;
    }
    for &(header, format) in FORMATS {
        let mut child = peer("listen", format, Stdio::null());
        let mut port = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut port).unwrap();
        let stream = TcpStream::connect(("127.0.0.1", port.trim().parse().unwrap())).unwrap();
        let mut framed = Framed::from_halves(BufReader::new(&stream), &stream, header);
        converse(&mut framed);
        stream.shutdown(Shutdown::Write).unwrap();
        assert_eq!(framed.read_frame().unwrap(), None);
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn python_agrees_about_the_header_of_2_gib() {
    if !python_is_here() {
        return;
    }
    let ours = Header::Multiprocessing.encode(1 << 31).unwrap();
    let hex: String = ours.iter().map(|byte| format!("{byte:02x}")).collect();
    let output = peer("long-header", &hex, Stdio::null()).wait_with_output().unwrap();
    assert_eq!(String::from_utf8(output.stdout).unwrap(), format!("{hex}\n{}\n", 1u64 << 31));
    // And the reader takes it, up to the payload.
    let mut reader = FrameReader::new(&ours[..], Header::Multiprocessing).with_max_len(1 << 31);
    assert_eq!(reader.read_stream().unwrap().unwrap().remaining(), 1 << 31);
}
