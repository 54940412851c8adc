//! The proofs and keys: what is bound into which MAC. Pure functions of the key and both nonces.

use crate::Key;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use zeroize::Zeroizing;

/// Opens the server's first message: a name and a version.
pub(super) const MAGIC: [u8; 8] = *b"SSAUTH\x00\x01";
pub(super) const NONCE: usize = 32;
pub(super) const PROOF: usize = 32;
/// Length of the server's first message.
pub(super) const HELLO: usize = MAGIC.len() + NONCE;
/// Length of the client's only message.
pub(super) const ANSWER: usize = NONCE + PROOF;
/// Length of the server's second message, whether it accepts or refuses.
pub(super) const VERDICT: usize = 1 + PROOF;
pub(super) const ACCEPTED: u8 = 1;
pub(super) const REFUSED: u8 = 0;

const LABEL: &[u8] = b"socketserver-auth mutual v1";

/// A MAC under way. It keeps parts apart by their lengths, so that no two lists of parts give the same bytes.
#[derive(Clone)]
pub(super) struct Parts(Hmac<Sha256>);

impl Parts {
    pub(super) fn keyed(key: &[u8]) -> Self {
        Self(<Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("HMAC takes a key of any length"))
    }

    pub(super) fn part(mut self, part: &[u8]) -> Self {
        self.0.update(&(part.len() as u64).to_be_bytes());
        self.0.update(part);
        self
    }

    pub(super) fn finish(self) -> [u8; PROOF] {
        self.0.finalize().into_bytes().into()
    }

    /// Compares in constant time.
    pub(super) fn matches(self, tag: &[u8]) -> bool {
        self.0.verify_slice(tag).is_ok()
    }
}

/// What both sides know once the nonces are exchanged.
pub(super) struct Transcript<'a> {
    pub(super) key: &'a Key,
    pub(super) context: &'a [u8],
    pub(super) server_nonce: &'a [u8; NONCE],
    pub(super) client_nonce: &'a [u8; NONCE],
}

impl Transcript<'_> {
    pub(super) fn client_proof(&self) -> Parts {
        self.bound(b"client proof")
    }

    pub(super) fn server_proof(&self, client_proof: &[u8; PROOF]) -> Parts {
        self.bound(b"server proof").part(client_proof)
    }

    /// From which the session's keys are derived.
    pub(super) fn session_secret(
        &self,
        client_proof: &[u8; PROOF],
        server_proof: &[u8; PROOF],
    ) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.bound(b"session secret").part(client_proof).part(server_proof).finish())
    }

    /// The role comes right after the label: a proof made for one purpose fits no other.
    fn bound(&self, purpose: &[u8]) -> Parts {
        Parts::keyed(self.key.expose())
            .part(LABEL)
            .part(purpose)
            .part(self.context)
            .part(self.server_nonce)
            .part(self.client_nonce)
    }
}

/// The key for frames of one direction, ready to be used.
pub(super) fn sealing_key(secret: &[u8; 32], direction: Direction) -> Parts {
    let purpose: &[u8] = match direction {
        Direction::ClientToServer => b"seal client to server",
        Direction::ServerToClient => b"seal server to client",
    };
    Parts::keyed(&*Zeroizing::new(Parts::keyed(secret).part(LABEL).part(purpose).finish()))
}

/// A key for the application's own use.
pub(super) fn exported(secret: &[u8; 32], label: &[u8]) -> [u8; 32] {
    Parts::keyed(secret).part(LABEL).part(b"export").part(label).finish()
}

/// Which way a sealed frame travels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    ClientToServer,
    ServerToClient,
}
