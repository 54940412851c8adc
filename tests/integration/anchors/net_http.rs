//! Go, net/http: `serve_test.go`.

use super::{Echo, echoes, in_flight, thousand_island::Script};
use crate::{
    clients::connect,
    util::{Recorder, Seen, serve},
};
use rustix::io::Errno;
use socketserver::prelude::*;
use std::time::Duration;

/// `TestAcceptMaxFds`: a listener whose errors are temporary, until one isn't. Who is in flight is served all the while.
#[test]
fn temporary_errors_are_waited_out_ever_longer_and_another_one_ends_the_loop() {
    let recorder = Recorder::default();
    let builder = ThreadingTcpServer::<Echo, Script>::builder().observer(recorder.clone());
    let server = serve(builder.bind("127.0.0.1:0").unwrap());
    let mut in_flight = in_flight(server.server_address());
    server.state().errors.lock().extend([Errno::MFILE.raw_os_error(); 6]);
    echoes(&mut connect(server.server_address()));
    let pause = |it: Seen| if let Seen::AcceptFailed { back_off, .. } = it { Some(back_off) } else { None };
    let pauses: Vec<_> = recorder.seen().into_iter().filter_map(pause).collect();
    assert_eq!(pauses, [5, 10, 20, 40, 80, 160].map(|ms| Some(Duration::from_millis(ms))));

    server.state().errors.lock().extend([Errno::MFILE.raw_os_error(), Errno::BADF.raw_os_error()]);
    let _late = connect(server.server_address());
    crate::util::wait_for("the end of the loop", || !server.handle().is_serving());
    echoes(&mut in_flight);
    drop(in_flight);
    assert!(matches!(server.join(), Err(ServerError::Accept { .. })));
}
