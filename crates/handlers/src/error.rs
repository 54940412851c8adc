//! What a handler may fail with, panics included.

use std::{
    any::Any,
    error::Error,
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
};

/// Any error: `?` works on what has `Error + Send + Sync`, and `Err("text".into())` too.
pub type HandlerError = Box<dyn Error + Send + Sync>;

/// What the calls of a handler return.
pub type HandlerResult<T = ()> = Result<T, HandlerError>;

/// A panic in user code, turned into the error of the request that it happened in.
///
/// The server reports it as any other error; Python's counterpart is an exception that nobody caught.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Panicked {
    /// What the panic said.
    pub message: String,
}

impl fmt::Display for Panicked {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "panicked: {}", self.message)
    }
}
impl Error for Panicked {}

impl From<Box<dyn Any + Send>> for Panicked {
    fn from(payload: Box<dyn Any + Send>) -> Self {
        let message = match payload.downcast::<String>() {
            Ok(text) => *text,
            Err(payload) => {
                let message = payload.downcast_ref::<&str>().unwrap_or(&"(no message)").to_string();
                // What a panic carries may itself panic when it is dropped.
                if let Err(again) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
                    std::mem::forget(again);
                }
                message
            }
        };
        Panicked { message }
    }
}

/// Drops what is the user's, which is user code as well.
///
/// # Errors
/// [`Panicked`].
pub fn dropped<T>(value: T) -> HandlerResult {
    guarded(|| {
        drop(value);
        Ok(())
    })
}

/// The first error of two results. The other one is dropped by itself: in a drop of both at once, two that panic would end the process.
///
/// # Errors
/// That.
pub fn first_error<T>(first: HandlerResult, then: HandlerResult<T>) -> HandlerResult<T> {
    match first {
        Ok(()) => then,
        Err(error) => {
            let _ = dropped(then);
            Err(error)
        }
    }
}

/// Runs a piece of user code; a panic becomes its error.
///
/// # Errors
/// What `code` returns, or [`Panicked`].
///
/// ```
/// use socketserver_handlers::{guarded, Panicked};
///
/// let error = guarded(|| -> Result<(), _> { panic!("no such room") }).unwrap_err();
/// assert_eq!(error.downcast_ref::<Panicked>().unwrap().message, "no such room");
/// ```
pub fn guarded<T>(code: impl FnOnce() -> HandlerResult<T>) -> HandlerResult<T> {
    // What the code left half-done can't be seen by others: a handler is dropped after it failed, and the state that
    // handlers share is behind locks or atomics of its own.
    catch_unwind(AssertUnwindSafe(code)).unwrap_or_else(|payload| Err(Panicked::from(payload).into()))
}
