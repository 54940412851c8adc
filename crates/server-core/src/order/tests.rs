//! Questions come as they were asked.

use super::*;
use proptest::prelude::*;
use std::io::{Read, Write};

#[test]
fn orders_come_as_they_were_given_and_then_the_end() {
    let (parent, worker) = UnixStream::pair().unwrap();
    assert!(Order::receive(&worker).is_none(), "nothing was said yet");
    let (mut asking, answering) = UnixStream::pair().unwrap();
    assert!(Order::Close(7, None).send(&parent));
    assert!(Order::List(None).send(&parent));
    assert!(Order::Close(u64::MAX - 7, Some(answering)).send(&parent));
    assert!(matches!(Order::receive(&worker), Some(Order::Close(7, None))));
    assert!(matches!(Order::receive(&worker), Some(Order::List(None))));
    let Some(Order::Close(id, Some(mut answer))) = Order::receive(&worker) else { panic!("an order") };
    assert_eq!(id, u64::MAX - 7);
    answer.write_all(b"y").unwrap();
    drop(answer);
    let mut heard = String::new();
    asking.read_to_string(&mut heard).unwrap();
    assert_eq!(heard, "y", "and nobody else has that end");
    drop(parent);
    assert!(matches!(Order::receive(&worker), Some(Order::End)));
}

#[test]
fn an_order_to_nobody_fails_and_raises_no_signal() {
    let (parent, worker) = UnixStream::pair().unwrap();
    drop(worker);
    assert!(!Order::List(None).send(&parent));
}

/// The number of what is to be closed, or nothing: for a list; and whether there is where to answer.
fn question() -> impl Strategy<Value = (Option<u64>, bool)> {
    any::<(Option<u64>, bool)>()
}

proptest! {
    #[test]
    fn any_questions_come_as_they_were_asked(asked in prop::collection::vec(question(), 0..30)) {
        let (parent, worker) = UnixStream::pair().unwrap();
        let mut asking = Vec::new();
        for (id, has_answer) in &asked {
            let pair = has_answer.then(|| UnixStream::pair().unwrap());
            let (here, there) = pair.unzip();
            let order = id.map_or_else(|| Order::List(None), |id| Order::Close(id, None));
            let order = match order {
                Order::List(_) => Order::List(there),
                Order::Close(id, _) => Order::Close(id, there),
                Order::End => unreachable!(),
            };
            prop_assert!(order.send(&parent));
            asking.push(here);
        }
        for ((id, _), asking) in asked.into_iter().zip(asking) {
            let (heard, to) = match Order::receive(&worker) {
                Some(Order::List(to)) => (None, to),
                Some(Order::Close(id, to)) => (Some(id), to),
                other => panic!("{other:?}"),
            };
            prop_assert_eq!((heard, to.is_some()), (id, asking.is_some()));
            if let (Some(mut here), Some(mut to)) = (asking, to) {
                to.write_all(b"y").unwrap();
                drop(to);
                let mut answer = String::new();
                here.read_to_string(&mut answer).unwrap();
                prop_assert_eq!(answer, "y", "that of this question, and nobody else has it");
            }
        }
        prop_assert!(Order::receive(&worker).is_none());
    }

    /// It ends, too: each takes some of the bytes.
    #[test]
    fn any_bytes_are_heard_without_harm(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (mut parent, worker) = UnixStream::pair().unwrap();
        parent.write_all(&bytes).unwrap();
        drop(parent);
        let mut heard = 0;
        while !matches!(Order::receive(&worker), Some(Order::End)) {
            heard += 1;
        }
        prop_assert_eq!(heard, bytes.len().div_ceil(16));
    }
}
