//! The two halves of the handshake; each side does both, in its own order.

use super::message::{recv_bytes, send_bytes};
use super::policy::Policy;
use crate::wire::Wire;
use crate::{Cause, HandshakeStream, Key, random};

const CHALLENGE: &[u8] = b"#CHALLENGE#";
const WELCOME: &[u8] = b"#WELCOME#";
const FAILURE: &[u8] = b"#FAILURE#";

/// Random bytes in our challenges: `MESSAGE_LENGTH`.
const RANDOM: usize = 40;
/// Length of a challenge from CPython 3.11 and older, which names no digest.
const LEGACY_CHALLENGE: usize = 20;
/// Length of a bare HMAC-MD5.
const LEGACY_ANSWER: usize = 16;

/// A challenge of our own, without the word before it.
pub(super) fn new_challenge(policy: Policy) -> Result<Vec<u8>, Cause> {
    let mut challenge = format!("{{{}}}", policy.digest).into_bytes();
    challenge.extend_from_slice(&random::nonce::<RANDOM>()?);
    Ok(challenge)
}

/// Has the peer prove that it knows the key. CPython's `deliver_challenge`.
pub(super) fn deliver_challenge<S>(
    wire: &mut Wire<'_, S>,
    key: &Key,
    policy: Policy,
    challenge: &[u8],
) -> Result<(), Cause>
where
    S: HandshakeStream + ?Sized,
{
    send_bytes(wire, &[CHALLENGE, challenge].concat())?;
    match recv_bytes(wire).and_then(|answer| verify(key, policy, challenge, &answer)) {
        Ok(()) => send_bytes(wire, WELCOME),
        Err(cause) => {
            // The same word for every cause; and the failure counts, whether or not the peer still listens.
            let _ = send_bytes(wire, FAILURE);
            Err(cause)
        }
    }
}

/// Proves to the peer that we know the key. CPython's `answer_challenge`. `ours` is a challenge that this side has delivered,
/// which it won't answer.
pub(super) fn answer_challenge<S>(
    wire: &mut Wire<'_, S>,
    key: &Key,
    policy: Policy,
    ours: Option<&[u8]>,
) -> Result<(), Cause>
where
    S: HandshakeStream + ?Sized,
{
    let message = recv_bytes(wire)?;
    let challenge = message.strip_prefix(CHALLENGE).ok_or(Cause::Malformed("expected a challenge"))?;
    if ours == Some(challenge) {
        return Err(Cause::Reflected);
    }
    send_bytes(wire, &answer(key, policy, challenge)?)?;
    if recv_bytes(wire)? == WELCOME { Ok(()) } else { Err(Cause::Rejected) }
}

/// The answer to a challenge, in the form that its length asks for. CPython's `_create_response`.
pub(super) fn answer(key: &Key, policy: Policy, challenge: &[u8]) -> Result<Vec<u8>, Cause> {
    if challenge.len() < LEGACY_CHALLENGE {
        return Err(Cause::Malformed("challenge too short"));
    }
    if challenge.len() == LEGACY_CHALLENGE {
        return Ok(policy.legacy()?.mac(key, challenge));
    }
    let (digest, _) = policy.split(challenge)?;
    let mut answer = format!("{{{digest}}}").into_bytes();
    // Over the name too, so that nobody on the way can have us use a weaker one unnoticed.
    answer.extend_from_slice(&digest.mac(key, challenge));
    Ok(answer)
}

/// CPython's `_verify_challenge`.
pub(super) fn verify(key: &Key, policy: Policy, challenge: &[u8], answer: &[u8]) -> Result<(), Cause> {
    let (digest, tag) = match answer.len() {
        LEGACY_ANSWER => (policy.legacy()?, answer),
        _ => policy.split(answer)?,
    };
    if digest.verify(key, challenge, tag) { Ok(()) } else { Err(Cause::WrongProof) }
}
