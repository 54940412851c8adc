//! Telling that a thread is about to wait for a peer.

#[cfg(loom)]
use socketserver_sys::sync::thread_local;
use std::cell::{Cell, RefCell};

thread_local! {
    /// Asked by every operation, so kept apart from the hook, which has a destructor and is slower to reach.
    static IS_ANNOUNCED: Cell<bool> = const { Cell::new(false) };
    static HOOK: RefCell<Option<Box<dyn Fn()>>> = const { RefCell::new(None) };
}

/// From now on, and until this thread ends, calls `hook` whenever an operation of a [`Socket`](crate::Socket) on this thread has found nothing to
/// do and is about to wait: for a peer that sent half a request, or doesn't take what it is sent. A second call replaces the hook.
///
/// By it a reactor, which lends its thread to a handler, learns that the thread won't be back soon, and lets another one
/// take its place. Threads without a hook pay nothing for it.
///
/// ```
/// use socketserver_net::{TcpStream, before_waiting};
/// use std::{cell::Cell, io::Write, net::TcpListener, rc::Rc};
///
/// let listener = TcpListener::bind("127.0.0.1:0")?;
/// let client = TcpStream::connect(listener.local_addr()?)?;
/// let mut server = listener.accept()?.0;
///
/// let waits = Rc::new(Cell::new(0));
/// let (counter, peer) = (waits.clone(), server.try_clone()?);
/// before_waiting(move || {
///     counter.set(counter.get() + 1);
///     (&peer).write_all(b"late").unwrap(); // what the client would wait for
/// });
///
/// server.write_all(b"here")?;
/// client.recv(&mut [0; 4])?;
/// assert_eq!(waits.get(), 0);
/// client.recv(&mut [0; 4])?;
/// assert_eq!(waits.get(), 1);
/// # std::io::Result::Ok(())
/// ```
pub fn before_waiting(hook: impl Fn() + 'static) {
    HOOK.with(|it| it.replace(Some(Box::new(hook))));
    IS_ANNOUNCED.with(|it| it.set(true));
}

/// Whether this thread wants to hear of it.
pub(crate) fn is_announced() -> bool {
    IS_ANNOUNCED.with(|it| it.get())
}

/// Calls the hook, if there is one. What the hook itself does with sockets isn't announced.
pub(crate) fn announce() {
    if IS_ANNOUNCED.with(|it| it.replace(false)) {
        HOOK.with(|it| it.borrow().iter().for_each(|hook| hook()));
        IS_ANNOUNCED.with(|it| it.set(true));
    }
}
