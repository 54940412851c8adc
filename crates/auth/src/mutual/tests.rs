//! Known answers, computed by a few lines of Python's `hmac` from the module's description alone.

use super::Session;
use super::proof::{self, Direction, Transcript};
use crate::Key;
use std::array;

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn proofs_and_keys_are_as_described() {
    let key = Key::new("secret").unwrap();
    let transcript = Transcript {
        key: &key,
        context: b"billing",
        server_nonce: &array::from_fn(|i| i as u8),
        client_nonce: &array::from_fn(|i| 32 + i as u8),
    };
    let client_proof = transcript.client_proof().finish();
    let server_proof = transcript.server_proof(&client_proof).finish();
    let secret = transcript.session_secret(&client_proof, &server_proof);

    assert_eq!(hex(&client_proof), "56462561b04c479f1054f308c51a2f57559588e38eacc5f07838939f40e88748");
    assert_eq!(hex(&server_proof), "ea0e2966077da817d864e8bdbc196fd33ac43cdc7d75a3224f30baa85e7bfc43");
    assert_eq!(hex(&*secret), "0cfa5a70f4da147e25a24d14ab85ff7bce08ca6bf3aec3f9a9a05191dec35676");
    assert_eq!(
        hex(&proof::exported(&secret, b"token")),
        "dcf1ba3c6e4730ac3e81d980265688e7ef007c05c866e8ac93b981551276be87"
    );

    let mut client = Session::of_client(secret.clone());
    assert_eq!(
        hex(&client.seal(b"hello").unwrap()),
        "000000050068656c6c6ff1ed0c389734e1b520f7c00cfe5f09b0a8906e4a3dcd8298e06bdf8f0543310e"
    );
    let mut sent = Vec::new();
    client.send_close(&mut sent).unwrap();
    assert_eq!(hex(&sent), "00000000011b7d873988c31cab3e063be954e7daa845672afe69143bb48cdf68b86a0a2af4");
    assert_eq!(
        hex(&Session::of_server(secret).seal(b"hello").unwrap()),
        "000000050068656c6c6f827829bf03f83ad4d6dd0a96cd80d404f4cc45816bafc43ad2e8293419769ed0"
    );
}

#[test]
fn the_two_directions_have_different_keys() {
    let secret = [7; 32];
    let tag = |direction| proof::sealing_key(&secret, direction).part(b"x").finish();
    assert_ne!(tag(Direction::ClientToServer), tag(Direction::ServerToClient));
}

#[test]
fn keyed_hashes_are_erased_when_dropped() {
    // Fails to compile if a dependency's `zeroize` feature is lost.
    fn erased<T: zeroize::ZeroizeOnDrop>() {}
    erased::<sha2::Sha256>();
    erased::<sha2::Sha384>();
    #[cfg(feature = "sha3")]
    erased::<sha3::Sha3_256>();
    #[cfg(feature = "legacy-md5")]
    erased::<md5::Md5>();
}
