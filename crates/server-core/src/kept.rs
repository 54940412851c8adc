//! What is the user's, in a place that may go anywhere: on a thread of a pool, in the loop, where the last share of a server is dropped.

use socketserver_handlers::dropped;
use std::ops::{Deref, DerefMut};

/// A panic in the drop of the value reaches nobody.
pub(crate) struct Kept<T>(Option<T>);

impl<T> Kept<T> {
    pub(crate) fn new(value: T) -> Self {
        Kept(Some(value))
    }

    /// From now on it is the caller's.
    pub(crate) fn into_inner(mut self) -> T {
        self.0.take().expect("it is here until the end")
    }
}

impl<T> Deref for Kept<T> {
    type Target = T;
    fn deref(&self) -> &T {
        self.0.as_ref().expect("it is here until the end")
    }
}

impl<T> DerefMut for Kept<T> {
    fn deref_mut(&mut self) -> &mut T {
        self.0.as_mut().expect("it is here until the end")
    }
}

impl<T> Drop for Kept<T> {
    fn drop(&mut self) {
        // What it said has been printed, and there may be nobody left to hear more.
        let _ = dropped(self.0.take());
    }
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::*;

    struct Bomb;
    impl Drop for Bomb {
        fn drop(&mut self) {
            panic!("as was asked");
        }
    }

    #[test]
    fn a_drop_that_panics_reaches_nobody_also_while_another_panic_unwinds() {
        drop(Kept::new(Bomb));
        let another = std::panic::catch_unwind(|| {
            let _bomb = Kept::new(Bomb);
            panic!("another");
        });
        assert_eq!(another.unwrap_err().downcast_ref(), Some(&"another"));
    }

    #[test]
    fn what_is_taken_out_is_the_takers() {
        let taken = Kept::new(Bomb).into_inner();
        assert!(dropped(taken).is_err());
    }
}
