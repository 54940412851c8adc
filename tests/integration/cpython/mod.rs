//! CPython's own test suite, `Lib/test/test_socketserver.py` of 3.13, case by case.
//!
//! | CPython | here |
//! |---|---|
//! | `SocketServerTest.test_TCPServer` | [`matrix::test_tcpserver`] |
//! | `SocketServerTest.test_ThreadingTCPServer` | [`matrix::test_threadingtcpserver`] |
//! | `SocketServerTest.test_ForkingTCPServer` | [`matrix::test_forkingtcpserver`] |
//! | `SocketServerTest.test_UnixStreamServer` | [`matrix::test_unixstreamserver`] |
//! | `SocketServerTest.test_ThreadingUnixStreamServer` | [`matrix::test_threadingunixstreamserver`] |
//! | `SocketServerTest.test_ForkingUnixStreamServer` | [`matrix::test_forkingunixstreamserver`] |
//! | `SocketServerTest.test_UDPServer` | [`matrix::test_udpserver`] |
//! | `SocketServerTest.test_ThreadingUDPServer` | [`matrix::test_threadingudpserver`] |
//! | `SocketServerTest.test_ForkingUDPServer` | [`matrix::test_forkingudpserver`] |
//! | `SocketServerTest.test_UnixDatagramServer` | [`matrix::test_unixdatagramserver`] |
//! | `SocketServerTest.test_ThreadingUnixDatagramServer` | [`matrix::test_threadingunixdatagramserver`] |
//! | `SocketServerTest.test_ForkingUnixDatagramServer` | [`matrix::test_forkingunixdatagramserver`] |
//! | `SocketServerTest.test_shutdown` | [`matrix::test_shutdown`] |
//! | `SocketServerTest.test_close_immediately` | [`matrix::test_close_immediately`] |
//! | `SocketServerTest.test_tcpserver_bind_leak` | [`matrix::test_tcpserver_bind_leak`] |
//! | `SocketServerTest.test_context_manager` | [`matrix::test_context_manager`] |
//! | `ErrorHandlerTest.test_sync_handled` | [`error_handler::test_sync_handled`] |
//! | `ErrorHandlerTest.test_sync_not_handled` | [`error_handler::test_sync_not_handled`] |
//! | `ErrorHandlerTest.test_threading_handled` | [`error_handler::test_threading_handled`] |
//! | `ErrorHandlerTest.test_threading_not_handled` | [`error_handler::test_threading_not_handled`] |
//! | `ErrorHandlerTest.test_forking_handled` | [`error_handler::test_forking_handled`] |
//! | `ErrorHandlerTest.test_forking_not_handled` | [`error_handler::test_forking_not_handled`] |
//! | `SocketWriterTest.test_basics` | [`socket_writer::test_basics`] |
//! | `SocketWriterTest.test_write` | [`socket_writer::test_write`], [`socket_writer::test_write_meets_eintr`] |
//! | `MiscTestCase.test_all` | [`misc::test_all`] |
//! | `MiscTestCase.test_shutdown_request_called_if_verify_request_false` | [`misc::test_shutdown_request_called_if_verify_request_false`] |
//! | `MiscTestCase.test_threads_reaped` | [`misc::test_threads_reaped`] |
//!
//! Where a case can't mean the same in Rust, its own documentation says what it means instead. Whatever forks, or ends its process, or
//! gets signals, does so in a helper program (`bin/parity`), since this one has many threads.

mod echo;
mod error_handler;
mod error_server;
mod matrix;
mod misc;
mod socket_writer;
