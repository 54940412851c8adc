use crate::util::{both, cause, key, pair, take};
use proptest::prelude::*;
use socketserver_auth::AuthError;
use socketserver_auth::mutual::{Client, Server, Session};
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};
use std::thread;

const HELLO: usize = 40;
const ANSWER: usize = 64;
const VERDICT: usize = 33;

type Outcome = Result<Session, AuthError>;

fn serve(stream: &mut TcpStream) -> Outcome {
    Server::new(key("k")).handshake(stream)
}

fn connect(stream: &mut TcpStream) -> Outcome {
    Client::new(key("k")).handshake(stream)
}

/// A genuine handshake through somebody in the middle, who notes the three messages and may change them.
fn through(middle: impl Fn(usize, Vec<u8>) -> Vec<u8>) -> ([Vec<u8>; 3], Outcome, Outcome) {
    let (mut client, mut to_client) = pair();
    let (mut to_server, mut server) = pair();
    thread::scope(|scope| {
        let client = scope.spawn(move || connect(&mut client));
        let server = scope.spawn(move || serve(&mut server));
        let mut pass = |index, from: bool, length| {
            let (source, sink) =
                if from { (&mut to_server, &mut to_client) } else { (&mut to_client, &mut to_server) };
            let mut message = vec![0; length];
            match source.read_exact(&mut message) {
                Ok(()) => {
                    let _ = sink.write_all(&middle(index, message.clone()));
                }
                Err(_) => drop(sink.shutdown(Shutdown::Write)),
            }
            message
        };
        let messages = [pass(0, true, HELLO), pass(1, false, ANSWER), pass(2, true, VERDICT)];
        (messages, client.join().unwrap(), server.join().unwrap())
    })
}

#[test]
fn a_relay_that_changes_nothing_is_not_noticed() {
    let (_, client, server) = through(|_, message| message);
    assert_eq!(client.unwrap().export("x").expose(), server.unwrap().export("x").expose());
}

#[test]
fn a_replayed_answer_fails_in_another_session() {
    let ([_, answer, _], ..) = through(|_, message| message);
    let (_, server) = both(
        |stream| {
            take(stream, HELLO);
            stream.write_all(&answer).unwrap();
            take(stream, VERDICT)
        },
        |stream| cause(serve(stream)),
    );
    assert_eq!(server, "WrongProof");
}

#[test]
fn a_replayed_server_fails_against_a_new_client() {
    let ([hello, _, verdict], ..) = through(|_, message| message);
    let (client, _) = both(
        |stream| cause(connect(stream)),
        |stream| {
            stream.write_all(&hello).unwrap();
            take(stream, ANSWER);
            stream.write_all(&verdict).unwrap();
        },
    );
    assert_eq!(client, "WrongProof");
}

#[test]
fn a_clients_own_proof_reflected_as_the_servers_fails() {
    let (client, _) = both(
        |stream| cause(connect(stream)),
        |stream| {
            stream.write_all(b"SSAUTH\x00\x01").unwrap();
            stream.write_all(&[9; 32]).unwrap();
            let answer = take(stream, ANSWER);
            stream.write_all(&[1]).unwrap();
            stream.write_all(&answer[32..]).unwrap();
        },
    );
    assert_eq!(client, "WrongProof");
}

#[test]
fn a_servers_challenge_reflected_as_the_clients_nonce_gains_nothing() {
    let (_, server) = both(
        |stream| {
            let hello = take(stream, HELLO);
            stream.write_all(&hello[8..]).unwrap();
            stream.write_all(&hello[8..]).unwrap();
        },
        |stream| cause(serve(stream)),
    );
    assert_eq!(server, "WrongProof");
}

#[test]
fn a_challenge_taken_to_a_client_of_another_service_gains_nothing() {
    // The attacker has the victim answer the true server's challenge, under the victim's own context.
    let (mut victim, mut false_server) = pair();
    let client = thread::spawn(move || Client::new(key("k")).context("mail").handshake(&mut victim).is_err());
    let (_, server) = both(
        |stream| {
            let hello = take(stream, HELLO);
            false_server.write_all(&hello).unwrap();
            stream.write_all(&take(&mut false_server, ANSWER)).unwrap();
        },
        |stream| cause(Server::new(key("k")).context("billing").handshake(stream)),
    );
    drop(false_server);
    assert_eq!(server, "WrongProof");
    assert!(client.join().unwrap());
}

#[test]
fn a_refused_client_is_told_so_and_no_more() {
    let (refusal, _) = both(
        |stream| {
            take(stream, HELLO);
            stream.write_all(&[0; ANSWER]).unwrap();
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).unwrap();
            rest
        },
        |stream| cause(serve(stream)),
    );
    assert_eq!(refusal, [0; VERDICT]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bit_of_the_handshake_can_be_changed(
        position in 0..HELLO + ANSWER + VERDICT,
        bit in 0..8_u32,
    ) {
        let flip = |index: usize, mut message: Vec<u8>| {
            let start = [0, HELLO, HELLO + ANSWER][index];
            if let Some(byte) = position.checked_sub(start).and_then(|at| message.get_mut(at)) {
                *byte ^= 1 << bit;
            }
            message
        };
        let (_, client, server) = through(flip);
        prop_assert!(client.is_err());
        // The server has nothing left to read when only its last message was changed.
        prop_assert_eq!(server.is_ok(), position >= HELLO + ANSWER);
    }
}
