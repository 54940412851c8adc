use crate::checks::pipelining;
use proptest::prelude::*;

/// Buffers of those sizes, a stop, how the rest is cut, and what a client says.
fn check(rbufsize: u8, wbufsize: u8, stop: u8, pieces: &[u8], input: &[u8]) {
    pipelining(&[&[rbufsize, wbufsize, stop, pieces.len() as u8][..], pieces, input].concat());
}

#[test]
fn requests_of_every_kind_are_answered_alike_however_they_arrive() {
    let input = b"lone line\nx\x05hellofabcwl\n?x\x00lthe last line";
    for pieces in [&[1][..], &[2], &[3, 1, 7], &[200]] {
        for (rbufsize, wbufsize) in [(0, 0), (1, 1), (4, 4), (200, 200), (3, 200)] {
            check(rbufsize, wbufsize, 0, pieces, input);
            (128..=255).for_each(|stop| check(rbufsize, wbufsize, stop, pieces, input));
        }
    }
}

/// Requests, and bytes that are none.
fn requests() -> impl Strategy<Value = Vec<u8>> {
    let request = prop_oneof![
        4 => "l[a-z]{0,50}\n?".prop_map(String::into_bytes),
        4 => prop::collection::vec(any::<u8>(), 0..255).prop_map(|body| [&[b'x', body.len() as u8], &body[..]].concat()),
        2 => "f[a-z]{0,4}".prop_map(String::into_bytes),
        2 => "[w?]{1,40}".prop_map(String::into_bytes),
        1 => "[qe]".prop_map(String::into_bytes),
        1 => prop::collection::vec(any::<u8>(), 0..20),
    ];
    prop::collection::vec(request, 0..20).prop_map(|requests| requests.concat())
}

proptest! {
    #[test]
    fn whatever_is_said_is_answered_alike_however_it_arrives(
        rbufsize in any::<u8>(), wbufsize in any::<u8>(), stop in any::<u8>(),
        pieces in prop::collection::vec(any::<u8>(), 0..16), input in requests()
    ) {
        check(rbufsize, wbufsize, stop, &pieces, &input);
    }
}
