//! The chat: messages reach the others, and nobody can spoil it for them.

use super::{
    client_process::{ClientProcess, output_of},
    server_process::ServerProcess,
    sockets::connect,
};
use crate::util::{GUARD, tool};
use socket2::{Domain, Socket, Type};
use std::{
    io::{BufRead, BufReader, Read, Write},
    process::Command,
    thread,
    time::Instant,
};

fn chat() -> ServerProcess {
    ServerProcess::start("shared-state-chat", &["127.0.0.1:0"])
}

/// A program in the room: nc, or what is given. It is in when it has been told who is.
fn join(mut command: Command, number: usize) -> ClientProcess {
    command.env("LC_ALL", "C");
    let mut member = ClientProcess::start(command);
    member.say("/who");
    let who = member.hears().expect("an answer");
    assert!(who.starts_with("in the room: ") && who.contains(&format!("guest {number} ")), "{who}");
    member
}

fn nc(server: &ServerProcess, from: &str) -> Option<Command> {
    let mut command = Command::new(tool("nc")?);
    command.args(["-s", from, "127.0.0.1", &server.port()]);
    Some(command)
}

#[test]
fn what_one_says_the_others_hear() {
    let server = chat();
    let (Some(nc), Some(socat)) = (nc(&server, "127.0.0.1"), tool("socat")) else { return };
    let mut one = join(nc, 1);
    let mut socat = Command::new(socat);
    socat.args(["-", &format!("TCP:{}", server.address)]);
    let mut two = join(socat, 2);
    let mut three = connect(&server.address);
    three.write_all(b"hello from the third\n").expect("the server reads");

    assert_eq!(one.hears().as_deref(), Some("guest 2: has come"));
    for member in [&one, &two] {
        assert_eq!(member.hears().as_deref(), Some("guest 3: has come"));
        assert_eq!(member.hears().as_deref(), Some("guest 3: hello from the third"));
    }
    one.say("hello from the first");
    assert_eq!(two.hears().as_deref(), Some("guest 1: hello from the first"));
    two.say("goodbye");
    two.say("/quit");
    assert_eq!(two.hears(), None, "who quits is let go");
    assert_eq!(one.hears().as_deref(), Some("guest 2: goodbye"), "and didn't hear herself");
    assert_eq!(one.hears().as_deref(), Some("guest 2: has gone"));
    server.stop();
}

#[test]
fn who_has_half_closed_is_still_answered() {
    let server = chat();
    let Some(mut nc) = nc(&server, "127.0.0.1") else { return };
    nc.arg("-N");
    let output = output_of(nc, b"/who\n");
    assert!(output.starts_with("in the room: guest 1 (127.0.0.1:"), "{output}");
    server.stop();
}

#[test]
fn who_is_banned_is_turned_out_and_not_let_in_again() {
    let server = chat();
    let (Some(nc1), Some(socat)) = (nc(&server, "127.0.0.1"), tool("socat")) else { return };
    let mut host = join(nc1, 1);
    let mut from_elsewhere = Command::new(socat);
    from_elsewhere.args(["-", &format!("TCP:{},bind=127.0.0.2", server.address)]);
    let rude = join(from_elsewhere, 2);
    assert_eq!(host.hears().as_deref(), Some("guest 2: has come"));
    host.say("/ban nobody");
    assert_eq!(host.hears().as_deref(), Some("/ban wants an IP address"));
    host.say("/ban 127.0.0.2");
    assert_eq!(rude.hears(), None);
    assert_eq!(host.hears().as_deref(), Some("guest 2: has gone"));

    let again = output_of(nc(&server, "127.0.0.2").expect("it was there"), b"");
    assert_eq!(again, "", "the connection is closed at once");
    let polite = join(nc(&server, "127.0.0.3").expect("it was there"), 3);
    assert_eq!(host.hears().as_deref(), Some("guest 3: has come"), "the refused one was nobody");
    drop(polite);
    server.stop();
}

#[test]
fn who_comes_when_the_room_is_full_is_told_so() {
    let server = chat();
    let members: Vec<Socket> = (0..100).map(|_| connect(&server.address)).collect();
    let mut told = String::new();
    connect(&server.address).read_to_string(&mut told).expect("an orderly end");
    assert_eq!(told, "the room is full\n");
    drop(members);
    server.stop();
}

#[test]
fn who_never_reads_is_shown_the_door() {
    let server = chat();
    let speaker = connect(&server.address);
    let mut heard = BufReader::new(speaker.try_clone().expect("a descriptor"));
    let mut hears = move || {
        let mut line = String::new();
        heard.read_line(&mut line).expect("there is something to hear");
        line
    };
    (&speaker).write_all(b"/who\n").expect("the server reads");
    assert!(hears().starts_with("in the room: guest 1 "));
    let deaf = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    deaf.set_recv_buffer_size(4096).expect("a valid size"); // so that less is enough
    deaf.connect(&server.inet().into()).expect("the server listens");
    assert_eq!(hears(), "guest 2: has come\n");

    let gone = thread::spawn(hears);
    let (end, text) = (Instant::now() + GUARD, [b"x".repeat(900), b"\n".to_vec()].concat());
    while !gone.is_finished() {
        (&speaker).write_all(&text).expect("the server reads on");
        assert!(Instant::now() < end, "the deaf one holds the room up");
    }
    assert_eq!(gone.join().expect("it read a line"), "guest 2: has gone\n");
    server.stop();
}

#[test]
fn what_could_play_tricks_on_a_terminal_is_left_out_and_long_lines_are_cut() {
    let server = chat();
    let mut listener = connect(&server.address);
    listener.write_all(b"/who\n").expect("the server reads");
    let mut heard = BufReader::new(listener);
    let mut line = String::new();
    heard.read_line(&mut line).expect("an answer");

    let mut speaker = connect(&server.address);
    speaker.write_all(b"a\x1b[2Jb\r\n\xff\n").expect("the server reads");
    speaker.write_all(&b"x".repeat(1500)).expect("the server reads");
    drop(speaker);
    let lines: Vec<_> = heard.lines().take(6).map(|line| line.expect("a line")).collect();
    let x = |count| format!("guest 2: {}", "x".repeat(count));
    let expected =
        ["guest 2: has come", "guest 2: a[2Jb", "guest 2: \u{fffd}", &x(1000), &x(500), "guest 2: has gone"];
    assert_eq!(lines, expected);
    server.stop();
}
