//! The descriptor that is kept: given up, had again, and told of.

use super::{Reserve, TELL_EVERY};
use rustix::io::Errno;
use std::{
    io,
    sync::atomic::Ordering::SeqCst,
    time::{Duration, Instant},
};

fn error() -> io::Error {
    Errno::MFILE.into()
}

impl Reserve {
    fn is_there(&self) -> bool {
        let is_there = self.kept.lock().socket.is_some();
        assert_eq!(self.is_missing.load(SeqCst), !is_there);
        is_there
    }

    /// Somebody else took it in the moment that it was given up.
    fn lose(&self) {
        self.kept.lock().socket = None;
        self.is_missing.store(true, SeqCst);
    }
}

#[test]
fn it_helps_where_descriptors_have_run_out() {
    for errno in [Errno::MFILE, Errno::NFILE] {
        assert!(Reserve::helps(&errno.into()));
    }
    for errno in [Errno::NOMEM, Errno::AGAIN, Errno::CONNABORTED] {
        assert!(!Reserve::helps(&errno.into()));
    }
    assert!(!Reserve::helps(&io::ErrorKind::Other.into()));
}

#[test]
fn it_is_given_up_for_a_moment_and_had_again() {
    let reserve = Reserve::new().unwrap();
    assert!(reserve.is_there());
    assert_eq!(reserve.without(|| reserve.is_missing.load(SeqCst)), Some(true));
    assert!(reserve.is_there());
}

#[test]
fn one_that_was_lost_is_had_again_when_there_is_one_to_be_had() {
    let reserve = Reserve::new().unwrap();
    assert!(reserve.restore(), "it isn't missing");
    reserve.lose();
    assert!(reserve.restore());
    assert!(reserve.is_there());
    reserve.lose();
    assert_eq!(reserve.without(|| "told"), Some("told"), "one is opened, to be given up");
    assert!(reserve.is_there());
}

#[test]
fn a_worker_process_has_one_of_its_own() {
    let reserve = Reserve::new().unwrap();
    reserve.lose();
    reserve.renew(&mut reserve.hold());
    assert!(reserve.is_there());
}

#[test]
fn that_they_have_run_out_is_told_at_once_and_then_now_and_then() {
    let reserve = Reserve::new().unwrap();
    assert!(reserve.news(&error()).is_some());
    assert!(reserve.news(&error()).is_none());
    let told = |ago: Duration| reserve.kept.lock().told = Some(Instant::now().checked_sub(ago).unwrap());
    told(TELL_EVERY / 2);
    assert!(reserve.news(&error()).is_none());
    told(TELL_EVERY + Duration::from_millis(1));
    assert!(reserve.news(&error()).is_some());
    assert!(reserve.news(&error()).is_none(), "that counts anew");
}

#[test]
fn its_debug_says_whether_it_is_missing() {
    assert!(format!("{:?}", Reserve::new().unwrap()).contains("is_missing: false"));
}

#[test]
fn when_the_server_is_closed_nothing_is_kept_and_nothing_opened() {
    let reserve = Reserve::new().unwrap();
    reserve.close();
    assert!(reserve.kept.lock().socket.is_none());
    assert!(reserve.without(|| ()).is_none() && reserve.restore());
    assert!(reserve.kept.lock().socket.is_none());
}

#[test]
fn the_server_may_be_closed_in_the_moment_that_it_is_given_up() {
    let reserve = Reserve::new().unwrap();
    assert_eq!(reserve.without(|| reserve.close()), Some(()));
    assert!(reserve.kept.lock().socket.is_none() && !reserve.is_missing.load(SeqCst));
}
