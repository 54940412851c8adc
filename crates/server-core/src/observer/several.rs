//! Several observers as one, none, and shared ones.

use crate::{Event, Observer};
use socketserver_handlers::guarded;
use std::sync::Arc;

/// Calls one of several: its panic is not to keep the others from hearing.
fn call(code: impl FnOnce()) {
    let _ = guarded(|| {
        code();
        Ok(())
    });
}

fn asked(observer: &(impl Observer + ?Sized)) -> bool {
    guarded(|| Ok(observer.wants_requests())).unwrap_or(false)
}

/// Hears nothing.
impl Observer for () {
    fn event(&self, _: &Event<'_>) {}

    fn wants_requests(&self) -> bool {
        false
    }
}

macro_rules! shared {
    ($($Pointer:ident),*) => { $(
        impl<O: Observer + ?Sized> Observer for $Pointer<O> {
            fn event(&self, event: &Event<'_>) {
                (**self).event(event);
            }
            fn wants_requests(&self) -> bool {
                (**self).wants_requests()
            }
            fn enter(&self, id: u64) {
                (**self).enter(id);
            }
            fn leave(&self, id: u64) {
                (**self).leave(id);
            }
        }
    )* };
}
shared!(Arc, Box);

/// All of them hear everything, in order, whoever of them wanted it; and what one panics at the others still hear.
impl<O: Observer> Observer for Vec<O> {
    fn event(&self, event: &Event<'_>) {
        self.iter().for_each(|it| call(|| it.event(event)));
    }

    fn wants_requests(&self) -> bool {
        self.iter().any(|it| asked(it))
    }

    fn enter(&self, id: u64) {
        self.iter().for_each(|it| call(|| it.enter(id)));
    }

    fn leave(&self, id: u64) {
        self.iter().rev().for_each(|it| call(|| it.leave(id)));
    }
}

macro_rules! tuple {
    ($($O:ident $n:tt),* / $($m:tt),*) => {
        /// As a [`Vec`] of them.
        impl<$($O: Observer),*> Observer for ($($O,)*) {
            fn event(&self, event: &Event<'_>) {
                $( call(|| self.$n.event(event)); )*
            }
            fn wants_requests(&self) -> bool {
                $( asked(&self.$n) )||*
            }
            fn enter(&self, id: u64) {
                $( call(|| self.$n.enter(id)); )*
            }
            fn leave(&self, id: u64) {
                $( call(|| self.$m.leave(id)); )*
            }
        }
    };
}
tuple!(A 0, B 1 / 1, 0);
tuple!(A 0, B 1, C 2 / 2, 1, 0);
tuple!(A 0, B 1, C 2, D 3 / 3, 2, 1, 0);
