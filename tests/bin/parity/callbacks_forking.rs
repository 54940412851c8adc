//! A server whose children serve stops itself in its callbacks, over every transport. A forked child has but a copy of the server, and can't.

use crate::callbacks::{IN_A_REQUEST, IN_THE_LOOP, over_datagrams, over_streams};
use socketserver::{ForkingMixIn, PreforkMixIn, ThreadPoolMixIn};

pub(crate) fn run(mixin: &str) {
    match mixin {
        "forking" => {
            over_streams(ForkingMixIn::default, &IN_THE_LOOP);
            over_datagrams(ForkingMixIn::default, &IN_THE_LOOP);
        }
        "prefork" => {
            let prefork = || PreforkMixIn::new(ThreadPoolMixIn::default()).processes(2);
            let places = [IN_THE_LOOP, IN_A_REQUEST].concat();
            over_streams(prefork, &places);
            over_datagrams(prefork, &places);
        }
        _ => panic!("no mix-in {mixin}"),
    }
}
